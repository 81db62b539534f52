"""Requests cost money and time: neighbours are read together, what lies between distant blocks is not read at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.stores import SMALL, new_repository
from tests.repository.trees import contents, noise, write_tree
from thoth_storage.repository import Repository, ranges
from thoth_storage.wrappers import MeteredBackend

MANY = {f"{n:02d}": noise(SMALL + n, n) for n in range(80)}


@pytest.fixture
def meter(tmp_path: Path) -> MeteredBackend:
    repository = new_repository()
    repository.backup(write_tree(tmp_path / "source", MANY))
    return MeteredBackend(repository.backend)


def test_neighbours_are_one_request(meter: MeteredBackend, tmp_path: Path) -> None:
    repository = Repository.open(meter)
    meter.reset()
    repository.restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == MANY
    assert meter.meters["list"].requests == 2  # the snapshots, and what was said of them and of packs
    assert meter.meters["get"].requests <= 3  # the snapshot in one or two, the pack in one
    assert sum(meter.meters[verb].requests for verb in ("put", "create", "head", "delete")) == 0


def test_what_lies_between_is_not_read(meter: MeteredBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "_GAP", 4 * SMALL)
    repository = Repository.open(meter)
    meter.reset()
    repository.restore("latest", tmp_path / "target", include=["00", "40", "79"])
    assert contents(tmp_path / "target").keys() == {"00", "40", "79"}
    assert meter.meters["get"].requests <= 5
    assert meter.meters["get"].bytes < 10 * SMALL + 16_000


def test_small_gaps_are_read_along(meter: MeteredBackend, tmp_path: Path) -> None:
    repository = Repository.open(meter)
    meter.reset()
    repository.restore("latest", tmp_path / "target", include=["40", "45", "50"])
    assert meter.meters["get"].requests <= 3


def test_verify_reads_each_byte_once(meter: MeteredBackend) -> None:
    repository = Repository.open(meter)
    stored = sum(info.size for info in meter.inner.list())
    meter.reset()
    assert repository.verify().ok
    assert meter.meters["get"].bytes <= stored + 4096


def test_listing_a_few_reads_headers_alone(meter: MeteredBackend, tmp_path: Path) -> None:
    repository = Repository.open(meter)
    for _ in range(5):
        repository.backup(tmp_path / "source")
    meter.reset()
    assert len(repository.snapshots()) == 6
    assert (meter.meters["list"].requests, meter.meters["get"].requests) == (2, 6)
    assert meter.meters["get"].bytes <= 6 * 4096


def test_listing_many_is_a_listing(meter: MeteredBackend, tmp_path: Path) -> None:
    """Headers are gathered in a catalogue every now and then; those behind it are read by themselves."""
    repository = Repository.open(meter)
    made = [repository.backup(write_tree(tmp_path / "tiny", {"a": b"%d" % number})) for number in range(100)]
    meter.reset()
    assert repository.snapshots()[:100] == made[::-1]
    assert meter.total().requests <= 20
    meter.reset()
    assert repository.get(made[50].id) == made[50]
    assert meter.total().requests <= 4
