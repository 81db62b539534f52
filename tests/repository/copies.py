"""What the tests of copying share: repositories with and without keys, a history of deltas, and what equal means."""

from __future__ import annotations

import os
from pathlib import Path

from tests.repository.stores import SMALL, new_repository
from tests.repository.trees import noise, text, walk, write_tree
from thoth_storage.backend import Backend
from thoth_storage.repository import Repository
from thoth_storage.repository.cipher import check_of
from thoth_storage.repository.index import Index
from thoth_storage.repository.keyring import add_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.moves import load_moves
from thoth_storage.repository.records import list_keys, read_blocks
from thoth_storage.repository.settings import CIPHER, Encryption, create_settings, new_settings
from thoth_storage.repository.wrapping import to_secret

__all__ = ["BLOCKS", "KEYS", "blocks_of", "check_equal", "make", "write_history"]

KEYS = (b"a" * 32, b"b" * 32)
BLOCKS = 24
"""Blocks of noise in the file that the history changes."""


def make(key: bytes | None = None, where: Backend | Path | None = None, block: int = SMALL) -> Repository:
    """An empty repository, encrypted if there is a key."""
    if key is None:
        return new_repository(where, block)
    backend = new_repository(where).backend
    backend.delete("repository.json")
    data_key = os.urandom(32)
    settings = new_settings(block, Encryption(CIPHER, check_of(data_key)))
    add_key(backend, settings.id, data_key, to_secret(key))
    create_settings(backend, settings)
    return Repository.open(backend, encryption_key=key)


def write_history(repository: Repository, folder: Path, snapshots: int = 7) -> list[str]:
    """Backups of which each changes a few bytes in each block, so that all but the first are deltas; and adds a file,
    and keeps one. Ids, oldest first."""
    data = bytearray(noise(BLOCKS * SMALL, "history"))
    ids = []
    for number in range(snapshots):
        for start in range(0, len(data), SMALL):
            data[start + 10 * number] ^= 255
        tree = {
            "changed": bytes(data),
            "same": text(3 * SMALL),
            f"new/{number}": noise(SMALL + 9, number),
            "empty": b"",
        }
        write_tree(folder, tree)
        made = repository.backup(folder, name=f"n{number % 2}", tags=["t", f"t{number}"], position=number)
        ids.append(made.id)
    return ids


def check_equal(source: Repository, target: Repository, folder: Path, ids: list[str] | None = None) -> None:
    """All (or these) snapshots of the source are in the target too, the same in all that people see and read."""
    assert target.verify().ok
    wanted = [each.id for each in source.snapshots()] if ids is None else ids
    keys = {key.id: key.key for key in list_keys(target.backend)}
    for key in list_keys(source.backend):
        assert key.id not in wanted or keys[key.id] == key.key
    for each in wanted:
        mine, theirs = source.get(each), target.get(each)
        assert vars(theirs) | {"added": 0} == vars(mine) | {"added": 0}
        source.restore(each, folder / "mine", overwrite=True)
        target.restore(each, folder / "theirs", overwrite=True)
        assert walk(folder / "mine") == walk(folder / "theirs")


def blocks_of(repository: Repository, wanted: str) -> list[Block]:
    """The block table of a snapshot."""
    key = next(key for key in list_keys(repository.backend) if key.id == wanted)
    return read_blocks(repository.vault, key, load_moves(repository.vault, Index(repository.vault)))[1]
