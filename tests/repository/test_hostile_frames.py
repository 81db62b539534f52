"""A sound manifest over hostile packs: places and sizes that lie, bombs. No wrong byte, and nothing left behind."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from blake3 import blake3

from tests.repository.forge import ID, KEY, crc32_by_hand, header, innocent, pack_u32, record, refused
from thoth_storage.errors import CorruptionError, FormatError
from thoth_storage.repository import Repository

PACK = f"packs/ab/{'ab' * 16}"
Fields = dict[str, Any]


def store(repository: Repository, pack: bytes, change: Callable[[Fields], Any] = lambda body: None) -> None:
    body = innocent()[1]
    change(body)
    repository.backend.put(PACK, pack)
    repository.backend.put(KEY, record(header(body), body))


def frame(digest: bytes, codec: int, payload: bytes, plain: int, claimed: int | None = None) -> bytes:
    length = len(payload) if claimed is None else claimed
    head = digest + bytes([codec, 0, 0, 0]) + length.to_bytes(4, "little") + plain.to_bytes(4, "little")
    return head + crc32_by_hand(head + payload).to_bytes(4, "little") + payload


def replaced(first: bytes) -> tuple[bytes, Callable[[Fields], None]]:
    """The innocent pack with another first frame, and the change that makes the manifest fit it."""
    pack = innocent()[0][PACK]
    second = pack[16 + 48 + 4096 :]

    def change(body: Fields) -> None:
        body["offset"] = pack_u32([16, 16 + len(first)])
        body["stored"] = pack_u32([len(first), len(second)])

    return pack[:16] + first + second, change


DIGEST = blake3(b"A" * 4096).digest()
FRAMES = {
    "another block's bytes": frame(DIGEST, 0, b"B" * 4096, 4096),
    "another block's frame": frame(blake3(b"B" * 4096).digest(), 0, b"B" * 4096, 4096),
    "another block's name": frame(blake3(b"B" * 4096).digest(), 0, b"A" * 4096, 4096),
    "less than claimed": frame(DIGEST, 0, b"A" * 4095, 4096, 4096),
    "fewer plain bytes": frame(DIGEST, 0, b"A" * 4095, 4095),
    "another plain length": frame(DIGEST, 0, b"A" * 4096, 4095),
    "an unknown codec": frame(DIGEST, 3, b"A" * 4096, 4096),
    "a delta that stands on nothing": frame(DIGEST, 2, DIGEST + zstandard.compress(b"A" * 4096), 4096),
    "not compressed": frame(DIGEST, 1, b"A" * 4096, 4096),
    "compressed to less": frame(DIGEST, 1, zstandard.compress(b"A" * 4095), 4096),
    "compressed other bytes": frame(DIGEST, 1, zstandard.compress(b"B" * 4096), 4096),
    "a bomb": frame(DIGEST, 1, zstandard.compress(bytes(2**28)), 4096),
    "a bomb that hides its size": frame(
        DIGEST, 1, zstandard.ZstdCompressor(write_content_size=False).compress(bytes(2**24)), 4096
    ),
    "a checksum of other bytes": frame(DIGEST, 0, b"A" * 4096, 4096)[:-1] + b"B",
}


def test_the_forged_frame_itself_is_sound(repository: Repository) -> None:
    for payload, codec in ((b"A" * 4096, 0), (zstandard.compress(b"A" * 4096), 1)):
        pack, change = replaced(frame(DIGEST, codec, payload, 4096))
        for version in (1, 2):
            store(repository, pack[:8] + bytes([version]) + pack[9:], change)
            assert repository.verify().ok


@pytest.mark.parametrize("name", FRAMES)
def test_frames(name: str, repository: Repository, tmp_path: Path) -> None:
    store(repository, *replaced(FRAMES[name]))
    refused(repository, tmp_path, CorruptionError, PACK)


@pytest.mark.parametrize(
    "changes",
    [
        {"offset": pack_u32([17, 4160])},
        {"offset": pack_u32([4160, 16])},
        {"offset": pack_u32([16, 16])},
        {"offset": pack_u32([16, 17])},
        {"offset": pack_u32([16, 3000])},
        {"offset": pack_u32([16, 16]), "stored": pack_u32([4144, 4144])},
        {"offset": pack_u32([0xFFFFFFFF, 4160])},
        {"offset": pack_u32([16, 2**31])},
        {"stored": pack_u32([4143, 952])},
        {"stored": pack_u32([4145, 952])},
        {"stored": pack_u32([2**26, 952])},
        {"plain": pack_u32([904, 4096])},
    ],
)
def test_places_that_lie(changes: Fields, repository: Repository, tmp_path: Path) -> None:
    store(repository, innocent()[0][PACK], lambda body: body.update(changes))
    refused(repository, tmp_path, CorruptionError, PACK)


@pytest.mark.parametrize(
    ("begin", "kind"),
    [
        (b"THOTHPAK\x03\0\0\0\0\0\0\0", FormatError),
        (b"THOTHPAK\x00\0\0\0\0\0\0\0", CorruptionError),
        (b"THOTHPAK\x01\0\x01\0\0\0\0\0", CorruptionError),
        (b"THOTHSNP\x01\0\0\0\0\0\0\0", CorruptionError),
        (bytes(16), CorruptionError),
    ],
)
def test_packs_that_begin_as_none(
    begin: bytes, kind: type[FormatError | CorruptionError], repository: Repository, tmp_path: Path
) -> None:
    store(repository, begin + innocent()[0][PACK][16:])
    message = refused(repository, tmp_path, kind, PACK)
    assert ("upgrade" in message) == (kind is FormatError)


def test_a_bomb_does_not_go_off(repository: Repository) -> None:
    store(repository, *replaced(frame(DIGEST, 1, zstandard.compress(bytes(2**28)), 4096)))
    tracemalloc.start()
    try:
        assert [problem.snapshots for problem in repository.verify().problems] == [(ID,)]
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()
