"""The plugins' own backends over servers on the loopback, and what every error of theirs must be."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import thoth_storage as ts
from tests.servers.common import ObjectServer
from thoth_storage.errors import StorageError
from thoth_storage.wrappers import RetryingBackend

__all__ = ["ALL", "READING", "WRITING", "connect", "plugin", "refusal"]

READING: dict[str, Callable[[ts.Backend], object]] = {
    "get": lambda backend: backend.get("a"),
    "range": lambda backend: backend.get("a", 1, 2),
    "head": lambda backend: backend.head("a"),
    "list": lambda backend: list(backend.list("a")),
}
WRITING: dict[str, Callable[[ts.Backend], object]] = {
    "put": lambda backend: backend.put("a", b"new"),
    "create": lambda backend: backend.create("b", b"new"),
    "delete": lambda backend: backend.delete("a"),
    "delete two": lambda backend: backend.delete("a", "c"),
}
ALL = {**READING, **WRITING}
SECRETS = {"gs": {}, "s3": {"key": "AKIAUNITTESTKEY", "secret": "unit/test+s3cret"}}
USER = "someone:pass%2Fword@"


@functools.cache
def plugin(server: ObjectServer, bucket: str, endpoint_url: str) -> ts.Backend:
    """The plugin's own backend, with secrets that no error may show. Kept: an s3fs client is slow to make."""
    options = {**server.options(), **SECRETS[server.scheme], "endpoint_url": endpoint_url}
    backend: Any = ts.open_backend(f"{server.scheme}://{USER}{bucket}/db", **options)
    with suppress(StorageError):
        backend.inner.head("a")
    return backend.inner.inner  # type: ignore[no-any-return]


def connect(
    server: ObjectServer, bucket: str = "bucket", endpoint_url: str = "", deadline: float = 0.2
) -> RetryingBackend:
    """With little patience, unless told otherwise."""
    backend = plugin(server, bucket, endpoint_url or server.endpoint)
    server.stats.reset()
    return RetryingBackend(backend, deadline=deadline, first_pause=0.02)


def refusal(backend: ts.Backend, verb: str, cls: type[StorageError]) -> StorageError:
    """The error that ``verb`` raises, if it is of ``cls``, tells the place, and shows no secret."""
    with pytest.raises(cls) as caught:
        ALL[verb](backend)
    error, shown = caught.value, ""
    link: BaseException | None = error
    while link:
        shown += f"{link} {link!r} {link.args} "
        link = link.__cause__ or link.__context__
    assert not [each for each in ("AKIAUNIT", "s3cret", "someone", "pass%2F", "pass/w") if each in shown]
    assert error.url == backend.url
    assert error.key == (None if verb == "delete two" else "b" if verb == "create" else "a")
    assert error.hint is None or error.hint in str(error)
    return error
