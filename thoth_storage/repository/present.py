"""What a target has already, for a copy that goes from snapshot to snapshot.

A backup looks at the newest snapshots once. A copy may be anywhere between old ones, so it reads the target's manifests
near the snapshot that it is at, and keeps what it stored itself; what it has not needed for long is let go again, so
that memory does not grow with the history.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository.footing import Footing
from thoth_storage.repository.index import Index
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.manifest import Block, Body
from thoth_storage.repository.moves import load_moves
from thoth_storage.repository.partials import load_partials
from thoth_storage.repository.records import read_blocks
from thoth_storage.repository.vault import Vault

__all__ = ["Present", "keep"]

_MOST = 250_000
"""Blocks that are kept in mind: some 100 MiB of memory, for 60 GiB of blocks of the usual size."""
_TABLES = 3
"""A snapshot that has more blocks by itself gets room for so many of its kind."""
_V = TypeVar("_V")


class Present:
    """Blocks by name, none of them in a pack that is marked, missing or cut off."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._blocks: dict[bytes, Block] = {}
        self.look()

    def look(self) -> None:
        """Look anew at what prunes do. What is known stays so as far as it is still sound."""
        index = Index(self._vault)
        self._footing = Footing(self._vault, index)
        self._moves = load_moves(self._vault, index)
        partials = load_partials(self._vault, index)
        self._read: set[str] = set()
        known = (*partials, *self._blocks.values())
        self._blocks = {block.digest: block for block in known if block.digest and self._footing.holds(block)}

    @property
    def heeded(self) -> frozenset[str]:
        """Ids of the records of prunes that were seen, whose packs are not among the blocks."""
        return self._footing.heeded

    def get(self, name: bytes | None, plain: int) -> Block | None:
        """A manifest that lies about a length is not built on."""
        block = self._blocks.get(name) if name else None
        return block if block and block.plain == plain else None

    def add(self, block: Block) -> None:
        self._blocks[block.digest] = block

    def is_read(self, key: SnapshotKey) -> bool:
        return key.key in self._read

    def read(self, key: SnapshotKey) -> tuple[Body, list[Block]] | None:
        """Learn what a snapshot has. None for one that is damaged or was forgotten: blocks are then stored anew."""
        self._read.add(key.key)
        try:
            body, table = read_blocks(self._vault, key, self._moves)
        except (CorruptionError, FormatError, NotFoundError):
            return None
        for block in table:
            if self._footing.holds(block):
                self._blocks.setdefault(block.digest, block)
        self.drop(self._footing.torn)
        return body, table

    def done(self, key: SnapshotKey, table: list[Block]) -> None:
        """A snapshot was committed: its blocks are what the next one most likely has too."""
        self._read.add(key.key)
        for block in table:
            self._blocks.pop(block.digest, None)
            self._blocks[block.digest] = block
        keep(self._blocks, len(table))

    def drop(self, packs: Iterable[str]) -> None:
        """No longer build on these."""
        gone = set(packs)
        if not gone:
            return
        self._blocks = {
            name: block for name, block in self._blocks.items() if gone.isdisjoint(link.pack for link in block.chain)
        }


def keep(blocks: dict[bytes, _V], table: int) -> None:
    """Drop what was put in first, as far as there is more than room for."""
    for name in list(blocks)[: max(0, len(blocks) - max(_MOST, _TABLES * table))]:
        del blocks[name]
