"""No writer of a log starves beside another that writes without a break."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import OpenClient
from tests.shared.test_rollout import check_all_there, revisions, where
from thoth_storage.store import turns
from thoth_storage.store.turns import Turns

__all__ = ["where"]


class Clock:
    """Time goes on when somebody sleeps or works."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(turns, "time", clock)
    return clock


def write(mine: Turns, clock: Clock, took: float = 0.02) -> float:
    """An entry of ours as soon as it may be; how long that had to wait."""
    asked = clock.now
    mine.wait()
    assert mine.is_ours()
    began = clock.now
    clock.sleep(took)
    mine.won(began, took)
    return began - asked


def test_who_is_alone_waits_ever_more_seldom(clock: Clock) -> None:
    mine = Turns()
    pauses = [number for number in range(200) if write(mine, clock) > 0]
    assert pauses == [8, 24, 56, 104, 152]
    assert not mine.are_contended


def test_who_lost_gives_way_after_each_entry(clock: Clock) -> None:
    mine = Turns()
    mine.lost()
    assert mine.are_contended
    write(mine, clock)
    assert write(mine, clock) == pytest.approx(3.5 * 0.02)


def test_the_others_come_first_meanwhile(clock: Clock) -> None:
    mine = Turns()
    mine.lost()
    write(mine, clock)
    assert not mine.is_ours()
    clock.sleep(1)
    assert mine.is_ours()


def test_who_makes_breaks_anyway_need_not_wait(clock: Clock) -> None:
    mine = Turns()
    for _ in range(100):
        assert write(mine, clock) == 0
        clock.sleep(0.1)


def test_no_pause_is_long(clock: Clock) -> None:
    mine = Turns()
    mine.lost()
    write(mine, clock, took=60)
    assert write(mine, clock, took=60) == pytest.approx(0.5)


def test_two_processes_get_on(where: tuple[str, dict[str, Any]], connect: OpenClient, tmp_path: Path) -> None:
    """Each with four threads that never rest: while one gets on by 20 writes, the other does not by 300."""
    url, options = where
    with revisions(url, tmp_path, 2) as services:
        for each in services:
            each.go()
        for each in services:
            each.wait_for(8)
        for one, other in (services, reversed(services)):
            before = len(other.acknowledged())
            one.wait_for(len(one.acknowledged()) + 20)
            assert len(other.acknowledged()) - before < 300
        for each in services:
            each.end()
        check_all_there(url, services, connect, **options)
