"""What happens when the library below fails: one tree of errors, with place, hint and cause."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import fsspec
import pytest

from tests.unit.fake_fs import UnitBackend, UnitFileSystem, box
from thoth_storage.backend import Backend
from thoth_storage.errors import (
    AlreadyExistsError,
    CapacityError,
    NotFoundError,
    PermissionError_,
    PluginError,
    StorageError,
    UnavailableError,
)

VERBS: dict[str, Callable[[Backend], object]] = {
    "get": lambda backend: backend.get("a/b"),
    "put": lambda backend: backend.put("a/b", b""),
    "create": lambda backend: backend.create("a/b", b""),
    "head": lambda backend: backend.head("a/b"),
    "list": lambda backend: backend.list("a/b"),
    "delete": lambda backend: backend.delete("a/b"),
}


def failing(error: Exception) -> UnitBackend:
    """Every access to the file system raises ``error``, listings too."""

    class Failing(UnitBackend):
        def find(self, folder: str, leaf: str) -> Any:
            raise error

    def fail(verb: str, path: str) -> None:
        raise error

    UnitFileSystem.fail = fail
    return Failing(box()._full_url)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("error", "cls", "words"),
    [
        (PermissionError("no access to it"), PermissionError_, "identity"),
        (ConnectionResetError("reset by peer"), UnavailableError, "endpoint, then try again"),
        (TimeoutError("too slow"), UnavailableError, "network"),
        (OSError(errno.ENOSPC, "No space left"), CapacityError, "No space left"),
        (ValueError("strange"), StorageError, "strange"),
        (RuntimeError(), StorageError, "RuntimeError"),
    ],
    ids=repr,
)
def test_each_verb_tells_what_where_and_what_to_do(
    verb: str, error: Exception, cls: type[StorageError], words: str
) -> None:
    backend = failing(error)
    with pytest.raises(StorageError) as caught:
        VERBS[verb](backend)
    assert type(caught.value) is cls
    assert caught.value.__cause__ is error
    assert (caught.value.url, caught.value.key) == (backend.url, "a/b")
    assert words in str(caught.value)
    assert f"{backend.url}/a/b" in str(caught.value)


@pytest.mark.parametrize("verb", ["get", "head"])
def test_not_found_is_for_reads(verb: str) -> None:
    backend = box()
    with pytest.raises(NotFoundError, match="no such object or bucket") as caught:
        VERBS[verb](backend)
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert (caught.value.url, caught.value.key) == (backend.url, "a/b")


@pytest.mark.parametrize("verb", VERBS)
def test_making_the_file_system_may_fail_too(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials are often looked for there, and an SDK may not be installed."""

    class NoCredentials(UnitBackend):
        def make_fs(self) -> fsspec.AbstractFileSystem:
            raise PermissionError("no credentials found")

    class NoLibrary(UnitBackend):
        protocol = "no-such-protocol-anywhere"

    class NoModule(UnitBackend):
        def make_fs(self) -> fsspec.AbstractFileSystem:
            raise ImportError("install paramiko")

    url = box()._full_url
    for cls, expected, words in (
        (NoCredentials, PermissionError_, "no credentials found"),
        (NoLibrary, StorageError, "no-such-protocol-anywhere"),
        (NoModule, PluginError, "install paramiko"),
    ):
        with pytest.raises(expected, match=words) as caught:
            VERBS[verb](cls(url))
        assert caught.value.url == url


@pytest.mark.parametrize("verb", VERBS)
def test_an_interrupt_is_never_translated(verb: str) -> None:
    backend = failing(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        VERBS[verb](backend)


class OddError(Exception):
    """Says what it means by a number that only its own library knows."""


def raising(error: Exception) -> Callable[[], None]:
    def do() -> None:
        raise error

    return do


def test_refine_tells_what_the_library_means() -> None:
    made = StorageError("made by the plugin", hint="ask it")

    class Refined(UnitBackend):
        def refine(self, error: Exception) -> type[StorageError] | StorageError | None:
            answers = {1: AlreadyExistsError, 2: UnavailableError, 3: made}
            return answers.get(error.args[0]) if isinstance(error, OddError) else None  # type: ignore[return-value]

    backend = Refined(box()._full_url)
    cases: list[tuple[Exception, type[StorageError]]] = [
        (OddError(1), AlreadyExistsError),
        (OddError(2), UnavailableError),
        (OddError(9), StorageError),
        (PermissionError("x"), PermissionError_),
    ]
    for error, cls in cases:
        with pytest.raises(StorageError) as caught:
            backend._call("k", raising(error))
        assert type(caught.value) is cls
        assert (caught.value.url, caught.value.key, caught.value.__cause__) == (backend.url, "k", error)
    with pytest.raises(StorageError) as again:
        backend._call("k", raising(OddError(3)))
    assert again.value is made
    assert str(made) == f"made by the plugin [{backend.url}/k]; ask it"
