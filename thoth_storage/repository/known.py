"""What is stored already: the blocks that a new snapshot can share, and those that its deltas can stand on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository.columns import unpack_u32
from thoth_storage.repository.footing import Footing
from thoth_storage.repository.index import Index
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.manifest import Block, Body
from thoth_storage.repository.moves import load_moves
from thoth_storage.repository.partials import load_partials
from thoth_storage.repository.records import read_blocks
from thoth_storage.repository.scan import Source
from thoth_storage.repository.vault import Vault
from thoth_storage.telemetry import ThreadPool

__all__ = ["Known", "load_known"]

_SNAPSHOTS = 16
"""How many of the newest manifests are read to find blocks that are stored already. The newest alone has nearly all;
the others help after a restore to an older state, or where several directories share a repository."""
_ROWS = 100_000
"""And no more are read when they have named so many blocks: those of a store of 10 GiB have a megabyte or two each."""
_AT_ONCE = 4


class Known(NamedTuple):
    """``blocks`` by digest. ``previous``: by path, the blocks of that file in the snapshot that is most like the
    source, None where one must not be built on. ``heeded``: ids of the prune marks that were seen, none of whose packs
    is among the blocks."""

    blocks: Mapping[bytes, Block]
    previous: Mapping[str, list[Block | None]]
    heeded: frozenset[str]


def load_known(vault: Vault, keys: list[SnapshotKey], index: Index, source: Source | None = None) -> Known:
    """What the newest of ``keys`` and the records of interrupted writers hold, but for blocks in packs that are marked,
    missing or cut off: nothing may be built on those."""
    footing = Footing(vault, index)
    blocks: dict[bytes, Block] = {}
    wanted = {file.path: file.size for file in source.files} if source else {}
    best: tuple[int, dict[str, list[Block]]] = (0, {})
    for body, table in _read(vault, keys[:_SNAPSHOTS], index):
        for block in table:
            if footing.holds(block):
                blocks.setdefault(block.digest, block)
        likeness = sum(wanted.get(file.path, 0) for file in body.files)
        if likeness > best[0]:
            best = (likeness, _by_path(body, table, wanted))
    for block in load_partials(vault, index):
        if footing.holds(block):
            blocks.setdefault(block.digest, block)
    if footing.torn:
        blocks = {digest: block for digest, block in blocks.items() if footing.holds(block)}
    previous = {path: [block if footing.holds(block) else None for block in mine] for path, mine in best[1].items()}
    return Known(blocks, previous, footing.heeded)


def _by_path(body: Body, table: list[Block], wanted: Mapping[str, int]) -> dict[str, list[Block]]:
    return {
        file.path: [table[row] for row in unpack_u32(file.blocks) if row < len(table)]
        for file in body.files
        if file.path in wanted and len(file.blocks) % 4 == 0
    }


def _read(vault: Vault, keys: list[SnapshotKey], index: Index) -> Iterator[tuple[Body, list[Block]]]:
    moves = load_moves(vault, index)

    def read(key: SnapshotKey) -> tuple[Body, list[Block]] | None:
        try:
            return read_blocks(vault, key, moves)
        except (CorruptionError, FormatError, NotFoundError):
            # A damaged or forgotten old snapshot must not keep new ones from being made: blocks are stored anew.
            return None

    # The newest first, then a few at once: the manifests of a large store are large, and the newest may be enough.
    rows, first, count = 0, 0, 1
    with ThreadPool(_AT_ONCE, thread_name_prefix="thoth-manifests") as pool:
        while first < len(keys) and rows < _ROWS:
            for found in filter(None, pool.map(read, keys[first : first + count])):
                rows += len(found[0].pack) // 4
                yield found
            first, count = first + count, _AT_ONCE
