"""Errors that cvclassic raises on purpose; everything else is a bug."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command ends with."""

    OK = 0
    FAILURES = 1
    """Some inputs could not be read, or what was asked has the answer no."""
    USAGE = 2
    """The command, a model, or data that cannot be used."""
    INCOMPLETE = 3
    """A folder could not be listed, or an output not be written."""
    BUG = 70
    LOCKED = 75
    """Another run is writing the same output."""
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


class CvclassicError(Exception):
    """Base class: the message is fit to be shown to a user as it stands."""


class ParameterError(CvclassicError, ValueError):
    """A parameter has a value that it cannot take."""


class ImageReadError(CvclassicError, OSError):
    """An image could not be read.

    Parameters
    ----------
    code : str
        One word out of the closed list of record codes, such as ``"not_found"``,
        ``"truncated"`` or ``"too_large"``.
    message : str
        What was expected and what came.
    source : str, optional
        The path, or a short description of the bytes or the array.
    """

    def __init__(self, code: str, message: str, source: str = "") -> None:
        super().__init__(f"{source}: {message}" if source else message)
        self.code = code
        self.message = message
        self.source = source

    def __reduce__(self):
        return type(self), (self.code, self.message, self.source)


class DataError(CvclassicError, ValueError):
    """A folder, manifest or table does not hold what was asked of it."""


class ModelFileError(CvclassicError, ValueError):
    """A model file is damaged, of another version, or not a model file at all."""


class IndexFileError(CvclassicError, ValueError):
    """An index of images is damaged, of another version, or not an index at all."""


class ModelFileWarning(UserWarning):
    """A model file is sound, but something about it should be known."""


class MissingDependencyError(CvclassicError, ImportError):
    """An optional package is not installed; the message says how to get it."""


class OutputLockedError(CvclassicError):
    """Another run is writing the same output."""


class ResumeError(CvclassicError, ValueError):
    """An interrupted run cannot be resumed: it began with other inputs or options."""
