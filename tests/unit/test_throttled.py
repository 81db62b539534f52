"""The throttle: no more than so many bytes a second, over all threads, by a clock that the test moves."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.helpers import STEADY, FakeTime, OnCue, memory
from thoth_storage.errors import ConfigurationError, NotFoundError
from thoth_storage.wrappers import ThrottledBackend
from thoth_storage.wrappers import throttled as module


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(module, "time", fake)
    return fake


def test_a_write_waits_before_it_is_sent(clock: FakeTime) -> None:
    sent: list[float] = []
    backend = ThrottledBackend(OnCue(lambda _: sent.append(clock.now), lambda _: sent.append(clock.now)), 100)
    backend.put("a", b"x" * 250)
    backend.create("b", b"x" * 50)
    assert sent == [1002.5, 1003.0]


def test_a_read_waits_for_what_it_got_not_for_what_it_asked(clock: FakeTime) -> None:
    backend = ThrottledBackend(memory(), 100)
    backend.inner.put("a", b"x" * 200)
    assert backend.get("a") == b"x" * 200
    assert backend.get("a", 150, 10_000) == b"x" * 50
    assert backend.get("a", 200) == b""
    assert clock.slept == [2.0, 0.5, 0.0]


def test_the_small_verbs_are_free(clock: FakeTime) -> None:
    backend = ThrottledBackend(memory(), 1)
    backend.inner.put("a", b"x" * 200)
    backend.head("a")
    list(backend.list())
    backend.delete("a")
    assert clock.slept == []


def test_idle_time_is_not_saved_up(clock: FakeTime) -> None:
    """A backup at night must not burst because the line was quiet all day."""
    backend = ThrottledBackend(memory(), 100)
    backend.put("a", b"x" * 100)
    clock.now += 3600
    backend.put("b", b"x" * 100)
    assert clock.slept == [1.0, 1.0]


def test_a_read_that_fails_costs_nothing(clock: FakeTime) -> None:
    with pytest.raises(NotFoundError):
        ThrottledBackend(memory(), 1).get("absent")
    assert clock.slept == []


@STEADY
@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 3)), min_size=1, max_size=20))
def test_whatever_the_pattern_the_mean_is_kept(transfers: list[tuple[int, float]]) -> None:
    clock = FakeTime()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "time", clock)
        backend, began = ThrottledBackend(memory(), 100), clock.now
        total, idle = 0, 0.0
        for size, pause in transfers:
            backend.put("a", b"x" * size)
            total += size
            assert clock.now - began >= total / 100 - 1e-6
            assert clock.now - began <= total / 100 + idle + 1e-6, "nor is it slower than need be"
            clock.now += pause
            idle += pause


def test_threads_share_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the clock at a stand, each of them books its time behind the others'."""
    clock = FakeTime()
    monkeypatch.setattr(module, "time", clock)
    waits: list[float] = []
    monkeypatch.setattr(clock, "sleep", waits.append)
    backend = ThrottledBackend(memory(), 10)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: backend.put(f"k{n}", b"x" * 10), range(32)))
    assert sorted(waits) == [float(n) for n in range(1, 33)]


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_that_would_stop_everything_is_refused(rate: float) -> None:
    with pytest.raises(ConfigurationError, match=f"more than {rate} bytes a second"):
        ThrottledBackend(memory(), rate)


def test_pickle_and_repr_keep_the_rate(clock: FakeTime) -> None:
    backend = ThrottledBackend(memory(), 2.5e6)
    again = pickle.loads(pickle.dumps(backend))
    assert again.bytes_per_second == 2.5e6
    assert repr(again) == f"ThrottledBackend({backend.inner!r}, 2.5e+06)"
    again.put("a", b"")
    assert clock.slept == [0.0]
