"""Time that passed counts, whichever of the two clocks noticed."""

from __future__ import annotations

import time

import pytest

from thoth_storage.log import clock


@pytest.mark.parametrize(
    ("boot", "wall", "expected"), [(5, 5, 5), (5, -1000, 5), (5, 1000, 1000), (90_000, 5, 90_000), (0, 0, 0)]
)
def test_the_clock_that_says_more_is_believed(
    monkeypatch: pytest.MonkeyPatch, boot: float, wall: float, expected: float
) -> None:
    then = clock.now()
    monkeypatch.setattr(clock, "now", lambda: (then[0] + boot, then[1] + wall))
    assert clock.since(then) == pytest.approx(expected)


def test_it_goes_on() -> None:
    then = clock.now()
    time.sleep(0.02)
    assert 0.02 <= clock.since(then) < 60


def test_where_there_is_no_clock_of_the_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    assert clock.since(clock.now()) < 60
