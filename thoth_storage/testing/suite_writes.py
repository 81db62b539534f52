"""Writing, one caller at a time: put replaces, create does not, and every byte comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError, StorageError
from thoth_storage.testing.samples import CONTENTS, NOT_BYTES, pattern
from thoth_storage.testing.suite_base import SuiteBase, keys_of, read

__all__ = ["Writes"]


class Writes(SuiteBase):
    def test_put_replaces(self, backend: Backend, second: Backend) -> None:
        for data in (b"first", b"longer than the first", b"short", b"", b"no longer empty", bytes(self.large), b"end"):
            backend.put("object", data)
            for opening in (second, backend):
                assert opening.get("object") == data
                assert opening.head("object").size == len(data)

    def test_put_twice_the_same(self, backend: Backend) -> None:
        backend.put("object", b"same")
        backend.put("object", b"same")
        assert backend.get("object") == b"same"
        assert keys_of(backend) == ["object"]

    def test_objects_are_independent(self, backend: Backend) -> None:
        keys = ("a", "b/a", "b/b/a", "c/a", "aa")
        for key in keys:
            backend.put(key, key.encode())
        backend.put("b/a", b"changed")
        assert [backend.get(key) for key in keys] == [b"a", b"changed", b"b/b/a", b"c/a", b"aa"]

    def test_contents_come_back_as_they_were(self, backend: Backend) -> None:
        for number, data in enumerate(CONTENTS):
            backend.put(f"put/{number}", data)
            backend.create(f"create/{number}", data)
            for way in ("put", "create"):
                assert backend.get(f"{way}/{number}") == data, f"after {way}"
                assert backend.head(f"{way}/{number}").size == len(data)

    def test_a_trap_in_a_large_object(self, backend: Backend) -> None:
        half = pattern("trap", self.large // 2)
        data = half + b"\r\n--==0==--\r\n" + half
        backend.put("object", data)
        assert backend.get("object") == data

    def test_bytes_like_is_accepted(self, backend: Backend) -> None:
        for kind in (bytearray, memoryview):
            data: Any = kind(b"like bytes")
            backend.put(f"put/{kind.__name__}", data)
            backend.create(f"create/{kind.__name__}", data)
            assert backend.get(f"put/{kind.__name__}") == b"like bytes"
            assert backend.get(f"create/{kind.__name__}") == b"like bytes"

    def test_the_callers_buffer_stays_the_callers(self, backend: Backend) -> None:
        data: Any = bytearray(b"before")
        backend.put("object", data)
        data[:] = b"behind"
        assert backend.get("object") == b"before"

    def test_what_is_not_bytes_is_refused(self, backend: Backend) -> None:
        for data in NOT_BYTES:
            for verb in (backend.put, backend.create):
                with pytest.raises(StorageError):
                    verb("object", data)
        assert keys_of(backend) == []

    def test_create(self, backend: Backend, second: Backend) -> None:
        backend.create("folder/object", b"first")
        for opening in (backend, second):
            assert opening.get("folder/object") == b"first"
            for data in (b"second", b"first", b"", bytes(self.large)):
                with pytest.raises(AlreadyExistsError):
                    opening.create("folder/object", data)
                assert opening.get("folder/object") == b"first", "a create that failed has changed the object"

    def test_create_and_put_know_each_other(self, backend: Backend) -> None:
        backend.put("object", b"put")
        with pytest.raises(AlreadyExistsError):
            backend.create("object", b"created")
        backend.create("other", b"created")
        backend.put("other", b"put")
        assert (backend.get("object"), backend.get("other")) == (b"put", b"put")

    def test_create_of_the_empty(self, backend: Backend, second: Backend) -> None:
        backend.create("object", b"")
        for opening, data in ((backend, b""), (second, b""), (backend, b"full")):
            with pytest.raises(AlreadyExistsError):
                opening.create("object", data)
        backend.put("full", b"content")
        with pytest.raises(AlreadyExistsError):
            backend.create("full", b"")
        assert (read(backend, "object"), read(backend, "full")) == (b"", b"content")

    def test_create_after_delete(self, backend: Backend, second: Backend) -> None:
        for number in range(3):
            data = str(number).encode()
            backend.create("object", data)
            assert second.get("object") == data
            second.delete("object")

    def test_create_large(self, backend: Backend) -> None:
        data = pattern("large", self.large)
        backend.create("object", data)
        assert backend.get("object") == data
        with pytest.raises(AlreadyExistsError):
            backend.create("object", data)
