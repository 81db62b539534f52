"""Figures that are always counted: exact under threads, by scheme and verb, and of nobody's parent."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest

import thoth_storage as ts
from tests.unit.helpers import OnCue, memory, outage
from thoth_storage import telemetry
from thoth_storage.errors import AlreadyExistsError, NotFoundError
from thoth_storage.telemetry import BOUNDS, Meter, Meters, ThreadPool
from thoth_storage.wrappers import MeteredBackend, RetryingBackend


def counted(scheme: str = "memory") -> dict[str, Meter]:
    return {each.verb: each.meter for each in telemetry.snapshot().requests if each.scheme == scheme}


def grown(before: dict[str, Meter], verb: str, what: str) -> Any:
    was, now = before.get(verb, Meter()), counted().get(verb, Meter())
    if what == "failures":
        return {kind: n - was.failures.get(kind, 0) for kind, n in now.failures.items() if n != was.failures.get(kind)}
    return getattr(now, what) - getattr(was, what)


def test_every_backend_that_is_opened_is_counted_by_scheme_and_verb() -> None:
    before = counted()
    backend = ts.open_backend("memory://counted")
    backend.create("a", b"123")
    with pytest.raises(AlreadyExistsError):
        backend.create("a", b"12345")
    with pytest.raises(NotFoundError):
        backend.get("b")
    assert backend.get("a", 1) == b"23"
    assert len(list(backend.list())) == 1
    backend.delete("a", "b")
    assert [grown(before, verb, "requests") for verb in ("create", "get", "list", "delete", "head")] == [2, 2, 1, 1, 0]
    assert (grown(before, "create", "bytes"), grown(before, "get", "bytes")) == (3, 2)
    assert (grown(before, "list", "objects"), grown(before, "delete", "objects")) == (1, 2)
    assert grown(before, "create", "failures") == {"AlreadyExistsError": 1}
    assert grown(before, "get", "failures") == {"NotFoundError": 1}
    assert sum(counted()["get"].buckets) == counted()["get"].requests


def test_what_is_sent_and_what_comes_are_told_apart() -> None:
    backend = ts.open_backend("memory://directions")
    backend.put("a", b"1")
    backend.get("a")
    for each in telemetry.snapshot().requests:
        assert each.sent == (each.meter.bytes if each.verb in {"put", "create"} else 0)
        assert each.received == (each.meter.bytes if each.verb == "get" else 0)


def test_a_retry_is_a_try_that_came_after_another() -> None:
    before = counted()
    RetryingBackend(MeteredBackend(OnCue(outage, outage), "memory"), first_pause=0.0).put("a", b"1")
    assert [grown(before, "put", what) for what in ("requests", "errors", "retries")] == [3, 2, 2]
    assert grown(before, "put", "failures") == {"UnavailableError": 2}


def test_operations_are_counted_with_how_they_ended() -> None:
    with telemetry.operation("test-only", "memory://x") as under_way:
        under_way.set(rows=3)
    with pytest.raises(NotFoundError), telemetry.operation("test-only", "memory://x"):
        raise NotFoundError("gone")
    [found] = [each.meter for each in telemetry.snapshot().operations if each.name == "test-only"]
    assert (found.requests, found.errors, found.failures) == (2, 1, {"NotFoundError": 1})


def test_a_histogram_has_a_place_for_every_duration() -> None:
    meters = Meters()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] * 1.01, BOUNDS[-1], 1e6):
        meters.note("x", seconds)
    buckets = meters.read()["x"].buckets
    assert (buckets[0], buckets[1], buckets[-2], buckets[-1]) == (2, 1, 1, 1)
    assert sum(buckets) == 5


def test_none_is_lost_among_threads_and_a_snapshot_stands_still() -> None:
    meters = Meters()

    def work(_: int) -> None:
        for _ in range(500):
            meters.note("x", 0.1, 2)
            meters.note_retry("x")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    seen = meters.read()["x"]
    meters.note("x", 0.1, 2)
    assert (seen.requests, seen.bytes, seen.retries, sum(seen.buckets)) == (4000, 8000, 4000, 4000)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_begins_with_zeros_and_with_a_lock_of_its_own() -> None:
    meters = Meters()
    meters.note("x", 0.1)
    with meters._lock:  # as if another thread were just counting
        child = os.fork()
        if not child:
            meters.note("x", 0.1)
            os._exit(meters.read()["x"].requests)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert meters.read()["x"].requests == 1


def test_work_in_a_pool_belongs_to_who_asked_for_it() -> None:
    asked: ContextVar[str] = ContextVar("asked", default="nobody")
    with ThreadPool(1) as pool:
        asked.set("first")
        first = pool.submit(asked.get)
        asked.set("second")
        assert list(pool.map(lambda _: asked.get(), range(2))) == ["second", "second"]
        assert first.result() == "first"


def test_a_copy_in_another_process_counts_there() -> None:
    import pickle

    before = counted()
    again = pickle.loads(pickle.dumps(MeteredBackend(memory(), "memory")))
    again.put("a", b"1")
    assert grown(before, "put", "requests") == 1
