"""A verification that reads a part each day has read everything at the end, whoever runs it and wherever."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.repository.stores import SMALL, objects, over
from tests.repository.trees import noise, write_tree
from thoth_storage.errors import InvalidArgumentError
from thoth_storage.repository import Repository, packs
from thoth_storage.repository.sampling import to_part
from thoth_storage.wrappers import MeteredBackend

DAY = 86_400


@pytest.fixture
def many(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Sixty packs."""
    monkeypatch.setattr(packs, "PACK_SIZE", SMALL)
    repository.backup(write_tree(tmp_path / "source", {f"{n}": noise(SMALL + 1, n) for n in range(60)}))
    assert len(objects(repository.backend, "packs/")) > 50
    return repository


@pytest.mark.parametrize("count", [1, 2, 7, 30, 100])
def test_the_parts_are_the_whole(count: int, many: Repository) -> None:
    whole = many.verify()
    parts = [many.verify(f"{number}/{count}") for number in range(1, count + 1)]
    assert sum(part.blocks for part in parts) == whole.blocks > 100
    assert sum(part.bytes for part in parts) == whole.bytes
    assert all(part.ok and part.snapshots == 1 for part in parts)
    if 1 < count < 30:
        assert all(0 < part.blocks < whole.blocks for part in parts)
    assert [many.verify(f"{number}/{count}").blocks for number in range(1, count + 1)] == [p.blocks for p in parts]


def test_a_part_reads_no_more(many: Repository) -> None:
    meter = MeteredBackend(many.backend)
    repository = over(many, meter)
    repository.verify(False)
    structure = meter.meters["get"].bytes
    meter.reset()
    assert repository.verify("1/10").blocks < 40
    assert meter.meters["get"].bytes - structure < 40 * (SMALL + 100)


@pytest.mark.parametrize(
    ("wanted", "days"), [("5%", 20), ("50%", 2), ("60%", 1), ("100%", 1), (0.05, 20), (0.34, 2), (1, 1), (1.0, 1)]
)
def test_as_many_days_as_parts(
    wanted: str | float, days: int, many: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, blocks = set(), 0
    for day in range(days):
        monkeypatch.setattr(time, "time", lambda day=day: (20_000 + day) * DAY + 3_600.5)
        report = many.verify(wanted)
        monkeypatch.setattr(time, "time", lambda day=day: (20_001 + day) * DAY - 0.5)
        assert many.verify(wanted).part == report.part  # the whole day, in UTC
        seen.add(report.part)
        blocks += report.blocks
    assert len(seen) == days
    assert blocks == many.verify().blocks


def test_damage_is_found_by_the_part_that_has_it(many: Repository) -> None:
    key = sorted(objects(many.backend, "packs/"))[17]
    data = bytearray(many.backend.get(key))
    data[100] ^= 1
    many.backend.put(key, bytes(data))
    found = [report for report in (many.verify(f"{n}/12") for n in range(1, 13)) if not report.ok]
    assert len(found) == 1
    assert {problem.key for problem in found[0].problems} == {key}
    assert many.verify(False).ok


@pytest.mark.parametrize("number", [1, 5])
def test_what_is_missing_is_found_by_any_part(number: int, many: Repository) -> None:
    key = sorted(objects(many.backend, "packs/"))[17]
    many.backend.delete(key)
    for wanted in (f"{number}/12", False, "1%", True):
        assert {problem.key for problem in many.verify(wanted).problems} == {key}


NONSENSE = ["", "5", "0%", "101%", "-5%", "5 %", "0/3", "4/3", "1/0", "1/3/5", "all", 0.0, -0.1, 1.5, 2, float("nan")]


@pytest.mark.parametrize("wanted", NONSENSE)
def test_what_says_not_how_much(wanted: str | float, many: Repository) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        many.verify(wanted)
    assert "5%" in str(caught.value.hint)


@given(st.integers(1, 9_999))
def test_no_less_is_read_than_was_asked_for(hundredths: int) -> None:
    wanted = Fraction(hundredths, 10_000)
    part = to_part(f"{hundredths / 100:.2f}%")
    assert Fraction(1, part.count) >= wanted
    assert Fraction(1, part.count + 1) < wanted


@pytest.mark.parametrize("count", [*range(1, 200), 365, 1_000, 999_999])
def test_a_whole_part_is_that_part(count: int) -> None:
    assert to_part(1 / count).count == count
