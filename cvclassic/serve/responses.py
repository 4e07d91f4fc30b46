"""JSON responses."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse


class AsciiResponse(JSONResponse):
    """JSON in ASCII: names of images and classes may hold what UTF-8 does not.

    Examples
    --------
    >>> AsciiResponse({"path": chr(0xDCFF)}).body
    b'{"path":"\\\\udcff"}'
    """

    def render(self, content: Any) -> bytes:
        """The body of a response."""
        return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()
