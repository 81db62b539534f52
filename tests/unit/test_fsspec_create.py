"""A create below which the library itself may retry: its stamp tells whether it met itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.fake_fs import UnitBackend, box
from thoth_storage.errors import AlreadyExistsError, StorageError, UnavailableError


class Stamped(UnitBackend):
    """Keeps stamps as an object store keeps metadata; ``after`` is raised when all is done, ``reading`` when asked."""

    after: Exception | None = None
    reading: Exception | None = None
    stamps: dict[str, str]

    def write_new(self, path: str, data: bytes, stamp: str) -> None:
        super().write_new(path, data, stamp)
        self.stamps[path] = stamp
        if self.after:
            raise self.after

    def read_stamp(self, path: str) -> str | None:
        if self.reading:
            raise self.reading
        return self.stamps.get(path)


def stamped(**fields: Any) -> Stamped:
    backend = Stamped(box()._full_url)
    vars(backend).update(stamps={}, **fields)
    return backend


LOST = [FileExistsError("met itself"), TimeoutError("no reply"), ConnectionResetError()]


@pytest.mark.parametrize("after", LOST, ids=repr)
def test_one_that_stored_its_object_reports_success(after: Exception) -> None:
    backend = stamped(after=after)
    backend.create("k", b"mine")
    assert backend.get("k") == b"mine"


@pytest.mark.parametrize("after", [PermissionError("no"), OSError(28, "full"), ValueError("odd")], ids=repr)
def test_an_error_that_leaves_no_doubt_is_an_error(after: Exception) -> None:
    with pytest.raises(StorageError) as caught:
        stamped(after=after).create("k", b"mine")
    assert caught.value.__cause__ is after


def test_equal_bytes_of_another_are_not_its_own() -> None:
    backend = stamped()
    backend.create("k", b"same")
    with pytest.raises(AlreadyExistsError, match="already exists") as caught:
        backend.create("k", b"same")
    assert (caught.value.url, caught.value.key) == (backend.url, "k")
    assert isinstance(caught.value.__cause__, FileExistsError)


def test_each_create_has_a_stamp_of_its_own() -> None:
    backend = stamped()
    for n in range(50):
        backend.create(f"k{n}", b"")
    assert len(set(backend.stamps.values())) == 50
    assert all(len(stamp) >= 16 for stamp in backend.stamps.values())


def test_an_outage_before_the_object_was_stored_stays_one() -> None:
    class Away(Stamped):
        def write_new(self, path: str, data: bytes, stamp: str) -> None:
            raise ConnectionRefusedError

    backend = Away(box()._full_url)
    backend.stamps = {}
    with pytest.raises(UnavailableError):
        backend.create("k", b"mine")


@pytest.mark.parametrize("reading", [PermissionError("may not read"), TimeoutError(), AttributeError("bug")], ids=repr)
@pytest.mark.parametrize(("after", "cls"), [(LOST[0], AlreadyExistsError), (LOST[1], UnavailableError)], ids=repr)
def test_if_the_stamp_cannot_be_read_the_first_error_is_told(
    reading: Exception, after: Exception, cls: type[StorageError]
) -> None:
    with pytest.raises(cls) as caught:
        stamped(after=after, reading=reading).create("k", b"mine")
    assert caught.value.__cause__ is after


def test_without_metadata_there_is_no_claim_to_have_won() -> None:
    backend = box()
    backend.create("k", b"one")
    with pytest.raises(AlreadyExistsError):
        backend.create("k", b"one")
    assert backend.get("k") == b"one"
