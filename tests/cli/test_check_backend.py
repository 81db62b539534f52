"""The check of a bucket: what it catches, and that it leaves nothing behind, whatever it met."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.cli.helpers import invoke
from thoth_storage.backend import Backend, Capabilities, ObjectInfo
from thoth_storage.check import Step, check_backend
from thoth_storage.errors import AlreadyExistsError, NotFoundError, PermissionError_, UnavailableError
from thoth_storage.memory import MemoryBackend
from thoth_storage.testing import FaultyBackend
from thoth_storage.wrappers.base import WrappedBackend

_numbers = itertools.count()


@pytest.fixture
def memory() -> MemoryBackend:
    """With an object that is none of the check's business."""
    backend = MemoryBackend(f"memory://tests/check-{next(_numbers)}")
    backend.put("precious", b"of the user")
    return backend


class Liar(WrappedBackend):
    """Breaks one promise of the contract."""


class LooksThenWrites(Liar):
    """As fsspec does where a service has no create-if-absent: all who look before the first has written win."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self._all_looked = threading.Barrier(16, timeout=60)

    def create(self, key: str, data: bytes) -> None:
        try:
            self.inner.head(key)
        except NotFoundError:
            if "race/" in key:
                self._all_looked.wait()
            self.inner.put(key, data)
            return
        raise AlreadyExistsError("the object already exists", key=key)


class CreateOverwrites(Liar):
    def create(self, key: str, data: bytes) -> None:
        self.inner.put(key, data)


class CreateOverwritesTheEmpty(Liar):
    def create(self, key: str, data: bytes) -> None:
        try:
            self.inner.create(key, data)
        except AlreadyExistsError:
            if self.inner.get(key):
                raise
            self.inner.put(key, data)


class StaleListing(Liar):
    """Shows the first listing of a folder for ever."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self._shown: dict[str, list[ObjectInfo]] = {}

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return iter(self._shown.setdefault(prefix, list(self.inner.list(prefix))))


class BlindListing(Liar):
    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return iter([])


class UnorderedListing(Liar):
    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return iter(list(self.inner.list(prefix))[::-1])


class EndIsInclusive(Liar):
    """As the ranges of HTTP are."""

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self.inner.get(key, start, None if end is None else end + 1)


class NoRanges(Liar):
    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self.inner.get(key)


class CachedReads(Liar):
    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self._read: dict[tuple[str, int, int | None], bytes] = {}

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self._read.setdefault((key, start, end), self.inner.get(key, start, end))


class CutsLargeObjects(Liar):
    def put(self, key: str, data: bytes) -> None:
        self.inner.put(key, data[: 5 << 20])


class MissingIsEmpty(Liar):
    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        try:
            return self.inner.get(key, start, end)
        except NotFoundError:
            return b""


class DeletesLater(Liar):
    """And never, as far as the check can see."""

    def delete(self, *keys: str) -> None:
        pass


@pytest.mark.parametrize(
    ("liar", "failed"),
    [
        (LooksThenWrites, {"atomic create"}),
        (CreateOverwrites, {"create", "atomic create"}),
        (CreateOverwritesTheEmpty, {"create"}),
        (StaleListing, {"listing", "listing across pages", "clean up"}),
        (BlindListing, {"listing", "listing across pages", "listing after overwrite"}),
        (UnorderedListing, {"listing", "listing across pages"}),
        (EndIsInclusive, {"ranges"}),
        (NoRanges, {"ranges"}),
        (CachedReads, {"read after write"}),
        (CutsLargeObjects, {"read after write"}),
        (MissingIsEmpty, {"missing objects"}),
        (DeletesLater, {"listing", "listing across pages", "delete", "clean up"}),
    ],
)
def test_lies_are_caught(memory: MemoryBackend, liar: type[Liar], failed: set[str]) -> None:
    report = check_backend(liar(memory))
    assert {step.name for step in report.steps if not step.ok} == failed
    assert not report.ok
    assert not report.shared_log
    assert report.snapshots == (failed == {"atomic create"})
    assert all(step.detail for step in report.steps)
    if liar is not DeletesLater:
        assert [info.key for info in memory.list()] == ["precious"]


