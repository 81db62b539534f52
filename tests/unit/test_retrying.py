"""Retries: what is tried again, for how long, and with which pauses."""

from __future__ import annotations

import logging
import pickle
import statistics
from collections.abc import Callable, Iterator

import pytest

from tests.unit.helpers import FakeTime, OnCue, lost_reply, memory, outage
from thoth_storage import errors
from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import ConfigurationError, StorageError, UnavailableError
from thoth_storage.wrappers import RetryingBackend

Verb = Callable[[Backend], object]
VERBS: dict[str, Verb] = {
    "get": lambda backend: (backend.get("k"), backend.get("k", 1, 3)),
    "put": lambda backend: backend.put("k", b"new"),
    "create": lambda backend: backend.create("fresh", b"new"),
    "head": lambda backend: backend.head("k").size,
    "list": lambda backend: [info.key for info in backend.list("")],
    "delete": lambda backend: backend.delete("k", "absent"),
}
OTHERS = [
    cls
    for name in errors.__all__
    if isinstance(cls := getattr(errors, name), type) and not issubclass(cls, UnavailableError)
]


def filled(*cues: Callable[[Callable[[], None]], None] | Exception) -> OnCue:
    inner = memory()
    inner.put("k", b"0123")
    return OnCue(*cues, inner=inner)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_outlasts_an_outage(verb: str, clock: FakeTime) -> None:
    backend, calm = filled(outage, outage, outage), filled()
    assert VERBS[verb](RetryingBackend(backend)) == VERBS[verb](calm)
    assert backend.calls == [verb] * (3 + len(calm.calls))
    assert len(clock.slept) == 3


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("cls", OTHERS)
def test_no_other_error_is_tried_again(verb: str, cls: type[StorageError], clock: FakeTime) -> None:
    error = cls("no")
    backend = filled(error)
    with pytest.raises(cls) as caught:
        VERBS[verb](RetryingBackend(backend))
    assert caught.value is error
    assert (backend.calls, clock.slept) == ([verb], [])


@pytest.mark.parametrize("error", [OSError(5, "io"), KeyError("k"), TimeoutError()])
def test_nor_is_a_foreign_one(error: Exception, clock: FakeTime) -> None:
    backend = filled(error)
    with pytest.raises(type(error)):
        RetryingBackend(backend).get("k")
    assert clock.slept == []


@pytest.mark.parametrize("deadline", [0.0, 1.0, 30.0, 600.0])
def test_the_deadline_is_kept(deadline: float, clock: FakeTime) -> None:
    last = [UnavailableError(f"outage {n}") for n in range(5000)]
    backend, began = OnCue(*last), clock.now
    with pytest.raises(UnavailableError) as caught:
        RetryingBackend(backend, deadline=deadline).get("k")
    assert caught.value is last[len(backend.calls) - 1], "the last failure is told, as it was"
    assert clock.now - began <= deadline
    assert (len(backend.calls) == 1) == (deadline == 0), "without time there is one try, with some there are more"


def test_slow_answers_use_up_the_deadline(clock: FakeTime) -> None:
    def slow(_: object) -> None:
        clock.now += 25
        raise UnavailableError("timed out")

    backend = OnCue(*[slow] * 50)
    with pytest.raises(UnavailableError, match="timed out"):
        RetryingBackend(backend, deadline=60).get("k")
    assert len(backend.calls) == 3


def test_pauses_have_full_jitter(clock: FakeTime) -> None:
    """Each pause is uniform between nothing and a bound that doubles; many samples fill that range."""
    rounds: list[list[float]] = []
    for _ in range(300):
        clock.slept.clear()
        RetryingBackend(filled(*[outage] * 9), first_pause=0.1, longest_pause=8).get("k")
        rounds.append(list(clock.slept))
    for attempt, pauses in enumerate(zip(*rounds, strict=True)):
        bound = min(8, 0.1 * 2**attempt)
        assert 0 <= min(pauses) < bound / 10, "clients that failed together must not come back together"
        assert bound * 0.9 < max(pauses) <= bound
        assert 0.4 < statistics.mean(pauses) / bound < 0.6


@pytest.mark.parametrize(
    "times", [{"deadline": -1}, {"first_pause": -0.1}, {"longest_pause": -1}, {"deadline": float("nan")}]
)
def test_times_that_make_no_sense(times: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="negative"):
        RetryingBackend(memory(), **times)


def test_a_listing_is_begun_anew_and_none_of_it_handed_out_before(clock: FakeTime) -> None:
    inner = memory()
    for key in "abc":
        inner.put(key, b"")
    torn = iter([2, 1, 9])

    class Torn(OnCue):
        def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
            self._play("list")
            limit = next(torn)
            for n, info in enumerate(inner.list(prefix)):
                if n == limit:
                    raise UnavailableError("the second page did not come")
                yield info

    backend = Torn()
    assert [info.key for info in RetryingBackend(backend).list()] == ["a", "b", "c"]
    assert backend.calls == ["list"] * 3


def test_each_retry_is_told_in_the_log(clock: FakeTime, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "thoth_storage"):
        RetryingBackend(filled(lost_reply)).put("k", b"")
    assert [record.getMessage() for record in caplog.records] == [
        f"attempt 1 failed, trying again in {clock.slept[0]:.1f} s: the reply was lost"
    ]


def test_a_pickle_keeps_the_times(clock: FakeTime) -> None:
    made = RetryingBackend(memory(), deadline=0, first_pause=1, longest_pause=2)
    again = pickle.loads(pickle.dumps(made))
    assert (again._times, again.url) == (made._times, made.url)
