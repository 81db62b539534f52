"""Listing: complete, in order, of this moment, and of this store only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

from thoth_storage.backend import Backend
from thoth_storage.testing.suite_base import SuiteBase, keys_of, put_all

__all__ = ["Listing"]

_TREE = ("a", "ab", "abc/d", "b/a", "b/ab", "b/c/d", "b/c/e", "b-/a", "b.", "b0", "c/b/a", "x*y", "xzy")
_ORDER = ("-", "0", "A/b", "A0", "Z", "_", "a b", "a!", "a-b", "a.b", "a/b", "a/c/d", "a0", "aB", "ab", "b", "z", "~")
_UNICODE = ("\u00e9", "\u6f22/x", "\ud7a3", "\ufb01", "\uff5e", "\U00010000", "\U0001f40d")
"""In order of code points, which is that of UTF-8; in UTF-16 the last two come before the two before them."""
_CLOCK_STEP = timedelta(seconds=2)
"""Services that keep times in whole seconds round one way in a listing and another way in a head."""


class Listing(SuiteBase):
    def test_a_fresh_store_is_empty(self, backend: Backend) -> None:
        assert list(backend.list()) == []
        assert list(backend.list("folder/")) == []

    def test_list_is_an_iterator(self, backend: Backend) -> None:
        backend.put("a", b"")
        backend.put("b", b"x")
        listed = backend.list()
        assert isinstance(listed, Iterator)
        assert [(info.key, info.size) for info in (next(listed), next(listed))] == [("a", 0), ("b", 1)]
        assert next(listed, None) is None

    def test_a_prefix_is_any_string(self, backend: Backend) -> None:
        put_all(backend, _TREE)
        prefixes = {key[:end] for key in _TREE for end in range(len(key) + 1)}
        for prefix in sorted(prefixes | {"a/", "ab/", "abc/d/", "abc/dd", "d", "b/b", "c/b/", "x*", "x?"}):
            assert keys_of(backend, prefix) == sorted(k for k in _TREE if k.startswith(prefix)), f"list({prefix!r})"

    def test_keys_come_in_the_order_of_code_points(self, backend: Backend) -> None:
        keys = [*_ORDER, *_UNICODE]
        put_all(backend, reversed(keys))
        assert keys_of(backend) == keys

    def test_many_objects_over_pages(self, backend: Backend, second: Backend) -> None:
        objects = {f"many/{number % 7}/{number:05d}": bytes(number % 11) for number in range(self.many)}
        put_all(backend, objects)
        for opening in (backend, second):
            listed = [(info.key, info.size) for info in opening.list("many/")]
            assert len(listed) == len(objects)
            assert listed == sorted((key, len(data)) for key, data in objects.items())
        assert keys_of(backend, "many/3/") == sorted(key for key in objects if key.startswith("many/3/"))

    def test_a_listing_knows_the_write_before_it(self, backend: Backend, second: Backend) -> None:
        for number in range(5):
            key = f"folder/{number}"
            backend.put(key, b"x")
            assert keys_of(second)[-1] == key
            assert keys_of(backend, "folder/")[-1] == key
            second.put(key, b"longer")
            assert [info.size for info in backend.list(key)] == [6]
        for number in reversed(range(5)):
            backend.delete(f"folder/{number}")
            assert len(keys_of(second)) == len(keys_of(backend, "folder/")) == number

    def test_a_create_is_listed(self, backend: Backend, second: Backend) -> None:
        assert keys_of(second) == []
        backend.create("folder/object", b"xyz")
        assert [(info.key, info.size) for info in second.list()] == [("folder/object", 3)]

    def test_two_listings_at_once(self, backend: Backend) -> None:
        put_all(backend, ("a", "b", "c"))
        pairs = zip(backend.list(), backend.list(), strict=True)
        assert [(one.key, two.key) for one, two in pairs] == [("a", "a"), ("b", "b"), ("c", "c")]

    def test_a_sibling_store_is_another_store(self, backend: Backend, sibling: Backend | None) -> None:
        """Needs a URL to which a character can be added; a ``backend`` fixture alone cannot be asked for one."""
        if sibling is None:
            return
        sibling.put("theirs", b"x")
        assert keys_of(backend) == []
        backend.put("ours", b"x")
        assert keys_of(sibling) == ["theirs"]
        backend.delete("theirs")
        assert (keys_of(backend), keys_of(sibling)) == (["ours"], ["theirs"])
        sibling.delete("theirs")

    def test_times_are_those_of_the_service(self, backend: Backend) -> None:
        """Aware, in UTC, and in the order in which objects were stored. The local clock may differ and is not asked."""
        for key in ("1", "2", "3", "1"):
            backend.put(key, key.encode())
        listed = {info.key: info.mtime for info in backend.list()}
        for key, mtime in listed.items():
            if mtime is None:
                continue
            head = backend.head(key).mtime
            assert mtime.utcoffset() == timedelta(0)
            assert head is not None
            assert abs(head - mtime) < _CLOCK_STEP
        times = [mtime for key in ("2", "3", "1") if (mtime := listed[key])]
        assert all(earlier <= later + _CLOCK_STEP for earlier, later in itertools.pairwise(times))
        assert not times or max(times) - min(times) < timedelta(hours=1)
