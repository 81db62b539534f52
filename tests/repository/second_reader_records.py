"""Records by docs/format.md: snapshots, and the moves of the index. Imports nothing of thoth_storage."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
from blake3 import blake3

from tests.repository.second_reader_checks import MIB, Damaged, IndexHeader, MovesBody, Newer, cells, need, unpacked
from tests.repository.second_reader_seal import Open

_H = TypeVar("_H")
_B = TypeVar("_B")
Place = tuple[str, int]


class Found(NamedTuple):
    """What a key tells; ``time`` in microseconds since 1970."""

    key: str
    kind: str
    time: int
    id: str


def listed(root: Path, folder: str) -> list[Found]:
    """What is below ``snapshots`` or ``index``, oldest first; strays are passed over."""
    form = re.compile(
        rf"{folder}/({'' if folder == 'snapshots' else '[a-z]+-'})([0-9]{{8}}T[0-9]{{12}})Z-([0-9a-f]{{32}})"
    )
    found = []
    for path in (root / folder).rglob("*"):
        match = form.fullmatch(path.relative_to(root).as_posix())
        if match:
            time = datetime.strptime(match[2], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
            passed = (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
            found.append(Found(match[0], match[1].rstrip("-"), passed, match[3]))
    return sorted(found, key=lambda one: (one.time, one.id))


def record(data: bytes, magic: bytes, seal: Open, header: type[_H], body: type[_B]) -> tuple[int, _H, _B]:
    """Version, header and body."""
    need(len(data) >= 88 and data[:8] == magic, "another magic")
    version, flags, first, second = struct.unpack_from("<HHIQ", data, 8)
    if version > 2 or flags & ~1 or (flags and version == 1):
        raise Newer(f"version {version}, flags {flags}")
    need(version >= 1 and first <= 16 * MIB and second <= 1024 * MIB, "impossible lengths")
    need(flags == seal.sealed, "sealed otherwise than the repository")
    need(len(data) >= 88 + first + second, "cut off")
    head, rest = data[88 : 88 + first], data[88 + first : 88 + first + second]
    need(blake3(data[:24] + head).digest() == data[24:56], "the header fails its checksum")
    need(blake3(rest).digest() == data[56:88], "the body fails its checksum")
    head, rest = seal.unseal(head, data[:24] + b"header"), seal.unseal(rest, data[:56] + b"body")
    return version, _message(head, 16 * MIB, header), _message(rest, 1024 * MIB, body)


def _message(stored: bytes, limit: int, kind: type[_H]) -> _H:
    try:
        return msgspec.msgpack.decode(unpacked(stored, limit), type=kind)
    except (ValueError, RecursionError) as error:
        raise Damaged(str(error)) from error


class Moves:
    """Where blocks are now."""

    def __init__(self, root: Path, seal: Open) -> None:
        self._places: dict[Place, Place] = {}
        for found in listed(root, "index"):
            if found.kind == "moves":
                _, header, body = record((root / found.key).read_bytes(), b"THOTHIDX", seal, IndexHeader, MovesBody)
                need((header.id, header.kind, header.time) == (found.id, found.kind, found.time), "another record's")
                self._places.update(_pairs(body))

    def now(self, pack: str, offset: int) -> Place:
        place = pack, offset
        for _ in range(32):
            place = self._places.get(place, place)
        return place


def _pairs(body: MovesBody) -> list[tuple[Place, Place]]:
    need(len(body.packs) % 16 == 0, "ids cut off")
    packs = [body.packs[at : at + 16].hex() for at in range(0, len(body.packs), 16)]
    columns = [cells(column) for column in (body.old_pack, body.old_offset, body.new_pack, body.new_offset)]
    need(len({len(column) for column in columns}) == 1, "columns of different lengths")
    need(all(row < len(packs) for row in columns[0] + columns[2]), "a pack out of range")
    return [((packs[a], b), (packs[c], d)) for a, b, c, d in zip(*columns, strict=True)]
