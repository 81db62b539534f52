"""What a snapshot object holds: a header that tells of the snapshot, a body that tells where each byte is.

The body is a table of blocks in columns (a digest, a pack, a place in it) and a list of files, each of which names
the blocks that make it up by their row. Columns are packed little-endian arrays: a row costs 52 bytes before
compression, whatever the language that reads it.

The first rows are the blocks of the files. Behind them are those that only deltas stand on: they have no digest, since
their frames tell their own and what stands on them is checked, and so cost a few bytes each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from thoth_storage.repository.columns import pack_u32, unpack_u32

__all__ = [
    "MAGIC",
    "NO_BASE",
    "Block",
    "Body",
    "FileEntry",
    "FolderEntry",
    "Header",
    "Row",
    "pack_u32",
    "to_body",
    "unpack_u32",
    "version_of",
]

MAGIC = b"THOTHSNP"
_FIRST = -62_135_596_800_000_000
"""Microseconds since 1970 at which the year 1 begins."""
NO_BASE = 0xFFFFFFFF
"""In the column ``base``: the block is stored in full, not as a delta against another row."""


class Header(msgspec.Struct, frozen=True):
    """What ``snapshots`` lists. ``time`` in microseconds since 1970 UTC, by which snapshots are in order; ``taken`` the
    same by the writer's own clock, where that was behind. ``size``, ``added`` in bytes; ``position`` is that of the
    write log which the snapshot covers, for a checkpoint of a live store.
    """

    id: str
    time: int
    name: str | None
    tags: tuple[str, ...]
    files: int
    size: int
    added: int
    parent: str | None
    program: str
    position: int | None = None
    taken: int | None = None

    def __post_init__(self) -> None:
        # For what is read: msgspec makes it an error of the record. ``find_at`` relies on it.
        if self.taken is not None and not _FIRST <= self.taken <= self.time:
            raise ValueError("a snapshot was taken after its time, or at no time of the calendar")

    @property
    def moment(self) -> int:
        """When it was made, as people are told: not moved to keep an order."""
        return self.time if self.taken is None else self.taken


class FileEntry(msgspec.Struct, frozen=True, array_like=True):
    """One file: ``path`` with slashes, relative; ``mode`` the permission bits; ``blocks`` packed u32 rows."""

    path: str
    size: int
    mode: int
    mtime_ns: int
    blocks: bytes


class FolderEntry(msgspec.Struct, frozen=True, array_like=True):
    """One folder below the root; listed so that empty ones and permissions come back."""

    path: str
    mode: int


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """Files and folders in order of path, and the block table: ``digests`` 32 bytes for each of the first rows,
    ``packs`` 16 bytes an id, the other columns packed u32. ``pack`` is a row of ``packs``; ``offset`` and ``stored``
    the frame's place and length in the pack; ``plain`` the block's length; ``base`` the row that a delta stands on.
    ``mode`` the permission bits of the directory itself, None in a snapshot that was made before they were kept.
    ``contents``: what its maker says of what is in the files, in his own words; for who proves a restore.
    """

    files: tuple[FileEntry, ...]
    folders: tuple[FolderEntry, ...]
    packs: bytes
    digests: bytes
    pack: bytes
    offset: bytes
    stored: bytes
    plain: bytes
    base: bytes
    mode: int | None = None
    contents: bytes = b""


class Block(NamedTuple):
    """Where one stored block is: enough to fetch and to check it. ``digest`` is empty for one that only deltas stand
    on; ``base`` is the block that this one, a delta, stands on."""

    digest: bytes
    pack: str
    offset: int
    stored: int
    plain: int
    base: Block | None = None

    @property
    def place(self) -> tuple[str, int]:
        """What tells this frame from all others."""
        return self.pack, self.offset

    @property
    def chain(self) -> list[Block]:
        """The block and all that it stands on, the full one last."""
        links: list[Block] = [self]
        while links[-1].base:
            links.append(links[-1].base)
        return links

    @property
    def depth(self) -> int:
        """How many deltas there are above the full block."""
        return len(self.chain) - 1

    @property
    def root(self) -> Block:
        """The full block."""
        return self.chain[-1]


class Row(NamedTuple):
    """A file's path and the offset in it at which a block stands."""

    path: str
    offset: int


def to_body(
    files: Iterable[FileEntry],
    folders: Iterable[FolderEntry],
    blocks: list[Block],
    *,
    mode: int | None = None,
    contents: bytes = b"",
) -> Body:
    """Lay the block table out in columns. ``blocks`` in row order, each digest once; what they stand on follows."""
    rows = {block.place: row for row, block in enumerate(blocks)}
    table = list(blocks)
    for block in blocks:
        for link in block.chain[1:]:
            if rows.setdefault(link.place, len(table)) == len(table):
                table.append(link)
    packs = {pack: row for row, pack in enumerate(dict.fromkeys(block.pack for block in table))}
    return Body(
        files=tuple(files),
        folders=tuple(folders),
        packs=b"".join(bytes.fromhex(pack) for pack in packs),
        digests=b"".join(block.digest for block in blocks),
        pack=pack_u32(packs[block.pack] for block in table),
        offset=pack_u32(block.offset for block in table),
        stored=pack_u32(block.stored for block in table),
        plain=pack_u32(block.plain for block in table),
        base=pack_u32(rows[block.base.place] if block.base else NO_BASE for block in table),
        mode=mode,
        contents=contents,
    )


def version_of(body: Body) -> int:
    """The lowest version that can hold a body: 1 knew no deltas."""
    return 1 if body.base.count(b"\xff") == len(body.base) else 2
