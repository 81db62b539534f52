"""All that the snapshots need, each block once: of the manifests only their blocks are kept.

Snapshots share most of their blocks, so what is kept grows with what is stored and not with the number of snapshots.
Where it matters whose a block is, since it is damaged, the manifests are simply read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError, StorageError
from thoth_storage.repository.ahead import ahead
from thoth_storage.repository.checks import checked_blocks, checked_files
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.manifest import Block, Body, Header
from thoth_storage.repository.moves import Moves
from thoth_storage.repository.records import read_snapshot
from thoth_storage.repository.vault import Vault

__all__ = ["Gathered", "Taken"]


@dataclass(frozen=True)
class Taken:
    """One snapshot: its blocks as ``Gathered`` knows them, by row, and the rows of each of its files."""

    key: SnapshotKey
    header: Header
    body: Body
    blocks: list[Block]
    rows: list[list[int]]


class Gathered:
    """``blocks`` in the order in which they are met; ``headers`` by id; ``unreadable``: snapshots that are damaged."""

    def __init__(self, vault: Vault, moves: Moves) -> None:
        self._vault = vault
        self._moves = moves
        self._links: dict[Block, Block] = {}
        self.blocks: dict[Block, None] = {}
        self.headers: dict[str, Header] = {}
        self.unreadable: dict[SnapshotKey, StorageError] = {}

    def add(self, keys: Iterable[SnapshotKey]) -> None:
        """Take in snapshots. One that was forgotten meanwhile needs nothing."""
        for key, taken in self._take_all(keys):
            if isinstance(taken, Taken):
                self.headers[key.id] = taken.header
                self.blocks.update(dict.fromkeys(taken.blocks))
            elif not isinstance(taken, NotFoundError):
                self.unreadable[key] = taken

    def take(self, key: SnapshotKey) -> Taken:
        """Read one snapshot. Raises CorruptionError, FormatError, NotFoundError."""
        return self._share(self._read(key))

    def again(self, keys: Iterable[SnapshotKey]) -> Iterator[Taken]:
        """Read snapshots that were readable before; one that is not any more is passed over."""
        for _, taken in self._take_all(key for key in keys if key.id in self.headers):
            if isinstance(taken, Taken):
                yield taken

    def _take_all(self, keys: Iterable[SnapshotKey]) -> Iterator[tuple[SnapshotKey, Taken | StorageError]]:
        """Each with what it holds, or why it could not be read."""

        def read(key: SnapshotKey) -> tuple[SnapshotKey, Taken | StorageError]:
            try:
                return key, self._read(key)
            except (CorruptionError, FormatError, NotFoundError) as error:
                return key, error

        with closing(ahead(read, keys)) as results:
            for key, taken in results:
                yield key, self._share(taken) if isinstance(taken, Taken) else taken

    def _read(self, key: SnapshotKey) -> Taken:
        """On any thread."""
        header, body = read_snapshot(self._vault, key)
        blocks = checked_blocks(body, url=self._vault.url, key=key.key, moves=self._moves)
        return Taken(key, header, body, blocks, checked_files(body, blocks, url=self._vault.url, key=key.key))

    def _share(self, taken: Taken) -> Taken:
        return replace(taken, blocks=[self._shared(block) for block in taken.blocks])

    def _shared(self, block: Block) -> Block:
        return block if block.base is None else block._replace(base=self._bare(block.base))

    def _bare(self, link: Block) -> Block:
        """What a delta stands on, without its name: one manifest tells it and another does not, and the frame tells it
        anyway. So that one block is one, whoever speaks of it."""
        bare = link._replace(digest=b"", base=link.base and self._bare(link.base))
        return self._links.setdefault(bare, bare)
