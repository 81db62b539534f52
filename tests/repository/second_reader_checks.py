"""The shapes of stored things and what a reader refuses, by docs/format.md. Imports nothing of thoth_storage."""

from __future__ import annotations

import struct
from itertools import accumulate
from typing import Any, TypeVar

import msgspec
import zstandard

MIB = 1024 * 1024
_T = TypeVar("_T")


class Damaged(Exception):
    """What is stored is not what the format allows."""


class Newer(Exception):
    """A later version of the format wrote this."""


class Settings(msgspec.Struct):
    kind: str
    version: int
    id: str
    created: str
    block_size: int
    check: str
    encryption: dict[str, Any] | None = None


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


class Block(msgspec.Struct):
    digest: bytes
    pack: str
    offset: int
    stored: int
    plain: int


def need(condition: object, what: str) -> None:
    if not condition:
        raise Damaged(what)


def unpacked(stored: bytes, limit: int) -> bytes:
    """The content of one zstd frame that tells its size, and has nothing behind it."""
    try:
        size = zstandard.get_frame_parameters(stored).content_size
        need(size <= limit, "a content size that is not told, or too large")
        plain = zstandard.ZstdDecompressor().decompress(stored, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Damaged(str(error)) from error
    need(len(plain) == size, "unpacks to another size")
    return plain


def message(stored: bytes, limit: int, kind: type[_T]) -> _T:
    try:
        return msgspec.msgpack.decode(unpacked(stored, limit), type=kind)
    except (ValueError, RecursionError) as error:
        raise Damaged(str(error)) from error


def cells(column: bytes) -> list[int]:
    need(len(column) % 4 == 0, "a column of u32 is cut off")
    return list(struct.unpack(f"<{len(column) // 4}I", column))


def blocks_of(body: Body) -> list[Block]:
    """The table of blocks."""
    need(len(body.digests) % 32 == 0 and len(body.packs) % 16 == 0, "a column is cut off")
    packs = [body.packs[at : at + 16].hex() for at in range(0, len(body.packs), 16)]
    digests = [body.digests[at : at + 32] for at in range(0, len(body.digests), 32)]
    columns = [cells(column) for column in (body.pack, body.offset, body.stored, body.plain, body.base)]
    need(all(len(column) == len(digests) for column in columns), "columns of different lengths")
    need(len(set(digests)) == len(digests), "a digest occurs twice")
    for pack, offset, stored, plain, base in zip(*columns, strict=True):
        need(pack < len(packs), "a pack out of range")
        need(offset >= 16 and 49 <= stored <= 64 * MIB + 48 and 1 <= plain <= 64 * MIB, "impossible numbers")
        need(base == 0xFFFFFFFF, "a delta")
    pack_ids = [packs[row] for row in columns[0]]
    return [Block(*one) for one in zip(digests, pack_ids, *columns[1:4], strict=True)]


def check_entries(body: Body, blocks: list[Block]) -> None:
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
        need(all(row < len(blocks) for row in rows), "a row out of range")
        need(sum(blocks[row].plain for row in rows) == file.size, "a size that does not add up")
