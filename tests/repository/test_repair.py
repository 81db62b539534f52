"""Repair heals what it can from wherever the bytes still are, and keeps all else bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repository.stores import SMALL, new_repository, objects
from tests.repository.trees import contents, noise, text, walk, write_tree
from tests.repository.wounded import Wounded, flip
from thoth_storage.errors import CorruptionError, NotFoundError
from thoth_storage.repository import Repository
from thoth_storage.repository.repair import LostFile


@pytest.fixture(params=["plain", "encrypted"])
def wounded(request: pytest.FixtureRequest, tmp_path: Path) -> Wounded:
    return Wounded(tmp_path, encrypted=request.param == "encrypted")


Damage = Callable[[bytes], bytes | None]
DAMAGES: dict[str, Damage] = {
    "a bit": flip,
    "cut off": lambda data: data[: len(data) // 2],
    "nothing left": lambda data: b"",
    "gone": lambda data: None,
}


def test_nothing_to_do_writes_nothing(wounded: Wounded) -> None:
    for drop in (False, True):
        report = wounded.repository.repair(drop=drop, source=wounded.source)
        assert report.ok
        assert (report.replaced, report.healed_blocks, report.lost) == ({}, 0, [])
        assert wounded.now() == wounded.stored


@pytest.mark.parametrize("damage", DAMAGES)
def test_heals_each_pack_from_the_source(damage: str, wounded: Wounded) -> None:
    for pack in wounded.packs:
        wounded.reset()
        wounded.put(pack, DAMAGES[damage](wounded.stored[pack]))
        assert not wounded.repository.verify().ok
        before = wounded.now()
        dry = wounded.repository.repair(source=wounded.archive, dry_run=True)
        assert wounded.now() == before
        report = wounded.repository.repair(source=wounded.archive)
        assert report.ok, report.problems
        assert report.lost == []
        assert report.healed_blocks > 0
        assert (dry.replaced, dry.healed_blocks, dry.healed_bytes) == (
            report.replaced,
            report.healed_blocks,
            report.healed_bytes,
        )
        wounded.check_all(report.replaced)
        assert wounded.repository.verify().ok
        healed = wounded.now()
        assert wounded.repository.repair(source=wounded.archive).replaced == {}
        assert wounded.now() == healed


def test_heals_all_packs_at_once(wounded: Wounded) -> None:
    for pack in wounded.packs:
        wounded.put(pack, None)
    report = wounded.repository.repair(source=wounded.archive)
    assert report.ok
    wounded.check_all(report.replaced)
    assert wounded.repository.verify().ok


def test_heals_what_a_source_with_the_newest_state_alone_can(wounded: Wounded) -> None:
    for pack in wounded.packs:
        wounded.put(pack, None)
    report = wounded.repository.repair(source=wounded.source)
    assert not report.ok
    assert set(report.replaced) == {wounded.ids[-1]}
    wounded.check(report.replaced[wounded.ids[-1]], -1)


def test_heals_from_another_copy(tmp_path: Path) -> None:
    """Two writers at once store the same block twice: here a snapshot that a copy brought."""
    repository = new_repository()
    tree = {"a": noise(5 * SMALL), "b": text(900)}
    first = repository.backup(write_tree(tmp_path / "source", tree)).id
    packs = set(objects(repository.backend, "packs/"))
    other = new_repository()
    second = other.backup(tmp_path / "source").id
    for key, data in objects(other.backend).items():
        if key.startswith(("packs/", "snapshots/")):
            repository.backend.put(key, data)
    (pack,) = packs
    repository.backend.delete(pack)
    sizes = set(objects(repository.backend, "packs/"))
    report = repository.repair()
    assert report.ok
    assert set(report.replaced) == {first}
    assert report.healed_blocks == 6
    # What another pack has is not stored again.
    assert set(objects(repository.backend, "packs/")) == sizes
    for id_ in (report.replaced[first], second):
        repository.restore(id_, tmp_path / id_)
        assert contents(tmp_path / id_) == tree


def test_deltas_are_undone_upon_a_base_that_was_found(tmp_path: Path) -> None:
    """The base of three snapshots is lost but for a folder with the oldest state: all four come back."""
    repository = new_repository()
    old = noise(3 * SMALL)
    states = [old]
    for number in range(1, 4):
        states.append(states[-1][: number * 900] + b"!" + states[-1][number * 900 + 1 :])
    ids = []
    packs: list[set[str]] = []
    for state in states:
        ids.append(repository.backup(write_tree(tmp_path / "source", {"a": state})).id)
        packs.append(set(objects(repository.backend, "packs/")))
    assert sum(map(len, objects(repository.backend, "packs/").values())) < 1.3 * len(old)
    (first,) = packs[0]
    repository.backend.delete(first)
    write_tree(tmp_path / "old", {"elsewhere": old})
    report = repository.repair(source=tmp_path / "old")
    assert report.ok
    assert set(report.replaced) == set(ids)
    for id_, state in zip(ids, states, strict=True):
        repository.restore(report.replaced[id_], tmp_path / "target", overwrite=True)
        assert contents(tmp_path / "target") == {"a": state}


def test_what_is_lost_is_told_and_dropped_only_on_request(wounded: Wounded) -> None:
    pack = wounded.pack_of["alone"]
    wounded.put(pack, flip(wounded.stored[pack], wounded.at["alone"]))
    before = wounded.now()
    report = wounded.repository.repair()
    assert wounded.now() == before
    assert not report.ok
    assert {problem.key for problem in report.problems} == {pack}
    assert [(lost.snapshot, lost.files) for lost in report.lost] == [
        (wounded.ids[1], (LostFile("alone", len(wounded.states[1]["alone"])),))
    ]
    dropped = wounded.repository.repair(drop=True)
    assert dropped.ok
    assert dropped.lost == report.lost
    assert set(dropped.replaced) == {wounded.ids[1]}
    new = wounded.repository.get(dropped.replaced[wounded.ids[1]])
    assert "repaired" in new.tags
    assert new.position is None
    assert new.files == len(wounded.states[1]) - 1
    wounded.states[1].pop("alone")
    wounded.check_all(dropped.replaced)
    assert wounded.repository.verify().ok
    after = wounded.now()
    assert wounded.repository.repair(drop=True).ok
    assert wounded.now() == after


def test_an_unreadable_snapshot_is_removed_on_request(wounded: Wounded) -> None:
    key = wounded.snapshots[1]
    wounded.put(key, flip(wounded.stored[key]))
    report = wounded.repository.repair()
    assert ([problem.key for problem in report.problems], report.removed) == ([key], [])
    assert wounded.repository.repair(drop=True, dry_run=True).removed == [wounded.ids[1]]
    assert key in wounded.now()
    report = wounded.repository.repair(drop=True)
    assert report.ok
    assert report.removed == [wounded.ids[1]]
    del wounded.stored[key]
    assert wounded.now() == wounded.stored


def test_what_a_newer_program_wrote_is_not_dropped(wounded: Wounded) -> None:
    """It is not damaged: this program is old."""
    key, pack = wounded.snapshots[0], wounded.pack_of["alone"]
    newer = (9).to_bytes(2, "little")
    for each in (key, pack):
        wounded.put(each, wounded.stored[each][:8] + newer + wounded.stored[each][10:])
    before = wounded.now()
    report = wounded.repository.repair(drop=True)
    assert {problem.key for problem in report.problems} == {key, pack}
    assert (report.removed, report.replaced) == ([], {})
    assert wounded.now() == before


def test_names_and_tags_follow(wounded: Wounded) -> None:
    repository = wounded.repository
    old, new = wounded.ids[0], wounded.ids[1]
    repository.set_name("good", old)
    repository.set_name("moved", old)
    repository.set_name("moved", new)
    repository.tag(old, add=["kept", "gone"])
    repository.tag(old, remove=["gone"])
    before = repository.get(old)
    wounded.stored = wounded.now()
    pack = wounded.packs[0]
    wounded.put(pack, flip(wounded.stored[pack]))
    report = repository.repair(source=wounded.source)
    assert report.ok
    after = repository.get("good")
    assert after.id == report.replaced[old]
    assert (after.name, after.names, after.tags, after.time) == (before.name, ("good",), before.tags, before.time)
    assert "kept" in after.tags
    assert "gone" not in after.tags
    assert repository.get("moved").id == report.replaced.get(new, new)
    parents = {snapshot.id: snapshot.parent for snapshot in repository.snapshots()}
    assert set(parents.values()) - {None} <= set(parents)


@pytest.mark.parametrize("kind", ["labels", "marks", "partial", "catalogue", "doomed", "moves"])
def test_damaged_records_are_removed_on_request(kind: str, wounded: Wounded) -> None:
    key = f"index/{kind}-20260101T000000000000Z-{'ab' * 16}"
    wounded.put(key, b"damaged")
    report = wounded.repository.repair()
    assert [problem.key for problem in report.problems] == [key]
    report = wounded.repository.repair(drop=True)
    assert report.ok
    assert report.records == [key]
    assert wounded.now() == wounded.stored


def test_moves_that_somebody_might_need_are_kept(wounded: Wounded) -> None:
    moves = f"index/moves-20260101T000000000000Z-{'ab' * 16}"
    wounded.put(moves, b"damaged")
    wounded.put(wounded.packs[0], None)
    found = {problem.key: problem.snapshots for problem in wounded.repository.verify().problems}
    assert found[moves] == found[wounded.packs[0]] != ()
    newer = wounded.stored[wounded.snapshots[-1]]
    wounded.put(wounded.snapshots[-1], newer[:8] + b"\x09" + newer[9:])
    assert moves not in wounded.repository.repair(drop=True).records
    wounded.put(wounded.snapshots[-1], newer)
    assert wounded.repository.repair(drop=True).records == [moves]


def test_without_a_source_there(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nothing was repaired"):
        repository.repair(source=tmp_path / "nowhere")


def test_odd_things_in_the_source_are_passed_over(wounded: Wounded) -> None:
    wounded.put(wounded.packs[-1], None)
    (wounded.source / "link").symlink_to("/dev/zero")
    (wounded.source / "gone").symlink_to("nowhere")
    before = walk(wounded.source)
    assert wounded.repository.repair(source=wounded.source).ok
    assert walk(wounded.source) == before


def test_an_old_snapshot_that_was_replaced_is_not_found_again(wounded: Wounded, tmp_path: Path) -> None:
    pack = wounded.packs[-1]
    wounded.put(pack, None)
    report = wounded.repository.repair(source=wounded.source)
    for old in report.replaced:
        with pytest.raises((NotFoundError, CorruptionError)):
            wounded.repository.restore(old, tmp_path / "target")
