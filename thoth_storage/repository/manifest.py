"""What a snapshot object holds: a header that tells of the snapshot, a body that tells where each byte is.

The body is a table of blocks in columns (a digest, a pack, a place in it) and a list of files, each of which names
the blocks that make it up by their row. Columns are packed little-endian arrays: a row costs 52 bytes before
compression, whatever the language that reads it.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

__all__ = ["MAGIC", "NO_BASE", "Block", "Body", "FileEntry", "FolderEntry", "Header", "Row", "pack_u32", "unpack_u32"]

MAGIC = b"THOTHSNP"
NO_BASE = 0xFFFFFFFF
"""In the column ``base``: the block is stored in full, not as a delta against another row."""


class Header(msgspec.Struct, frozen=True):
    """What ``snapshots`` lists. ``time`` in microseconds since 1970 UTC; ``size``, ``added`` in bytes; ``position`` is
    that of the write log which the snapshot covers, for a checkpoint of a live store.
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


class Body(msgspec.Struct, frozen=True):
    """Files and folders in order of path, and the block table: ``digests`` 32 bytes a row, ``packs`` 16 bytes an id,
    the other columns packed u32. ``pack`` is a row of ``packs``; ``offset`` and ``stored`` the frame's place and length
    in the pack; ``plain`` the block's length; ``base`` the row that a delta stands on.
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


class Block(NamedTuple):
    """Where one stored block is: enough to fetch and to check it."""

    digest: bytes
    pack: str
    offset: int
    stored: int
    plain: int


class Row(NamedTuple):
    """A file's path and the offset in it at which a block stands."""

    path: str
    offset: int


def pack_u32(values: Iterable[int]) -> bytes:
    """Unsigned 32-bit numbers, little-endian."""
    column = array("I", values)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def unpack_u32(data: bytes) -> array[int]:
    """The reverse of ``pack_u32``. Raises ValueError where the length is no multiple of four."""
    column = array("I")
    column.frombytes(data)
    if sys.byteorder == "big":
        column.byteswap()
    return column


def to_body(files: Iterable[FileEntry], folders: Iterable[FolderEntry], blocks: list[Block]) -> Body:
    """Lay the block table out in columns. ``blocks`` in row order, each digest once."""
    packs = {pack: row for row, pack in enumerate(dict.fromkeys(block.pack for block in blocks))}
    return Body(
        files=tuple(files),
        folders=tuple(folders),
        packs=b"".join(bytes.fromhex(pack) for pack in packs),
        digests=b"".join(block.digest for block in blocks),
        pack=pack_u32(packs[block.pack] for block in blocks),
        offset=pack_u32(block.offset for block in blocks),
        stored=pack_u32(block.stored for block in blocks),
        plain=pack_u32(block.plain for block in blocks),
        base=pack_u32(NO_BASE for _ in blocks),
    )
