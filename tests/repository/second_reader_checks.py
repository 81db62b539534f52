"""The shapes of stored things and what a reader refuses, by docs/format.md. Imports nothing of thoth_storage."""

from __future__ import annotations

import struct
from itertools import accumulate
from typing import Any

import msgspec
import zstandard

MIB = 1024 * 1024
NO_BASE = 0xFFFFFFFF


class Damaged(Exception):
    """What is stored is not what the format allows."""


class Newer(Exception):
    """A later version of the format wrote this."""


class Encryption(msgspec.Struct):
    cipher: str
    check: str


class Settings(msgspec.Struct):
    kind: str
    version: int
    id: str
    created: str
    block_size: int
    check: str
    encryption: Encryption | None = None


class KeyObject(msgspec.Struct):
    kind: str
    version: int
    id: str
    created: str
    wrapping: dict[str, Any]
    wrapped: str
    check: str


class Header(msgspec.Struct):
    id: str
    time: int
    name: str | None
    tags: list[str]
    files: int
    size: int
    added: int
    parent: str | None
    program: str
    position: int | None = None
    taken: int | None = None


class File(msgspec.Struct, array_like=True):
    path: str
    size: int
    mode: int
    mtime: int
    rows: bytes


class Folder(msgspec.Struct, array_like=True):
    path: str
    mode: int


class Body(msgspec.Struct):
    files: list[File]
    folders: list[Folder]
    packs: bytes
    digests: bytes
    pack: bytes
    offset: bytes
    stored: bytes
    plain: bytes
    base: bytes


class IndexHeader(msgspec.Struct):
    id: str
    kind: str
    time: int
    program: str


class MovesBody(msgspec.Struct):
    packs: bytes
    old_pack: bytes
    old_offset: bytes
    new_pack: bytes
    new_offset: bytes


class Block(msgspec.Struct):
    """``digest`` is empty for a row that only deltas stand on; ``base`` is a row, None for a block in full."""

    digest: bytes
    pack: str
    offset: int
    stored: int
    plain: int
    base: int | None


def need(condition: object, what: str) -> None:
    if not condition:
        raise Damaged(what)


def unpacked(stored: bytes, limit: int, base: bytes | None = None) -> bytes:
    """The content of one zstd frame that tells its size, and has nothing behind it."""
    dictionary = None
    if base is not None:
        dictionary = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    try:
        size = zstandard.get_frame_parameters(stored).content_size
        need(size <= limit, "a content size that is not told, or too large")
        plain = zstandard.ZstdDecompressor(dict_data=dictionary).decompress(stored, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Damaged(str(error)) from error
    need(len(plain) == size, "unpacks to another size")
    return plain


def cells(column: bytes) -> list[int]:
    need(len(column) % 4 == 0, "a column of u32 is cut off")
    return list(struct.unpack(f"<{len(column) // 4}I", column))


def table_of(body: Body, version: int) -> tuple[list[Block], int]:
    """All rows of the table, and how many of them files may name."""
    need(len(body.digests) % 32 == 0 and len(body.packs) % 16 == 0, "a column is cut off")
    packs = [body.packs[at : at + 16].hex() for at in range(0, len(body.packs), 16)]
    digests = [body.digests[at : at + 32] for at in range(0, len(body.digests), 32)]
    named = len(digests)
    columns = [cells(column) for column in (body.pack, body.offset, body.stored, body.plain, body.base)]
    count = len(columns[0])
    need(all(len(column) == count for column in columns), "columns of different lengths")
    need(named <= count <= (17 if version > 1 else 1) * named, "too few rows, or too many")
    need(len(set(digests)) == named, "a digest occurs twice")
    table = []
    for digest, pack, offset, stored, plain, base in zip(digests + [b""] * (count - named), *columns, strict=True):
        need(pack < len(packs), "a pack out of range")
        need(offset >= 16 and 49 <= stored <= 64 * MIB + 112 and 1 <= plain <= 64 * MIB, "impossible numbers")
        need(base == NO_BASE or (version > 1 and base < count), "a base that cannot be")
        table.append(Block(digest, packs[pack], offset, stored, plain, None if base == NO_BASE else base))
    for block in table:
        deltas, link = 0, block
        while link.base is not None:
            deltas, link = deltas + 1, table[link.base]
            need(deltas <= 16, "a chain without an end")
    return table, named


def check_entries(body: Body, table: list[Block], named: int) -> None:
    """Paths that stay within, no two alike, no file on the way to another entry; sizes that add up."""
    files = {file.path for file in body.files}
    paths = [file.path for file in body.files] + [folder.path for folder in body.folders]
    need(len(set(paths)) == len(paths), "a path occurs twice")
    for path in paths:
        names = path.split("/")
        need(len(path.encode()) <= 4096, "a path too long")
        need(not {"", ".", ".."} & set(names) and "\0" not in path and "\\" not in path, "a path that leads elsewhere")
        need(not files & set(list(accumulate(names, "{}/{}".format))[:-1]), "a file on the way")
    for file in body.files:
        rows = cells(file.rows)
        need(all(row < named for row in rows), "a row out of range")
        need(sum(table[row].plain for row in rows) == file.size, "a size that does not add up")
