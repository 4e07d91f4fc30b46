"""Runs all methods on the same images, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..classify.catalog import WITH_NETWORK
from ..errors import CvclassicError, DataError
from .convnets import torch_missing
from .measuring import Measured, measure_method
from .methods import CNNS


@dataclass
class Contest:
    """What became of the contestants.

    Parameters
    ----------
    measured : dict of method to Measured
    left_out : dict of method to str
        Those that were not measured, and why.
    """

    measured: dict[str, Measured] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def run_contest(
    methods: Sequence[str],
    train: tuple[Sequence, Sequence],
    test: tuple[Sequence, Sequence],
    *,
    network: str | None = None,
    on_begin: Callable[[str], None] | None = None,
    on_end: Callable[[str, Measured | str], None] | None = None,
    **options: Any,
) -> Contest:
    """Measure all methods, one after the other.

    Parameters
    ----------
    methods : sequence of str
        Keys of `METHODS`. Those that cannot be run here are left out, with the reason.
    train, test : (images, labels)
        Images should be paths, so that each process decodes its own.
    network : str, optional
        File of a trained network.
    on_begin, on_end : callable, optional
        Called with a method, and with what became of it.
    **options
        As in `measure_method`.

    Returns
    -------
    Contest

    Raises
    ------
    DataError
        No method could be measured.
    """
    found = Contest()
    for name in methods:
        reason = _why_not(name, network)
        if not reason:
            if on_begin is not None:
                on_begin(name)
            try:
                found.measured[name] = run_apart(
                    measure_method, name, train, test, network=network, **options
                )
            except CvclassicError as error:
                reason = str(error)
        if reason:
            found.left_out[name] = reason
        if on_end is not None:
            on_end(name, found.measured.get(name, reason))
    if not found.measured:
        raise DataError(f"Nothing could be measured: {next(iter(found.left_out.values()), '')}")
    return found


def _why_not(name: str, network: str | None) -> str:
    """Why a contestant cannot take part; empty if it can."""
    if name in CNNS:
        return torch_missing()
    if name in WITH_NETWORK and network is None:
        return (
            "No pre-trained network is installed: pip install 'cvclassic[network]', or give a file "
            "of your own (.onnx or .tflite) with --network."
        )
    return ""


def run_apart(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call a function in a fresh process, so that memory and threads are its own.

    Raises
    ------
    DataError
        The function raised a `CvclassicError`, or the process died.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    work = (sender, os.getpid(), function, args, kwargs)
    before = os.environ.get("OMP_WAIT_POLICY")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # waiting threads leave the processor
    process = context.Process(target=_work, args=work)
    try:
        process.start()
        sender.close()
        value, message = receiver.recv()
    except EOFError:
        raise DataError("its process ended without a result, perhaps for lack of memory") from None
    finally:
        if before is None:
            del os.environ["OMP_WAIT_POLICY"]
        if process.pid is not None:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()
    if message:
        raise DataError(message)
    return value


def _work(sender, parent: int, function: Callable, args: tuple, kwargs: dict) -> None:
    """What the process does: call, and send what comes of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        sender.send((function(*args, **kwargs), ""))
    except CvclassicError as error:
        sender.send((None, str(error)))
    except MemoryError:
        sender.send((None, "out of memory"))


def _end_with(parent: int) -> None:
    """Do not outlive the process that waits for us."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
