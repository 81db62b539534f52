"""The meter: every request, byte, second and error, exact under threads."""

from __future__ import annotations

import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.unit.helpers import FakeTime, OnCue, memory, outage
from thoth_storage.errors import AlreadyExistsError, NotFoundError, UnavailableError
from thoth_storage.wrappers import MeteredBackend, RetryingBackend, VerbMeter
from thoth_storage.wrappers import metered as module

VERBS = ("get", "put", "create", "head", "list", "delete")


def test_each_verb_is_counted_with_its_payload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "time", FakeTime(step=1.0))
    meter = MeteredBackend(memory())
    meter.put("a", b"12345")
    meter.put("b", b"123")
    meter.create("c", b"1234567")
    assert meter.get("a", 1, 3) == b"23"
    assert meter.get("a") == b"12345"
    assert meter.head("a").size == 5
    assert [info.key for info in meter.list()] == ["a", "b", "c"]
    meter.delete("a", "b")
    assert [info.key for info in meter.inner.list()] == ["c"]
    assert meter.meters == {
        "get": VerbMeter(2, 7, 2.0),
        "put": VerbMeter(2, 8, 2.0),
        "create": VerbMeter(1, 7, 1.0),
        "head": VerbMeter(1, 0, 1.0),
        "list": VerbMeter(1, 0, 1.0, objects=3),
        "delete": VerbMeter(1, 0, 1.0, objects=2),
    }
    assert meter.total() == VerbMeter(8, 22, 8.0, 0, objects=5)


def test_a_failure_is_a_request_and_an_error_but_no_payload() -> None:
    meter = MeteredBackend(memory())
    meter.create("a", b"1")
    with pytest.raises(AlreadyExistsError):
        meter.create("a", b"12345")
    with pytest.raises(NotFoundError):
        meter.get("b")
    assert (meter.meters["create"].requests, meter.meters["create"].bytes, meter.meters["create"].errors) == (2, 1, 1)
    assert (meter.meters["get"].requests, meter.meters["get"].bytes, meter.meters["get"].errors) == (1, 0, 1)
    assert meter.total().errors == 2


def test_an_interrupt_is_counted_and_passed_on() -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    meter = MeteredBackend(OnCue(interrupt))
    with pytest.raises(KeyboardInterrupt):
        meter.put("a", b"1")
    assert meter.total().errors == 1


def test_a_listing_is_measured_when_it_is_asked_for_not_when_it_is_read() -> None:
    meter = MeteredBackend(OnCue(outage))
    with pytest.raises(UnavailableError):
        meter.list()
    assert meter.meters["list"].requests == meter.meters["list"].errors == 1


@pytest.mark.usefixtures("clock")
def test_below_the_retries_it_counts_tries_and_above_them_calls() -> None:
    backend = OnCue(outage, outage)
    tries = MeteredBackend(backend)
    calls = MeteredBackend(RetryingBackend(tries))
    calls.put("a", b"1")
    assert (tries.total().requests, tries.total().errors) == (3, 2)
    assert (calls.total().requests, calls.total().errors) == (1, 0)


def test_no_request_is_lost_among_threads() -> None:
    meter = MeteredBackend(memory())

    def work(n: int) -> None:
        for verb in range(50):
            meter.put(f"{n}/{verb}", b"12")
            meter.get(f"{n}/{verb}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert (meter.meters["put"].requests, meter.meters["put"].bytes) == (800, 1600)
    assert (meter.meters["get"].requests, meter.meters["get"].bytes) == (800, 1600)


def test_reset_begins_anew_for_every_verb() -> None:
    meter = MeteredBackend(memory())
    meter.put("a", b"1")
    meter.reset()
    assert meter.meters == {verb: VerbMeter() for verb in VERBS}
    assert meter.total() == VerbMeter()


def test_time_is_measured_by_a_clock_that_never_jumps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    meter = MeteredBackend(memory())
    meter.put("a", b"1")
    assert meter.total().seconds > 0


def test_a_pickle_starts_from_zero() -> None:
    meter = MeteredBackend(memory())
    meter.put("a", b"1")
    again = pickle.loads(pickle.dumps(meter))
    assert again.get("a") == b"1"
    assert (again.total().requests, meter.total().requests) == (1, 1)
