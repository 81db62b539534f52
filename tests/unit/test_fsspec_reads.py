"""Reads over a file system of objects: a range is a slice, whatever the service calls it, and costs one request."""

from __future__ import annotations

import pytest

from tests.unit.fake_fs import UnitFileSystem, box
from thoth_storage.errors import NotFoundError, PermissionError_, StorageError, UnavailableError


class RangeError(Exception):
    """As services answer to a range that starts behind the end."""

    status = 416


def test_a_range_that_the_service_refuses_is_a_slice() -> None:
    def refuse(verb: str, path: str) -> None:
        if verb == "range":
            raise RangeError

    backend = box()
    backend.put("a", b"0123")
    UnitFileSystem.fail = refuse
    assert backend.get("a", 4) == backend.get("a", 9, 12) == b""
    with pytest.raises(StorageError):
        backend.get("a", 3)  # there is a byte; an empty answer would lose it


def test_an_empty_range_of_nothing_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        box().get("absent", 3, 3)
    with pytest.raises(NotFoundError):
        box().get("absent", 7)


@pytest.mark.parametrize(("foreign", "cls"), [(TimeoutError, UnavailableError), (PermissionError, PermissionError_)])
def test_a_range_that_fails_otherwise_is_no_empty_slice(foreign: type[Exception], cls: type[StorageError]) -> None:
    def fail(verb: str, path: str) -> None:
        if verb == "range":
            raise foreign("x")

    backend = box()
    backend.put("a", b"")
    UnitFileSystem.fail = fail
    with pytest.raises(cls):
        backend.get("a", 5)


def test_each_read_is_one_request_of_its_kind() -> None:
    """A whole object read by ranges could mix two versions; an empty range needs no bytes at all."""
    backend, asked = box(), list[str]()
    backend.put("a", b"0123")
    UnitFileSystem.fail = lambda verb, path: asked.append(verb)
    assert backend.get("a") == b"0123"
    assert backend.get("a", 1) == b"123"
    assert backend.get("a", 0, 2) == b"01"
    assert backend.get("a", 2, 3) == b"2"
    assert backend.get("a", 0, 0) == backend.get("a", 3, 3) == backend.get("a", 3, 1) == b""
    assert asked == ["read", "range", "range", "range", "info", "info", "info"]
