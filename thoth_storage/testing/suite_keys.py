"""Keys: every valid one is stored under exactly its name, every invalid one is refused by every verb."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError, InvalidArgumentError
from thoth_storage.testing.samples import INVALID_KEYS, INVALID_PREFIXES, ODD_KEYS
from thoth_storage.testing.suite_base import SuiteBase, keys_of, put_all, read

__all__ = ["Keys"]


class Keys(SuiteBase):
    odd_keys: tuple[str, ...] = ODD_KEYS
    """What is left out here is a limit that the plugin has to state in its documentation."""

    def test_odd_keys_are_read_as_they_were_written(self, backend: Backend, second: Backend) -> None:
        put_all(backend, self.odd_keys)
        for key in self.odd_keys:
            assert second.get(key) == key.encode(), f"get({key!r})"
            assert backend.get(key, 1, 3) == key.encode()[1:3], f"get({key!r}, 1, 3)"
            assert second.head(key).key == key
            assert backend.head(key).size == len(key.encode()), f"head({key!r})"

    def test_odd_keys_are_listed_as_they_were_written(self, backend: Backend) -> None:
        put_all(backend, self.odd_keys)
        assert keys_of(backend) == sorted(self.odd_keys)
        for key in self.odd_keys:
            assert keys_of(backend, key) == sorted(k for k in self.odd_keys if k.startswith(key)), f"list({key!r})"

    def test_odd_keys_are_created_once(self, backend: Backend) -> None:
        for key in self.odd_keys:
            backend.create(key, b"first")
            with pytest.raises(AlreadyExistsError):
                backend.create(key, b"second")
            assert read(backend, key) == b"first", f"create({key!r})"

    def test_odd_keys_are_deleted_one_by_one(self, backend: Backend) -> None:
        put_all(backend, self.odd_keys)
        left = sorted(self.odd_keys)
        for key in self.odd_keys[::5]:
            backend.delete(key)
            left.remove(key)
            assert read(backend, key) is None, f"delete({key!r})"
        assert keys_of(backend) == left

    def test_odd_keys_are_deleted_together(self, backend: Backend) -> None:
        put_all(backend, [*self.odd_keys, "kept"])
        backend.delete(*self.odd_keys)
        assert keys_of(backend) == ["kept"]

    def test_invalid_keys_are_refused_by_every_verb(self, backend: Backend) -> None:
        verbs: dict[str, Callable[[str], object]] = {
            "put": lambda key: backend.put(key, b"x"),
            "create": lambda key: backend.create(key, b"x"),
            "get": backend.get,
            "get of an empty range": lambda key: backend.get(key, 3, 1),
            "head": backend.head,
            "delete": backend.delete,
            "delete of several": lambda key: backend.delete("valid", key),
        }
        for key in INVALID_KEYS:
            for name, verb in verbs.items():
                try:
                    verb(key)
                except InvalidArgumentError:
                    continue
                pytest.fail(f"{name} takes the invalid key {key!r:.80}")
        assert keys_of(backend) == []

    def test_invalid_prefixes_are_refused(self, backend: Backend) -> None:
        for prefix in INVALID_PREFIXES:
            with pytest.raises(InvalidArgumentError):
                list(backend.list(prefix))
