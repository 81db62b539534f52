"""Foreign errors become ours in this one place, so that callers above need to know one tree only.

What is told here is what Python itself tells (the ``OSError`` family, timeouts, HTTP status numbers that
libraries hang on their errors). What only one service's library tells is that plugin's ``refine``.
"""

from __future__ import annotations

import errno
from typing import NoReturn

from thoth_storage.errors import (
    AlreadyExistsError,
    CapacityError,
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    PermissionError_,
    PluginError,
    StorageError,
    UnavailableError,
    for_http_status,
)

__all__ = ["classify", "raise_from"]

_TRANSIENT_NAMES = (
    *("EAGAIN", "EBUSY", "EINTR", "EIO", "EREMOTEIO", "ETIMEDOUT", "ESTALE", "EPIPE", "EMFILE", "ENFILE"),
    *("ECONNRESET", "ECONNREFUSED", "ECONNABORTED"),
    *("ENETDOWN", "ENETUNREACH", "ENETRESET", "EHOSTDOWN", "EHOSTUNREACH"),
)
_TRANSIENT = {getattr(errno, name) for name in _TRANSIENT_NAMES if hasattr(errno, name)}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}

_BY_TYPE: tuple[tuple[type[BaseException], type[StorageError]], ...] = (
    (FileNotFoundError, NotFoundError),
    (NotADirectoryError, NotFoundError),
    (FileExistsError, AlreadyExistsError),
    (IsADirectoryError, ConflictError),
    (PermissionError, PermissionError_),
    (ConnectionError, UnavailableError),
    (TimeoutError, UnavailableError),
    (ImportError, PluginError),
    (MemoryError, CapacityError),
)


def classify(error: BaseException) -> type[StorageError]:
    """The class of ours that a foreign error belongs to; plain StorageError where nothing is known of it.

    An unknown error is never UnavailableError: retrying what nobody understands hides faults.
    """
    for foreign, ours in _BY_TYPE:
        if isinstance(error, foreign):
            return ours
    if isinstance(error, OSError) and error.errno is not None:
        if error.errno in _FULL:
            return CapacityError
        if error.errno in _FORBIDDEN:
            return PermissionError_
        if error.errno in _TRANSIENT:
            return UnavailableError
        if error.errno == errno.ENAMETOOLONG:
            return InvalidArgumentError
    status = getattr(error, "status", None) or getattr(error, "code", None)
    return for_http_status(status) or StorageError


def raise_from(ours: StorageError, original: BaseException) -> NoReturn:
    """Raise ``ours`` with the original as its cause, or as it is when it was ours all along."""
    if ours is original:
        raise ours
    raise ours from original
