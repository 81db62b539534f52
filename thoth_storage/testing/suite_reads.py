"""Reading: whole objects, ranges with the clipping of a slice, head, and what is not there."""

from __future__ import annotations

import itertools

import pytest

from thoth_storage.backend import Backend
from thoth_storage.errors import InvalidArgumentError, NotFoundError
from thoth_storage.testing.samples import pattern
from thoth_storage.testing.suite_base import SuiteBase, read

__all__ = ["Reads"]

_FAR = 2**40


class Reads(SuiteBase):
    def test_get_returns_what_was_put(self, backend: Backend, second: Backend) -> None:
        for size in (0, 1, 2, 1000, self.large):
            data = pattern("whole", size)
            backend.put(f"size/{size}", data)
            for opening in (backend, second):
                found = opening.get(f"size/{size}")
                assert type(found) is bytes
                assert found == data, f"an object of {size} bytes"

    def test_get_of_the_missing(self, backend: Backend) -> None:
        with pytest.raises(NotFoundError):
            backend.get("missing")
        with pytest.raises(NotFoundError):
            backend.get("no/such/folder/missing")

    def test_ranges_are_slices(self, backend: Backend) -> None:
        for size in (0, 1, 10):
            data = pattern("r", size)
            backend.put("object", data)
            edges = sorted({0, 1, 2, max(size - 1, 0), size, size + 1, size + 100, _FAR})
            for start, end in itertools.product(edges, [*edges, None]):
                assert backend.get("object", start, end) == data[start:end], f"{size} bytes, [{start}, {end})"

    def test_ranges_of_a_large_object(self, backend: Backend) -> None:
        size = self.large
        data = pattern("r", size)
        backend.put("object", data)
        edges = (0, 1, 65_535, 65_536, 2**20, size - 1, size, size + 1, 2 * size)
        for start, end in itertools.product(edges, [*edges, None]):
            assert backend.get("object", start, end) == data[start:end], f"[{start}, {end})"

    def test_ranges_of_the_missing(self, backend: Backend) -> None:
        for start, end in ((0, 0), (0, 1), (0, None), (5, 2), (5, 5), (100, 200), (100, None)):
            with pytest.raises(NotFoundError):
                backend.get("missing", start, end)

    def test_negative_ranges_are_refused(self, backend: Backend) -> None:
        backend.put("object", b"0123456789")
        for key in ("object", "missing"):
            for start, end in ((-1, None), (-1, 5), (0, -1), (5, -2), (-3, -1)):
                with pytest.raises(InvalidArgumentError):
                    backend.get(key, start, end)

    def test_head(self, backend: Backend) -> None:
        for size in (0, 1, 1000, self.large):
            backend.put("folder/object", bytes(size))
            info = backend.head("folder/object")
            assert (info.key, info.size) == ("folder/object", size)

    def test_head_of_the_missing(self, backend: Backend) -> None:
        backend.put("here", b"x")
        for key in ("missing", "no/such/folder", "her", "heree"):
            with pytest.raises(NotFoundError):
                backend.head(key)

    def test_a_folder_is_no_object(self, backend: Backend) -> None:
        backend.put("folder/object", b"x")
        for missing in ("folder", "folder/object/below"):
            for range_ in ((0, None), (0, 0), (3, 9)):
                with pytest.raises(NotFoundError):
                    backend.get(missing, *range_)
            with pytest.raises(NotFoundError):
                backend.head(missing)
            backend.delete(missing)
        assert read(backend, "folder/object") == b"x"
