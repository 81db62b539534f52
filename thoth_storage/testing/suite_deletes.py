"""Deleting: exactly what was named, whether it is there or not, in any number."""

from __future__ import annotations

import pytest

from thoth_storage.backend import Backend
from thoth_storage.errors import InvalidArgumentError, NotFoundError
from thoth_storage.testing.samples import GLOBS
from thoth_storage.testing.suite_base import SuiteBase, keys_of, put_all

__all__ = ["Deletes"]


class Deletes(SuiteBase):
    def test_delete(self, backend: Backend, second: Backend) -> None:
        put_all(backend, ("folder/a", "folder/b", "folder/c"))
        backend.delete("folder/b")
        for opening in (backend, second):
            with pytest.raises(NotFoundError):
                opening.get("folder/b")
            with pytest.raises(NotFoundError):
                opening.head("folder/b")
            assert keys_of(opening) == ["folder/a", "folder/c"]

    def test_delete_of_the_missing(self, backend: Backend) -> None:
        backend.delete("missing")
        backend.delete("no/such/folder/missing", "missing")
        backend.put("object", b"x")
        backend.delete("missing", "object", "missing/too")
        assert keys_of(backend) == []
        backend.delete("object")
        assert keys_of(backend) == []

    def test_delete_of_nothing(self, backend: Backend) -> None:
        backend.put("object", b"x")
        backend.delete()
        assert keys_of(backend) == ["object"]

    def test_delete_with_a_key_twice(self, backend: Backend) -> None:
        put_all(backend, ("a", "b", "c"))
        backend.delete("a", "b", "a", "a")
        assert keys_of(backend) == ["c"]

    def test_delete_of_many(self, backend: Backend) -> None:
        doomed = [f"doomed/{number % 3}/{number:04d}" for number in range(self.deleted)]
        put_all(backend, [*doomed, "doomed/0/kept", "kept"])
        backend.delete(*doomed, "missing")
        assert keys_of(backend) == ["doomed/0/kept", "kept"]

    def test_a_folder_is_not_deleted_with_its_name(self, backend: Backend) -> None:
        put_all(backend, ("folder/a", "folder/b/c", "folder2"))
        backend.delete("folder")
        backend.delete("folder/b", "folder", "fold")
        assert keys_of(backend) == ["folder/a", "folder/b/c", "folder2"]

    def test_a_pattern_deletes_only_itself(self, backend: Backend) -> None:
        for pattern, matches in GLOBS.items():
            put_all(backend, (pattern, *matches))
            backend.delete(pattern)
            assert keys_of(backend) == sorted(matches), f"delete({pattern!r})"
            backend.delete(pattern, f"{pattern}/x")
            assert keys_of(backend) == sorted(matches), f"delete({pattern!r}, ...)"
            backend.delete(*matches)

    def test_one_invalid_key_and_nothing_is_deleted(self, backend: Backend) -> None:
        put_all(backend, ("a", "b"))
        with pytest.raises(InvalidArgumentError):
            backend.delete("a", "../b", "b")
        assert keys_of(backend) == ["a", "b"]

    def test_a_store_can_be_emptied_and_filled_again(self, backend: Backend) -> None:
        keys = ["deep/er/and/deeper", "deep/er/still", "top"]
        for _ in range(3):
            put_all(backend, keys)
            assert keys_of(backend) == keys
            backend.delete(*keys)
            assert keys_of(backend) == []
