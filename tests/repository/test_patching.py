"""A restore over an older state reads the deltas, and not what they stand on: that is there already."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repository.copies import KEYS, blocks_of, make
from tests.repository.stores import BLOCK
from tests.repository.test_deltas import nudge
from tests.repository.trees import contents, noise, write_tree
from thoth_storage.errors import CorruptionError
from thoth_storage.repository import Repository
from thoth_storage.repository.layout import pack_key

BLOCKS = 12


def states(repository: Repository, folder: Path, count: int) -> list[dict[str, bytes]]:
    """So many snapshots, each a little different in every block from the one before."""
    made = [{"index": noise(BLOCKS * BLOCK)}]
    for number in range(count):
        repository.backup(write_tree(folder, made[-1]), name=f"state-{number}")
        made.append({"index": nudge(made[-1]["index"], number, 0.001)})
    return made[:count]


@pytest.mark.parametrize("key", [None, KEYS[0]], ids=["plain", "encrypted"])
@pytest.mark.parametrize("behind", [1, 3])
def test_only_the_deltas_are_read(key: bytes | None, behind: int, tmp_path: Path) -> None:
    repository = make(key, block=BLOCK)
    made = states(repository, tmp_path / "source", behind + 1)
    repository.restore("state-0", tmp_path / "target")
    report = repository.restore(f"state-{behind}", tmp_path / "target", overwrite=True)
    assert contents(tmp_path / "target") == made[-1]
    assert report.reused == 0
    assert report.read < BLOCKS * BLOCK / 4


def test_another_directory_serves_as_well(tmp_path: Path) -> None:
    repository = make(None, block=BLOCK)
    made = states(repository, tmp_path / "source", 2)
    repository.restore("state-0", tmp_path / "kept")
    report = repository.restore("state-1", tmp_path / "target", reuse=tmp_path / "kept")
    assert contents(tmp_path / "target") == made[1]
    assert contents(tmp_path / "kept") == made[0]
    assert report.read < BLOCKS * BLOCK / 4


def test_what_stands_on_something_else_is_fetched(tmp_path: Path) -> None:
    """Behind a full chain a delta stands on the full block again, which the target has not any more."""
    repository = make(None, block=BLOCK)
    made = states(repository, tmp_path / "source", 6)
    repository.restore("state-4", tmp_path / "target")
    repository.restore("state-5", tmp_path / "target", overwrite=True)
    assert contents(tmp_path / "target") == made[5]


def test_old_bytes_that_change_meanwhile_are_not_built_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a live store does to the directory that its next state is made of."""
    repository = make(None, block=BLOCK)
    made = states(repository, tmp_path / "source", 2)
    repository.restore("state-0", tmp_path / "kept")
    read: Callable[[int, int, int], bytes] = os.pread
    seen: set[int] = set()

    def other(descriptor: int, length: int, offset: int) -> bytes:
        if offset in seen:
            return random.Random(offset).randbytes(length)
        seen.add(offset)
        return read(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", other)
    repository.restore("state-1", tmp_path / "target", reuse=tmp_path / "kept")
    assert contents(tmp_path / "target") == made[1]


def test_a_damaged_delta_is_named(tmp_path: Path) -> None:
    repository = make(None, block=BLOCK)
    states(repository, tmp_path / "source", 2)
    repository.restore("state-0", tmp_path / "target")
    [block] = [each for each in blocks_of(repository, repository.get("state-1").id) if each.base][:1]
    key = pack_key(block.pack)
    data = bytearray(repository.backend.get(key))
    data[block.offset + block.stored // 2] ^= 1
    repository.backend.put(key, bytes(data))
    with pytest.raises(CorruptionError) as told:
        repository.restore("state-1", tmp_path / "target", overwrite=True)
    assert told.value.key == key
