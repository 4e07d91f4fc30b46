"""Foreign text, such as file names, in a form that is safe to print."""

from __future__ import annotations

import os


def show_path(path: str | bytes | os.PathLike) -> str:
    r"""A path as text that can be encoded; bytes that are not UTF-8 appear as ``\xff``.

    Examples
    --------
    >>> show_path(b"caf\xe9.jpg")
    'caf\\xe9.jpg'
    """
    text = os.fsdecode(path)
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        raw = text.encode("utf-8", "backslashreplace")
    return raw.decode("utf-8", "backslashreplace")


def printable(text: object) -> str:
    r"""Text in one line in which control characters are shown and not obeyed.

    Examples
    --------
    >>> printable("a\nb\x1b[0m")
    'a\\nb\\x1b[0m'
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))


def plural(n: int, noun: str, nouns: str = "") -> str:
    """A number with its noun.

    Examples
    --------
    >>> plural(1, "image"), plural(2, "class", "classes")
    ('1 image', '2 classes')
    """
    return f"{n:,} {noun if n == 1 else nouns or noun + 's'}"


def show_bytes(n: float) -> str:
    """A number of bytes as people read it.

    Examples
    --------
    >>> [show_bytes(n) for n in (12_000, 300_000, 250_000_000, 7_410_000_000)]
    ['12.0 kB', '0.3 MB', '250 MB', '7.4 GB']
    """
    if n < 1e5:
        return f"{n / 1e3:.1f} kB"
    if n < 1e9:
        return f"{n / 1e6:.1f} MB" if n < 1e8 else f"{n / 1e6:.0f} MB"
    return f"{n / 1e9:.1f} GB"


def list_names(names, most: int = 5) -> str:
    """The first few of several names, and how many more there are.

    Examples
    --------
    >>> list_names(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    names = [show_path(name) for name in names]
    text = ", ".join(names[:most])
    return text if len(names) <= most else f"{text} and {len(names) - most} more"


def first_line(error: BaseException) -> str:
    """What an exception of another library says, for a message of ours: its first line.

    Examples
    --------
    >>> first_line(OSError()), first_line(ValueError("net.cpp:9: error: (-2) bad layer."))
    ('OSError', '(-2) bad layer')
    """
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line.rpartition("error: ")[2][:200].rstrip(".")
