"""A block that changed a little costs what changed: deltas, what they stand on, and where the old bytes come from."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.repository.copies import KEYS, blocks_of, make
from tests.repository.stores import BLOCK, SMALL, new_repository, objects, over, pack_bytes
from tests.repository.trees import contents, noise, text, write_tree
from thoth_storage.repository import Repository, deltas
from thoth_storage.wrappers import MeteredBackend


def nudge(data: bytes, seed: object, share: float = 0.01) -> bytes:
    """Some bytes in each part of the data are others: as new neighbours do to an index."""
    chance, changed = random.Random(f"{seed}"), bytearray(data)
    for _ in range(max(1, int(len(data) * share / 8))):
        at = chance.randrange(len(data))
        changed[at : at + 8] = chance.randbytes(len(changed[at : at + 8]))
    return bytes(changed)


def restored(repository: Repository, wanted: str, folder: Path) -> dict[str, bytes]:
    repository.restore(wanted, folder / "restored", overwrite=True)
    return contents(folder / "restored")


@pytest.mark.parametrize("key", [None, KEYS[0]], ids=["plain", "encrypted"])
@pytest.mark.parametrize("block", [SMALL, BLOCK])
def test_a_change_costs_what_changed(block: int, key: bytes | None, tmp_path: Path) -> None:
    repository = make(key, block=block)
    data = noise(16 * block)
    source = write_tree(tmp_path / "source", {"index": data})
    first = repository.backup(source)
    changed = nudge(data, "once", 0.005)
    write_tree(source, {"index": changed})
    full = repository.backup(source, deltas=False)
    repository.backend.delete(*(key for key in objects(repository.backend, "snapshots/") if full.id in key))
    second = repository.backup(source)
    assert full.added > 0.9 * first.added
    assert second.added < full.added / 10
    assert restored(repository, second.id, tmp_path) == {"index": changed}
    assert restored(repository, first.id, tmp_path) == {"index": data}
    assert repository.verify().ok


def test_chains_are_short_and_each_link_gives_its_bytes(tmp_path: Path) -> None:
    repository = new_repository(block=16 * SMALL)
    source, data = tmp_path / "source", noise(6 * 16 * SMALL)
    states = {}
    for number in range(12):
        data = nudge(data, number, 0.002)
        states[repository.backup(write_tree(source, {"index": data})).id] = data
    depths = [max(block.depth for block in blocks_of(repository, each)) for each in states]
    assert depths[: deltas.CHAIN + 1] == list(range(deltas.CHAIN + 1))
    assert max(depths) <= deltas.CHAIN
    for each, data in states.items():
        assert restored(repository, each, tmp_path) == {"index": data}
    assert pack_bytes(repository.backend) < 2 * len(data)


def test_what_saves_little_is_stored_in_full(tmp_path: Path) -> None:
    repository = new_repository()
    source = write_tree(tmp_path / "source", {"noise": noise(4 * SMALL), "text": text(4 * SMALL)})
    repository.backup(source)
    write_tree(source, {"noise": noise(4 * SMALL, "another"), "text": text(4 * SMALL, "another")})
    snapshot = repository.backup(source)
    assert all(block.base is None for block in blocks_of(repository, snapshot.id) if block.stored > SMALL)
    assert restored(repository, snapshot.id, tmp_path) == contents(source)


def test_a_file_that_grew_shrank_or_moved(tmp_path: Path) -> None:
    repository = new_repository()
    data = noise(6 * SMALL + 100)
    source = write_tree(tmp_path / "source", {"grows": data, "shrinks": data[::-1], "moves": noise(3 * SMALL, "m")})
    repository.backup(source)
    (source / "moves").rename(source / "moved")
    write_tree(
        source, {"grows": nudge(data, 1) + noise(SMALL, "more"), "shrinks": nudge(data[::-1], 2)[: 2 * SMALL + 7]}
    )
    snapshot = repository.backup(source)
    assert restored(repository, snapshot.id, tmp_path) == contents(source)
    assert {block.depth for block in blocks_of(repository, snapshot.id)} == {0, 1}


def test_the_old_bytes_come_from_staging(tmp_path: Path) -> None:
    """Hashing them is cheaper than their download."""
    repository = new_repository()
    data = {"a": noise(20 * SMALL), "b/c": noise(9 * SMALL, "c")}
    source, staging = write_tree(tmp_path / "source", data), write_tree(tmp_path / "staging", data)
    repository.backup(source)
    write_tree(source, {path: nudge(content, path) for path, content in data.items()})
    meter = MeteredBackend(repository.backend)
    stored = objects(repository.backend)
    without = over(repository, meter).backup(source)
    read = meter.meters["get"].bytes
    repository.backend.delete(*(objects(repository.backend).keys() - stored.keys()))
    meter.reset()
    with_it = over(repository, meter).backup(source, staging=staging)
    assert (with_it.added, with_it.size) == (without.added, without.size)
    assert read > 29 * SMALL
    assert meter.meters["get"].bytes < 8 * SMALL  # manifests
    assert restored(repository, with_it.id, tmp_path) == contents(source)


@pytest.mark.parametrize("how", ["gone", "other", "short", "folders", "link"])
def test_staging_that_holds_something_else(how: str, tmp_path: Path) -> None:
    """It is believed as far as its bytes have the right names, and no further."""
    repository = new_repository()
    data = noise(8 * SMALL)
    source = write_tree(tmp_path / "source", {"a": data})
    repository.backup(source)
    write_tree(source, {"a": nudge(data, 1)})
    staging = tmp_path / "staging"
    if how != "gone":
        staging.mkdir()
    if how == "other":
        write_tree(staging, {"a": nudge(data, 2, 0.5)})
    elif how == "short":
        write_tree(staging, {"a": data[: 3 * SMALL + 5]})
    elif how == "folders":
        (staging / "a").mkdir()
    elif how == "link":
        (staging / "a").symlink_to("a")
    snapshot = repository.backup(source, staging=staging)
    assert snapshot.added < 2 * SMALL
    assert restored(repository, snapshot.id, tmp_path) == contents(source)


def test_no_delta_stands_on_damage(tmp_path: Path) -> None:
    repository = new_repository()
    data = noise(8 * SMALL)
    source = write_tree(tmp_path / "source", {"a": data})
    repository.backup(source)
    [pack] = objects(repository.backend, "packs/")
    stored = bytearray(repository.backend.get(pack))
    stored[len(stored) // 2] ^= 1
    repository.backend.put(pack, bytes(stored))
    write_tree(source, {"a": nudge(data, 1, 0.05)})
    snapshot = repository.backup(source)
    assert restored(repository, snapshot.id, tmp_path) == contents(source)
    assert {block.depth for block in blocks_of(repository, snapshot.id)} == {0, 1}


def test_several_directories_in_one_repository(tmp_path: Path) -> None:
    """Deltas go against the snapshot that is most like the source, not against whichever is newest."""
    repository = new_repository()
    mine, other = noise(12 * SMALL), noise(12 * SMALL, "other")
    source = write_tree(tmp_path / "source", {"mine": mine})
    repository.backup(source)
    repository.backup(write_tree(tmp_path / "other", {"other": other, "small": b"x"}))
    write_tree(source, {"mine": nudge(mine, 1)})
    snapshot = repository.backup(source)
    assert snapshot.added < 4 * SMALL
    assert restored(repository, snapshot.id, tmp_path) == contents(source)
