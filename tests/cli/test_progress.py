"""What progress tells: how fast, and how long still."""

from __future__ import annotations

import time

import pytest

from thoth_storage.cli.watching import lines, pace
from thoth_storage.repository.reports import Progress, timed


@pytest.mark.parametrize(
    ("done", "total", "seconds", "rate", "remaining"),
    [
        (0, 100, 0.0, 0.0, None),
        (0, 100, 5.0, 0.0, None),
        (50, 100, 0.0, 0.0, None),
        (25, 100, 5.0, 5.0, 15.0),
        (100, 100, 5.0, 20.0, 0.0),
        (0, 0, 0.0, 0.0, 0.0),
    ],
)
def test_rate_and_time_left(done: int, total: int, seconds: float, rate: float, remaining: float | None) -> None:
    progress = Progress("backup", done, total, seconds=seconds)
    assert (progress.rate, progress.remaining) == (rate, remaining)


def test_seconds_are_added_on_the_way() -> None:
    told: list[Progress] = []
    tell = timed(told.append)
    assert tell is not None
    tell(Progress("restore", 0, 10, 1, 2, 3))
    time.sleep(0.02)
    tell(Progress("restore", 10, 10))
    assert 0 <= told[0].seconds < told[1].seconds
    assert told[1].seconds >= 0.02
    assert told[0] == Progress("restore", 0, 10, 1, 2, 3, told[0].seconds)


def test_nobody_is_told() -> None:
    assert timed(None) is None


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (Progress("verify", 0, 100), ""),
        (Progress("verify", 0, 100, seconds=5), ""),
        (Progress("verify", 5 * 1024, 15 * 1024, seconds=5), "1.0 KiB/s, 0:00:10 left"),
        (Progress("verify", 1024, 3700 * 1024 + 1024, seconds=1), "1.0 KiB/s, 1:01:40 left"),
        (Progress("verify", 100, 100, seconds=5), "20 B/s, 0:00:00 left"),
    ],
)
def test_a_bar_shows_the_rate_and_the_time_left(progress: Progress, shown: str) -> None:
    assert pace(progress) == shown


def test_lines_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    tell = lines("verify")
    for seconds in range(13):
        tell(Progress("verify", seconds * 1024, 15 * 1024, seconds=seconds))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "verify: 5.0 KiB of 15.0 KiB, 1.0 KiB/s, 0:00:10 left\nverify: 10.0 KiB of 15.0 KiB, 1.0 KiB/s, 0:00:05 left\n"
    )
