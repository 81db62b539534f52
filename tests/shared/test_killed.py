"""A writer that is killed at any point of append, apply, checkpoint, restore and close: what it was told is written is
there, what was under way is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared.killing import PROGRAM, agree, run, states

SHARES = 8


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """All points that an undisturbed run comes by."""
    folder = tmp_path_factory.mktemp("undisturbed")
    place = f"file://{folder}/store"
    ran = run(place, folder / "cache")
    assert ran.names
    assert ran.done == len(PROGRAM)
    agree(place, folder / "cache", [states(PROGRAM)[-1]])
    return ran.names


def kill_at(number: int, folder: Path) -> bool:
    """Whether it came so far."""
    place = f"file://{folder}/store"
    ran = run(place, folder / "cache", number)
    agree(place, folder / "cache", states(PROGRAM)[ran.done : ran.begun + 1])
    return ran.names is None


def test_every_kind_of_point_is_come_by(points: list[str]) -> None:
    wanted = {
        *("create log/00000", "create snapshots", "create repositor", "put packs", "take_own", "swap", "_add"),
        *("_delete", "shut", "keep", "mark"),
    }
    for each in wanted:
        for when in ("before", "after"):
            assert any(name.startswith(f"{when} {each}") for name in points), f"{when} {each}"


@pytest.mark.parametrize("share", range(8))
def test_some_points(points: list[str], share: int, tmp_path: Path) -> None:
    number = 1 + (len(points) * (2 * share + 1)) // 16
    assert kill_at(number, tmp_path), points[number - 1]


@pytest.mark.soak
@pytest.mark.parametrize("share", range(SHARES))
def test_all_points(points: list[str], share: int, tmp_path: Path) -> None:
    for number in range(1 + share, len(points) + 1, SHARES):
        # Threads that upload packs come by in another order, so the last few points may be missed.
        assert kill_at(number, tmp_path / str(number)) or number > len(points) - 10
