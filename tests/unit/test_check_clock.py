"""What ``check`` tells of the store's clock, its latency, and listings after an overwrite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from thoth_storage import open_backend
from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.check import Step, check_backend
from thoth_storage.wrappers.base import WrappedBackend


class _Shifted(WrappedBackend):
    """A store whose clock is off by ``shift``."""

    def __init__(self, inner: Backend, shift: timedelta) -> None:
        super().__init__(inner)
        self._shift = shift

    def head(self, key: str) -> ObjectInfo:
        info = self.inner.head(key)
        assert info.mtime is not None
        return replace(info, mtime=info.mtime + self._shift)


class _OldSizes(WrappedBackend):
    """A listing that tells of each object what was first stored there."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self._sizes: dict[str, int] = {}

    def put(self, key: str, data: bytes) -> None:
        self._sizes.setdefault(key, len(data))
        self.inner.put(key, data)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return (replace(info, size=self._sizes.get(info.key, info.size)) for info in self.inner.list(prefix))


def _step(backend: Backend, name: str) -> Step:
    return next(step for step in check_backend(backend).steps if step.name == name)


@pytest.mark.parametrize(("hours", "side"), [(1, "ahead of"), (-1, "behind")])
def test_a_clock_that_is_off_is_told_with_its_side(hours: int, side: str) -> None:
    step = _step(_Shifted(open_backend(f"memory://clock{hours}"), timedelta(hours=hours)), "clock")
    assert side in step.detail


def test_a_clock_that_is_right_is_told_as_near() -> None:
    assert "within 60 s" in _step(open_backend("memory://clock-right"), "clock").detail


def test_an_old_size_in_a_listing_after_an_overwrite_fails() -> None:
    assert not _step(_OldSizes(open_backend("memory://old-sizes")), "listing after overwrite").ok


def test_latency_is_told_of_put_and_get() -> None:
    assert _step(open_backend("memory://latency"), "latency").detail.count(" ms") == 2
