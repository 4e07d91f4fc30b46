"""Settings of a service: addresses, limits, access."""

from __future__ import annotations

from dataclasses import dataclass

from .._basics.checks import check_integer, check_number
from ..errors import ParameterError


@dataclass(frozen=True)
class ServeSettings:
    """Settings of a service.

    Parameters
    ----------
    host : str
    port : int
        0 takes a free one.
    workers : int
        Number of prediction processes.
    batch_wait : float
        Seconds that the first image of a batch waits for others.
    batch_size : int
        Images that a worker is given at once.
    max_queue : int
        Images that may wait or be in progress; more are answered with 503.
    max_bytes : int
        Maximum size of an image file.
    max_request_bytes : int
        Maximum size of a whole request.
    max_images : int
        Images in one request to ``/predict``; ``/predict/batch`` has no such limit.
    timeout : float
        Seconds that a prediction may take before its worker is replaced.
    memory_cap : int or None
        Bytes that a worker may occupy.
    body_timeout : float
        Seconds in which the body of a request must arrive.
    head_timeout : float
        Seconds in which the head of a request must arrive, from when the connection is opened.
    max_connections : int
        Open connections; more are closed at once.
    max_per_client : int
        Simultaneous requests per client address; more are answered with 429.
    drain : float
        Seconds that requests in progress are given when the service ends.
    tokens : tuple of str
        Bearer tokens, one of which every request needs; empty for none.
    cors : tuple of str
        Origins whose pages may send requests.
    url_hosts : tuple of str
        Hosts that images may be fetched from when a request names a URL; empty refuses all.
    allow_private : bool
        Whether such hosts may have addresses of the inner network.
    collect : str or None
        Folder of the labeling page.

    Raises
    ------
    ParameterError
        A number is out of range.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    batch_wait: float = 0.005
    batch_size: int = 16
    max_queue: int = 256
    max_bytes: int = 32_000_000
    max_request_bytes: int = 256_000_000
    max_images: int = 64
    timeout: float = 30.0
    memory_cap: int | None = None
    body_timeout: float = 30.0
    head_timeout: float = 10.0
    max_connections: int = 1000
    max_per_client: int = 256
    drain: float = 5.0
    tokens: tuple[str, ...] = ()
    cors: tuple[str, ...] = ()
    url_hosts: tuple[str, ...] = ()
    allow_private: bool = False
    collect: str | None = None

    def __post_init__(self) -> None:
        check_integer("port", self.port, 0)
        if self.port > 65535:
            raise ParameterError(f"port must be at most 65535. Got {self.port} instead.")
        for name in ("workers", "batch_size", "max_queue", "max_bytes", "max_request_bytes"):
            check_integer(name, getattr(self, name), 1)
        for name in ("max_images", "max_connections", "max_per_client"):
            check_integer(name, getattr(self, name), 1)
        check_number("batch_wait", self.batch_wait, 0)
        for name in ("timeout", "body_timeout", "head_timeout", "drain"):
            check_number(name, getattr(self, name), 0)
