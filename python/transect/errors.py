"""What can go wrong, by name. The names are those of the command line, the Lambda functions and the state machines."""

from __future__ import annotations


class TransectError(Exception):
    """Any error of Transect. Its message says what is wrong, where, and what would be right."""


class InvalidInput(TransectError, ValueError):
    """A file, or one of its columns, rows or settings, is wrong."""


class InvalidStudy(TransectError, ValueError):
    """The study cannot be carried out as written; the message has a line for each mistake."""


class InvalidEvent(TransectError, ValueError):
    """The arguments are not what the function takes."""


class NotFound(TransectError, FileNotFoundError):
    """A file, bucket, key, secret, style or asset is not there."""


class AccessDenied(TransectError, PermissionError):
    """A credential is missing or does not allow this."""


class SourceThrottled(TransectError):
    """An image service asked to wait. The same call later goes on where this one stopped."""


class SourceUnavailable(TransectError):
    """An image service does not answer."""


class StorageUnavailable(TransectError, OSError):
    """The storage does not answer, or is full."""


class DeadlineNear(TransectError):
    """The work was stopped before it was done. The same call goes on from there."""


class Internal(TransectError):
    """A bug of ours: please report it."""
