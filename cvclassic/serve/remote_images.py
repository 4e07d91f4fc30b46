"""Images at URLs that a request names, from allowed hosts only.

The danger is a server that fetches for strangers what only it can reach. So the host must be
listed, its address must be a public one, the connection goes to the very address that was
checked (a second look-up could answer otherwise), and redirects are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Collection
from urllib.parse import urlsplit

from ..errors import ImageReadError
from .problems import ProblemError

_CONNECT = 5.0  # seconds
_CHUNK = 1 << 16


def fetch_image(
    url: str,
    hosts: Collection[str],
    *,
    max_bytes: int,
    seconds: float = 20.0,
    allow_private: bool = False,
) -> bytes:
    """Bytes at a URL.

    Parameters
    ----------
    url : str
    hosts : collection of str
        Those that may be asked.
    max_bytes : int
    seconds : float
        For all of it.
    allow_private : bool
        Whether addresses of inner networks are allowed.

    Raises
    ------
    ProblemError
        The URL is not allowed.
    ImageReadError
        It cannot be read: ``remote_error``, ``too_large``, ``timeout``.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise ProblemError(422, "the URL has no valid port") from None
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise ProblemError(422, "a URL must look like https://host/path")
    if host not in hosts:
        raise ProblemError(
            403, f"images from {host!r} are not allowed here (the server's --allow-url lists hosts)"
        )
    secure = parts.scheme == "https"
    address = _checked_address(host, port or (443 if secure else 80), allow_private)
    end = time.monotonic() + seconds
    connection = _connect(host, address, secure)
    try:
        path = parts.path or "/"
        connection.request(
            "GET",
            f"{path}?{parts.query}" if parts.query else path,
            headers={"Host": parts.netloc, "Accept": "image/*", "User-Agent": "cvclassic"},
        )
        response = connection.getresponse()
        if response.status != 200:
            what = (
                "redirects, which are not followed" if 300 <= response.status < 400 else "answers"
            )
            raise ImageReadError("remote_error", f"the host {what} with status {response.status}")
        data = bytearray()
        while chunk := response.read1(_CHUNK):
            data += chunk
            if len(data) > max_bytes:
                raise ImageReadError("too_large", f"more than {max_bytes} bytes")
            if time.monotonic() > end:
                raise ImageReadError("timeout", f"the host took longer than {seconds:g} s")
        return bytes(data)
    except TimeoutError:
        raise ImageReadError("timeout", "the host does not answer") from None
    except (OSError, http.client.HTTPException) as error:
        raise ImageReadError("remote_error", f"the host cannot be read ({error})") from None
    finally:
        connection.close()


def _checked_address(host: str, port: int, allow_private: bool) -> tuple:
    """Where a host is, if it may be asked."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ImageReadError("not_found", f"there is no host {host!r}") from None
    for *_, address in found:
        if not allow_private and not is_public(str(address[0])):
            raise ProblemError(403, f"{host!r} is an address on a private network")
    return found[0][4]


def is_public(address: str) -> bool:
    """Whether an IP address can be anybody's, also behind a mapping to IPv6.

    Examples
    --------
    >>> is_public("93.184.215.14"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if inner is not None:
        ip = inner
    return ip.is_global and not ip.is_multicast


def _connect(host: str, address: tuple, secure: bool) -> http.client.HTTPConnection:
    """A connection to this address, and to no other."""
    connection = http.client.HTTPConnection(host, timeout=_CONNECT)
    try:
        plain = socket.create_connection(address[:2], _CONNECT)
        connection.sock = (
            ssl.create_default_context().wrap_socket(plain, server_hostname=host)
            if secure
            else plain
        )
    except (OSError, ssl.SSLError) as error:
        raise ImageReadError("remote_error", f"the host cannot be reached ({error})") from None
    return connection
