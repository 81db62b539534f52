"""Another reader, written from docs/format.md alone: nothing of thoth_storage is imported, and never shall be.

python -m tests.repository.second_reader REPOSITORY TARGET [SNAPSHOT [PASSWORD]]
"""

from __future__ import annotations

import os
import struct
import sys
import zlib
from pathlib import Path

from tests.repository.second_reader_checks import (
    MIB,
    Block,
    Body,
    Damaged,
    Header,
    Newer,
    Settings,
    cells,
    check_entries,
    need,
    table_of,
    unpacked,
)
from tests.repository.second_reader_records import Found, Moves, listed, record
from tests.repository.second_reader_seal import WrongKey, json_object, unlocked

__all__ = ["Damaged", "Newer", "Reader", "WrongKey"]

YEAR_1 = -62_135_596_800_000_000


class Reader:
    """A repository in a folder. ``secret``: a password as text, or a random key of 32 bytes."""

    def __init__(self, root: Path, secret: str | bytes | None = None) -> None:
        self.root = root
        self.settings = json_object((root / "repository.json").read_bytes(), "thoth_storage repository", Settings)
        need(4096 <= self.settings.block_size <= 64 * MIB, "impossible settings")
        self.seal = unlocked(root, self.settings, secret)

    def snapshots(self) -> list[Found]:
        """Newest first."""
        return listed(self.root, "snapshots")[::-1]

    def read(self, found: Found) -> tuple[int, Header, Body]:
        """Version, header and body of a snapshot, checked against the key and each other."""
        data = (self.root / found.key).read_bytes()
        version, header, body = record(data, b"THOTHSNP", self.seal, Header, Body)
        need((header.id, header.time) == (found.id, found.time), "another snapshot's header")
        if header.taken is not None:
            need(YEAR_1 <= header.taken <= header.time, "taken at an impossible time")
        sizes = [file.size for file in body.files]
        need((header.files, header.size) == (len(sizes), sum(sizes)), "a header that miscounts")
        return version, header, body

    def restore(self, wanted: str, target: Path) -> Header:
        """Write a snapshot to a directory that does not exist."""
        version, header, body = self.read(next(one for one in self.snapshots() if wanted in {"latest", one.id}))
        table, named = table_of(body, version)
        check_entries(body, table, named)
        if self.settings.version > 1:
            moves = Moves(self.root, self.seal)
            for block in table:
                block.pack, block.offset = moves.now(block.pack, block.offset)
        target.mkdir()
        for folder in body.folders:
            (target / folder.path).mkdir(parents=True, exist_ok=True)
        for file in body.files:
            path = target / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as handle:
                for row in cells(file.rows):
                    handle.write(self.plain(table, table[row]))
            os.utime(path, ns=(file.mtime, file.mtime))
            path.chmod(file.mode & 0o777)
        for folder in sorted(body.folders, key=lambda one: one.path, reverse=True):
            (target / folder.path).chmod(folder.mode & 0o777)
        return header

    def plain(self, table: list[Block], block: Block) -> bytes:
        """The plain bytes of a block that a file needs."""
        name, content = self._content(table, block)
        need(self.seal.name(content) == name, "the block fails its checksum")
        return content

    def _content(self, table: list[Block], block: Block) -> tuple[bytes, bytes]:
        """Digest and plain bytes, by what the block stands on."""
        name, codec, payload = self._frame(block)
        need((codec == 2) == (block.base is not None), "a delta without a base, or a base without a delta")
        content = payload
        if codec == 1:
            content = unpacked(payload, block.plain)
        if block.base is not None:
            base_name, base = self._content(table, table[block.base])
            need(payload[:32] == base_name, "a delta upon another block")
            content = unpacked(payload[32:], block.plain, base)
        need(len(content) == block.plain, "another length")
        return name, content

    def _frame(self, block: Block) -> tuple[bytes, int, bytes]:
        """Digest, codec and unsealed payload."""
        try:
            with (self.root / "packs" / block.pack[:2] / block.pack).open("rb") as handle:
                begin = handle.read(16)
                handle.seek(block.offset)
                data = handle.read(block.stored)
        except FileNotFoundError as error:
            raise Damaged(f"pack {block.pack} is missing") from error
        version = int.from_bytes(begin[8:10], "little")
        if begin[:8] == b"THOTHPAK" and version > 2:
            raise Newer(block.pack)
        need(begin[:8] == b"THOTHPAK" and version >= 1 and begin[10:] == bytes(6), f"{block.pack} is no pack")
        need(len(data) == block.stored, "the pack is too short")
        name, codec, sealed, length, size, check = struct.unpack_from("<32sBB2xIII", data)
        need(48 + length == len(data) and size == block.plain, "another block's frame")
        need(block.digest in {b"", name}, "another block's name")
        need(zlib.crc32(data[:44] + data[48:]) == check, "the frame fails its checksum")
        need(codec in {0, 1, 2}, "an unknown codec")
        need(sealed == self.seal.sealed, "sealed otherwise than the repository")
        return name, codec, self.seal.unseal(data[48:], data[:44])


if __name__ == "__main__":
    arguments = [*sys.argv[3:], "latest"] if len(sys.argv) < 4 else sys.argv[3:]
    Reader(Path(sys.argv[1]), *arguments[1:2]).restore(arguments[0], Path(sys.argv[2]))
