"""Logs as JSON lines: one object per line, nothing of the images."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import time
from typing import TextIO

_GATHERED = 0.05  # seconds
_PLAIN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class JsonFormatter(logging.Formatter):
    """Time, level, message and whatever was given as ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _PLAIN},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class GatheringHandler(logging.StreamHandler):
    """Writes lines at most 20 times a second while an event loop runs; a warning writes at once.

    A line for each request would be a system call for each, on the thread that answers them.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line for the next write."""
        try:
            self._lines.append(self.format(record) + self.terminator)
        except Exception:
            self.handleError(record)
        if record.levelno >= logging.WARNING:
            self.flush()
        elif len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_later(_GATHERED, self.flush)
            except RuntimeError:  # no event loop here
                self.flush()

    def flush(self) -> None:
        """Write what is kept."""
        with self.lock or contextlib.nullcontext():
            text, self._lines = "".join(self._lines), []
            if text:
                self.stream.write(text)
            super().flush()


def flush_logs() -> None:
    """Write what the service's log has kept."""
    for handler in logging.getLogger("cvclassic.serve").handlers:
        handler.flush()


def log_to_stderr(level: int = logging.INFO) -> None:
    """Write the service's log, and uvicorn's warnings, to stderr."""
    handler = GatheringHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name, least in (("cvclassic.serve", level), ("uvicorn", max(level, logging.WARNING))):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(least)
