"""Another reader, written from docs/format.md alone: nothing of thoth_storage is imported, and never shall be.

python -m tests.repository.second_reader REPOSITORY TARGET [SNAPSHOT]
"""

from __future__ import annotations

import json
import os
import re
import struct
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from blake3 import blake3

from tests.repository.second_reader_checks import (
    MIB,
    Block,
    Body,
    Damaged,
    Header,
    Newer,
    Settings,
    blocks_of,
    cells,
    check_entries,
    message,
    need,
    unpacked,
)

__all__ = ["Damaged", "Newer", "Reader"]


class Reader:
    """A repository in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            found = json.loads((root / "repository.json").read_bytes().decode())
            need(found.get("kind") == "thoth_storage repository", "settings of something else")
            if found.get("version", 0) > 1:
                raise Newer("repository.json")
            settings = msgspec.convert(found, Settings)
        except (ValueError, AttributeError) as error:
            raise Damaged(str(error)) from error
        rest = {name: value for name, value in found.items() if name != "check"}
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        need(settings.check == blake3(text.encode()).hexdigest(), "settings fail their checksum")
        need(settings.version == 1 and 4096 <= settings.block_size <= 64 * MIB, "impossible settings")
        if settings.encryption is not None:
            raise Newer("encrypted")

    def snapshots(self) -> list[tuple[str, str, int]]:
        """Key, id and microseconds since 1970, newest first."""
        found = []
        for path in (self.root / "snapshots").rglob("*"):
            key = path.relative_to(self.root).as_posix()
            match = re.fullmatch(r"snapshots/([0-9]{8}T[0-9]{12})Z-([0-9a-f]{32})", key)
            if match:
                time = datetime.strptime(match[1], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
                found.append((key, match[2], (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)))
        return sorted(found, key=lambda one: (one[2], one[1]), reverse=True)

    def read(self, key: str, id_: str, time: int) -> tuple[Header, Body]:
        """Header and body of a snapshot, checked against the key and each other."""
        data = (self.root / key).read_bytes()
        need(len(data) >= 88 and data[:8] == b"THOTHSNP", "no snapshot")
        version, flags, first, second = struct.unpack_from("<HHIQ", data, 8)
        if version > 1 or flags:
            raise Newer(key)
        need(version == 1 and first <= 16 * MIB and second <= 1024 * MIB, "impossible lengths")
        need(len(data) >= 88 + first + second, "cut off")
        head, body = data[88 : 88 + first], data[88 + first : 88 + first + second]
        need(blake3(data[:24] + head).digest() == data[24:56], "the header fails its checksum")
        need(blake3(body).digest() == data[56:88], "the body fails its checksum")
        header, manifest = message(head, 16 * MIB, Header), message(body, 1024 * MIB, Body)
        need((header.id, header.time) == (id_, time), "another snapshot's header")
        sizes = [file.size for file in manifest.files]
        need((header.files, header.size) == (len(sizes), sum(sizes)), "a header that miscounts")
        return header, manifest

    def plain(self, block: Block) -> bytes:
        """The plain bytes of one block."""
        try:
            with (self.root / "packs" / block.pack[:2] / block.pack).open("rb") as handle:
                begin = handle.read(16)
                handle.seek(block.offset)
                data = handle.read(block.stored)
        except FileNotFoundError as error:
            raise Damaged(f"pack {block.pack} is missing") from error
        if begin[:8] == b"THOTHPAK" and int.from_bytes(begin[8:10], "little") > 1:
            raise Newer(block.pack)
        need(begin == b"THOTHPAK\x01\0" + bytes(6), f"{block.pack} is no pack")
        need(len(data) == block.stored, "the pack is too short")
        name, codec, length, size, check = struct.unpack_from("<32sB3xIII", data)
        need(name == block.digest and 48 + length == len(data) and size == block.plain, "another block's frame")
        need(zlib.crc32(data[:44] + data[48:]) == check, "the frame fails its checksum")
        need(codec in {0, 1}, "an unknown codec")
        content = unpacked(data[48:], block.plain) if codec else data[48:]
        need(len(content) == block.plain and blake3(content).digest() == name, "the block fails its checksum")
        return content

    def restore(self, wanted: str, target: Path) -> Header:
        """Write a snapshot to a directory that does not exist."""
        header, body = self.read(*next(one for one in self.snapshots() if wanted in {"latest", one[1]}))
        blocks = blocks_of(body)
        check_entries(body, blocks)
        target.mkdir()
        for folder in body.folders:
            (target / folder.path).mkdir(parents=True, exist_ok=True)
        for file in body.files:
            path = target / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as handle:
                for row in cells(file.rows):
                    handle.write(self.plain(blocks[row]))
            os.utime(path, ns=(file.mtime, file.mtime))
            path.chmod(file.mode & 0o777)
        for folder in sorted(body.folders, key=lambda one: one.path, reverse=True):
            (target / folder.path).chmod(folder.mode & 0o777)
        return header


if __name__ == "__main__":
    Reader(Path(sys.argv[1])).restore(sys.argv[3] if len(sys.argv) > 3 else "latest", Path(sys.argv[2]))