def test_an_honest_one(memory: MemoryBackend) -> None:
    heard: list[Step] = []
    report = check_backend(memory, heard.append)
    assert report.url == memory.url
    assert report.steps == tuple(heard)
    assert report.ok
    assert report.snapshots
    assert report.shared_log
    assert [info.key for info in memory.list()] == ["precious"]


class Modest(WrappedBackend):
    capabilities = Capabilities(atomic_create=False)


def test_without_an_atomic_create_there_are_snapshots_but_no_log(memory: MemoryBackend) -> None:
    report = check_backend(Modest(memory))
    assert report.ok
    assert report.snapshots
    assert not report.shared_log
    assert "atomic create" not in {step.name for step in report.steps}


@pytest.mark.parametrize("verb", ["get", "put", "create", "head", "list"])
def test_a_service_that_fails_now_and_then(memory: MemoryBackend, verb: str) -> None:
    backend = FaultyBackend(memory)
    backend.add("before", verb, every=2, count=None)
    report = check_backend(backend)
    assert not report.ok
    assert any("injected fault" in step.detail for step in report.steps)
    assert [info.key for info in memory.list()] == ["precious"]


def test_what_was_stored_though_the_reply_was_lost_is_removed_too(memory: MemoryBackend) -> None:
    backend = FaultyBackend(memory)
    backend.add("after", ["put", "create"], key="/", every=2, count=None)
    assert not check_backend(backend).ok
    assert [info.key for info in memory.list()] == ["precious"]


def test_what_cannot_be_removed_is_told(memory: MemoryBackend) -> None:
    backend = FaultyBackend(memory)
    backend.add("before", "delete", count=None, error=PermissionError_)
    report = check_backend(backend)
    failed = {step.name for step in report.steps if not step.ok}
    assert failed == {"permission to delete", "delete", "clean up"}
    assert [feature.name for feature in report.features if not feature.works] == ["forget and prune"]
    assert report.steps[-1].name == "clean up"


def test_a_store_that_does_not_answer_is_an_error_at_once(memory: MemoryBackend) -> None:
    backend = FaultyBackend(memory)
    backend.add("before", count=None, error=UnavailableError)
    with pytest.raises(UnavailableError, match="injected"):
        check_backend(backend)
    assert len(backend.injected) == 1


def test_an_interrupt_leaves_nothing(memory: MemoryBackend) -> None:
    def interrupt(_: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_backend(memory, interrupt)
    assert [info.key for info in memory.list()] == ["precious"]


def test_two_checks_at_once_do_not_meet(memory: MemoryBackend) -> None:
    threads = [threading.Thread(target=check_backend, args=(memory,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert check_backend(memory).ok
    assert [info.key for info in memory.list()] == ["precious"]


def test_the_command_tells_what_is_wrong(memory: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thoth_storage.cli.check.open_backend", lambda *_, **__: StaleListing(memory))
    said = invoke("check", memory.url)
    assert said.code == 1
    assert "\nFAIL  listing: " in said.out
    assert said.out.endswith("snapshots: no; several writers on one log: no\n")
    found = invoke("check", memory.url, "--json")
    assert found.code == 1
    assert (found.document["ok"], found.document["snapshots"], found.document["shared_log"]) == (False, False, False)


def test_an_unavailable_store_told_by_the_command(memory: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = FaultyBackend(memory)
    backend.add("before", count=None, error=UnavailableError)
    monkeypatch.setattr("thoth_storage.cli.check.open_backend", lambda *_, **__: backend)
    said = invoke("check", memory.url)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error: injected fault: before")


def test_a_report_is_data(memory: MemoryBackend) -> None:
    report = check_backend(memory)
    broken = replace(report, steps=(replace(report.steps[0], ok=False), *report.steps[1:]))
    assert report.ok
    assert not broken.ok
