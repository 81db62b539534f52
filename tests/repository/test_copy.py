"""A copy is the same snapshots elsewhere: under other keys, in other places, with only what is missing moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.copies import BLOCKS, KEYS, blocks_of, check_equal, make, write_history
from tests.repository.stores import SMALL, fresh_backend, objects, over, pack_bytes, put_back
from tests.repository.trees import noise, text, write_tree
from thoth_storage.errors import ConfigurationError, NotFoundError
from thoth_storage.repository import Progress, Repository
from thoth_storage.repository.deltas import CHAIN
from thoth_storage.wrappers import MeteredBackend

PLAIN = None
DIRECTIONS = {
    "plain": (PLAIN, PLAIN),
    "encrypting": (PLAIN, KEYS[0]),
    "decrypting": (KEYS[0], PLAIN),
    "another key": KEYS,
}
directions = pytest.mark.parametrize("keys", DIRECTIONS.values(), ids=DIRECTIONS)
Keys = tuple[bytes | None, bytes | None]


@directions
def test_all_that_there_is(keys: Keys, tmp_path: Path) -> None:
    source, target = make(keys[0]), make(keys[1], tmp_path / "repository")
    ids = write_history(source, tmp_path / "source")
    report = source.copy_to(target)
    assert report.snapshots == tuple(ids)
    assert report.skipped == ()
    check_equal(source, target, tmp_path)
    # Deltas stay deltas: nothing is larger, but for a few bytes where blocks are sealed.
    assert report.stored == pack_bytes(target.backend)
    assert report.stored <= pack_bytes(source.backend) + 64 * report.blocks
    assert sum(each.added for each in target.snapshots()) == report.stored
    depths = [max(block.depth for block in blocks_of(target, each)) for each in ids]
    assert depths == [max(block.depth for block in blocks_of(source, each)) for each in ids]
    assert max(depths) == CHAIN
    if keys[1]:
        stored = b"".join(objects(target.backend).values())
        assert text(200)[:100] not in stored
        assert not any(block.digest in stored for block in blocks_of(source, ids[0]))


@directions
def test_again_moves_nothing(keys: Keys, tmp_path: Path) -> None:
    source, target = make(keys[0]), make(keys[1])
    ids = write_history(source, tmp_path / "source")
    source.tag(ids[1], add=["later"])
    source.set_name("good", ids[2])
    source.copy_to(target)
    stored = objects(target.backend)
    # Without packs nothing could be read.
    source.backend.delete(*objects(source.backend, "packs/"))
    reads, writes = MeteredBackend(source.backend), MeteredBackend(target.backend)
    report = over(source, reads).copy_to(over(target, writes))
    assert (report.snapshots, report.skipped) == ((), tuple(ids))
    assert (report.blocks, report.read, report.stored) == (0, 0, 0)
    assert objects(target.backend) == stored
    assert reads.total().requests <= 5
    assert writes.meters["put"].requests == writes.meters["create"].requests == 0


@directions
def test_the_newest_moves_little(keys: Keys, tmp_path: Path) -> None:
    source, target = make(keys[0]), make(keys[1])
    write_history(source, tmp_path / "source", 3)
    source.copy_to(target)
    write_tree(tmp_path / "source", {"added": noise(5 * SMALL, "added")})
    newest = source.backup(tmp_path / "source")
    report = source.copy_to(target)
    assert report.snapshots == (newest.id,)
    assert report.blocks == 5
    assert 5 * SMALL < report.stored < 6 * SMALL
    assert report.read < 6 * SMALL
    check_equal(source, target, tmp_path)


@directions
def test_a_base_that_is_nowhere_any_more(keys: Keys, tmp_path: Path) -> None:
    """The first snapshot was forgotten; its blocks stay in the source since deltas stand on them."""
    source, target = make(keys[0]), make(keys[1])
    ids = write_history(source, tmp_path / "source", CHAIN + 2)
    source.forget([ids[0], ids[2]])
    report = source.copy_to(target)
    assert report.snapshots == (ids[1], *ids[3:])
    check_equal(source, target, tmp_path)
    depths = [max(block.depth for block in blocks_of(target, each)) for each in report.snapshots]
    # In full where the base is missing, as a delta where it is there; the last stands on the first again.
    assert depths == [0, 0, 1, 0]


def test_what_the_target_has_by_itself(tmp_path: Path) -> None:
    source, target = make(), make()
    ids = write_history(source, tmp_path / "source", 2)
    own = target.backup(tmp_path / "source")
    report = source.copy_to(target)
    assert report.snapshots == tuple(ids)
    check_equal(source, target, tmp_path)
    assert target.get(own.id) == own
    assert report.blocks == BLOCKS, "only those of the first that changed"
    assert target.get(ids[1]).added == 0


def test_a_longer_chain_in_the_target(tmp_path: Path) -> None:
    """The base is itself a long chain there: the block is stored in full rather than lengthen it."""
    source, target = make(), make()
    write_history(target, tmp_path / "source", CHAIN + 1)
    assert max(block.depth for block in blocks_of(target, target.get("latest").id)) == CHAIN
    (tmp_path / "again").mkdir()
    data = bytearray((tmp_path / "source" / "changed").read_bytes())
    source.backup(write_tree(tmp_path / "again", {"changed": bytes(data)}))
    for start in range(0, len(data), SMALL):
        data[start + 999] ^= 1
    newest = source.backup(write_tree(tmp_path / "again", {"changed": bytes(data)}))
    assert {block.depth for block in blocks_of(source, newest.id)} == {1}
    source.copy_to(target)
    assert {block.depth for block in blocks_of(target, newest.id)} == {0}
    assert target.verify().ok


def test_some(tmp_path: Path) -> None:
    source, target = make(), make(KEYS[0])
    ids = write_history(source, tmp_path / "source")
    source.set_name("good", ids[2])
    assert source.copy_to(target, ["latest", ids[0][:12], "good", ids[2]]).snapshots == (ids[0], ids[2], ids[6])
    assert source.copy_to(target, ["n1"]).snapshots == (ids[5],)
    assert source.copy_to(target, []).snapshots == ()
    check_equal(source, target, tmp_path, [ids[0], ids[2], ids[5], ids[6]])
    with pytest.raises(NotFoundError, match="no snapshot"):
        source.copy_to(target, ["missing"])
    # What is between comes later, and each in its place.
    assert source.copy_to(target).snapshots == (ids[1], ids[3], ids[4])
    assert [each.id for each in target.snapshots()] == list(reversed(ids))
    check_equal(source, target, tmp_path)


@directions
def test_blocks_of_another_size(keys: Keys, tmp_path: Path) -> None:
    source, target = make(keys[0], block=3 * SMALL), make(keys[1])
    write_history(source, tmp_path / "source", 3)
    source.copy_to(target)
    check_equal(source, target, tmp_path)
    write_history(target, tmp_path / "other", 3)
    target.copy_to(source)
    check_equal(target, source, tmp_path)


def test_there_and_back(tmp_path: Path) -> None:
    """Nothing is moved back, though all names differ."""
    source, target = make(KEYS[0]), make(KEYS[1])
    ids = write_history(source, tmp_path / "source", 3)
    source.copy_to(target)
    write_tree(tmp_path / "source", {"added": noise(5 * SMALL, "added")})
    newest = target.backup(tmp_path / "source")
    report = target.copy_to(source)
    assert (report.snapshots, report.skipped, report.blocks) == ((newest.id,), tuple(ids), 5)
    check_equal(target, source, tmp_path)


def test_onto_itself(tmp_path: Path) -> None:
    source = make()
    source.backup(write_tree(tmp_path / "source", {"a": b"a"}))
    twin = Repository(over(source, fresh_backend()).vault)
    put_back(twin.backend, objects(source.backend))
    for target in (source, twin):
        with pytest.raises(ConfigurationError, match="same repository"):
            source.copy_to(target)


def test_nothing(tmp_path: Path) -> None:
    source, target = make(), make()
    seen: list[float] = []
    report = source.copy_to(target, progress=lambda progress: seen.append(progress.total))
    assert (report.snapshots, report.skipped) == ((), ())
    assert seen


def test_progress(tmp_path: Path) -> None:
    source, target = make(), make(KEYS[0])
    write_history(source, tmp_path / "source", 3)
    seen: list[Progress] = []
    report = source.copy_to(target, progress=seen.append)
    assert {each.action for each in seen} == {"copy"}
    assert (seen[0].done, seen[0].files_done, seen[0].stored) == (0, 0, 0)
    assert all(each.done <= each.total and each.files_done <= each.files_total for each in seen)
    assert [each.done for each in seen] == sorted(each.done for each in seen)
    last = seen[-1]
    assert last.done == last.total > 0
    assert last.files_done == last.files_total == 4 + 5 + 6
    assert last.stored == report.stored


def test_what_version_1_wrote(tmp_path: Path) -> None:
    """So an old repository gets what its version does not know, such as a key."""
    source = Repository.open(Path(__file__).parent.parent / "fixtures" / "v1" / "repository")
    target = make(KEYS[0])
    before = objects(source.backend)
    assert len(source.copy_to(target).snapshots) == len(source.snapshots()) == 2
    check_equal(source, target, tmp_path)
    assert objects(source.backend) == before
