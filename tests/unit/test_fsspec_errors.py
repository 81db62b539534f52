"""Foreign errors become ours: by class, by errno, by HTTP status; what nobody knows is never retried."""

from __future__ import annotations

import concurrent.futures
import errno
import socket
from dataclasses import dataclass
from http import HTTPStatus

import pytest
from fsspec.exceptions import BlocksizeMismatchError, FSTimeoutError

from thoth_storage.errors import (
    AlreadyExistsError,
    CapacityError,
    ConfigurationError,
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    PermissionError_,
    PluginError,
    StorageError,
    UnavailableError,
)
from thoth_storage.fsspec_errors import classify, raise_from

BY_ERRNO: dict[type[StorageError], list[int]] = {
    NotFoundError: [errno.ENOENT, errno.ENOTDIR],
    AlreadyExistsError: [errno.EEXIST],
    ConflictError: [errno.EISDIR],
    PermissionError_: [errno.EACCES, errno.EPERM, errno.EROFS],
    CapacityError: [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM],
    InvalidArgumentError: [errno.ENAMETOOLONG],
    UnavailableError: [
        errno.EIO,
        errno.EAGAIN,
        errno.EINTR,
        errno.EBUSY,
        errno.ETIMEDOUT,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EPIPE,
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.EMFILE,
        errno.ENFILE,
        errno.ESTALE,
    ],
    StorageError: [errno.EINVAL, errno.ENOTEMPTY, errno.EBADF, errno.ELOOP, errno.ENOTSUP, errno.EXDEV, 99999],
}


@pytest.mark.parametrize(("number", "cls"), [(n, cls) for cls, numbers in BY_ERRNO.items() for n in numbers])
def test_errno(number: int, cls: type[StorageError]) -> None:
    assert classify(OSError(number, "text", "/a")) is cls


@pytest.mark.parametrize(
    ("error", "cls"),
    [
        (FileNotFoundError("gs://b/k"), NotFoundError),
        (FileExistsError(), AlreadyExistsError),
        (PermissionError("no"), PermissionError_),
        (ConnectionError("gone"), UnavailableError),
        (ConnectionResetError(), UnavailableError),
        (TimeoutError(), UnavailableError),
        (FSTimeoutError(), UnavailableError),
        (concurrent.futures.TimeoutError(), UnavailableError),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), StorageError),
        (ImportError("install s3fs"), PluginError),
        (ModuleNotFoundError("gcsfs"), PluginError),
        (MemoryError(), CapacityError),
    ],
    ids=repr,
)
def test_class(error: Exception, cls: type[StorageError]) -> None:
    assert classify(error) is cls


class WithStatusError(Exception):
    def __init__(self, **fields: object) -> None:
        super().__init__("from afar")
        vars(self).update(fields)


@pytest.mark.parametrize("field", ["status", "code"])
@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (400, ConfigurationError),
        (401, PermissionError_),
        ("403", PermissionError_),
        (404, NotFoundError),
        (412, AlreadyExistsError),
        (429, UnavailableError),
        (HTTPStatus.BAD_GATEWAY, UnavailableError),
        (418, StorageError),
        ("SlowDown", StorageError),
        (None, StorageError),
        (lambda: 503, StorageError),
    ],
)
def test_http_status(field: str, status: object, cls: type[StorageError]) -> None:
    assert classify(WithStatusError(**{field: status})) is cls


def test_a_status_goes_before_a_code() -> None:
    assert classify(WithStatusError(status=404, code=503)) is NotFoundError
    assert classify(WithStatusError(status=None, code=503)) is UnavailableError


@dataclass
class Response:
    status_code: int = 503


@pytest.mark.parametrize(
    "error",
    [
        ValueError("503 service unavailable"),
        RuntimeError("timeout"),
        OSError("connection reset by peer"),
        OSError(),
        KeyError("k"),
        AttributeError("x"),
        UnicodeDecodeError("utf-8", b"", 0, 1, "x"),
        BlocksizeMismatchError("x"),
        StopIteration(),
        WithStatusError(response=Response()),
    ],
    ids=repr,
)
def test_what_nobody_knows_is_a_plain_error_and_never_retried(error: Exception) -> None:
    """Not by its words either: they change with the version and the language."""
    assert classify(error) is StorageError


def test_the_original_hangs_on_ours_once() -> None:
    original = OSError(errno.EIO, "disk")
    with pytest.raises(UnavailableError) as caught:
        raise_from(UnavailableError("x"), original)
    assert caught.value.__cause__ is original
    ours = StorageError("x")
    with pytest.raises(StorageError) as again:
        raise_from(ours, ours)
    assert again.value is ours
    assert again.value.__cause__ is None
