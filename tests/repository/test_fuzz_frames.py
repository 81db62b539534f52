"""Whatever bytes lie where a pack is expected: an error of this package or the right block, and little memory."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
import zstandard
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repository.stores import fresh_backend
from tests.repository.trees import noise
from tests.repository.wounded import KEY, new_vault
from thoth_storage.errors import CorruptionError, FormatError
from thoth_storage.repository.blocks import Codec, build_frame, full_frame
from thoth_storage.repository.cipher import PLAIN, AesGcm, Cipher
from thoth_storage.repository.deltas import delta_frame
from thoth_storage.repository.fetch import fetch
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.packs import check_pack_header, pack_header

pytestmark = pytest.mark.exhaustive

PACK = "ab" * 16
KEY_OF_PACK = f"packs/ab/{PACK}"
OLD = noise(4096)
NEW = OLD[:100] + b"new" + OLD[103:]
CIPHERS: list[Cipher] = [PLAIN, AesGcm(KEY)]
MIB = 1024 * 1024


def read(cipher: Cipher, data: bytes, blocks: list[Block]) -> dict[bytes, bytes]:
    """What a reader makes of a pack: blocks by name. Any other exception than those of the format goes through."""
    vault = new_vault(fresh_backend(), encrypted=cipher.encrypts)
    vault.backend.put(KEY_OF_PACK, data)
    found: dict[bytes, bytes] = {}
    for result in fetch(vault, blocks, lambda block, plain: found.update({block.digest: bytes(plain)})):
        assert result.error is None or isinstance(result.error, CorruptionError | FormatError)
        assert result.error or result.block.digest in found
    for name, plain in found.items():
        assert vault.cipher.name(plain) == name
    return found


def pack(cipher: Cipher) -> tuple[bytes, list[Block]]:
    """A full block and a delta upon it."""
    old, new = cipher.name(OLD), cipher.name(NEW)
    first = full_frame(old, OLD, cipher)
    second, is_delta = delta_frame(new, NEW, old, OLD, cipher)
    assert is_delta
    base = Block(old, PACK, 16, len(first), len(OLD))
    blocks = [base, Block(new, PACK, 16 + len(first), len(second), len(NEW), base._replace(digest=b""))]
    return pack_header(2) + first + second, blocks


SOUND = [pack(cipher) for cipher in CIPHERS]


@pytest.mark.parametrize("which", [0, 1])
def test_the_pack_itself_is_sound(which: int) -> None:
    assert set(read(CIPHERS[which], *SOUND[which]).values()) == {OLD, NEW}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([0, 1]), st.data())
def test_changed_bytes(which: int, data: st.DataObject) -> None:
    stored, blocks = SOUND[which]
    changed = bytearray(stored)
    places = st.integers(0, len(stored) - 1) | st.integers(0, 120)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=4)):
        changed[place] = value
    cut = data.draw(st.integers(0, len(stored)) | st.just(len(stored)))
    found = read(CIPHERS[which], bytes(changed[:cut]), blocks)
    assert set(found.values()) <= {OLD, NEW}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=40))
def test_any_bytes_are_no_pack(data: bytes, begin: bytes) -> None:
    for each in (data, pack_header(2) + data):
        read(PLAIN, each, SOUND[0][1])
    try:
        check_pack_header(begin, url="", key="")
    except (CorruptionError, FormatError):
        return
    assert begin[:16] in {pack_header(1), pack_header(2)}


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from([blake3(NEW).digest(), blake3(OLD).digest(), bytes(32)]),
    codec=st.integers(0, 255),
    payload=st.binary(max_size=80)
    | st.binary(max_size=40).map(lambda rest: blake3(OLD).digest() + rest)
    | st.binary(max_size=200).map(zstandard.compress)
    | st.binary(max_size=200).map(lambda plain: blake3(OLD).digest() + zstandard.compress(plain)),
    plain=st.integers(1, 300) | st.integers(1, 64 * MIB),
    claimed=st.integers(1, 300),
    is_sealed=st.sampled_from([0, 0, 0, 1, 255]),
    based=st.booleans(),
)
def test_frames_with_right_checksums(
    name: bytes, codec: int, payload: bytes, plain: int, claimed: int, is_sealed: int, based: bool
) -> None:
    """As a stranger can make them who has no key."""
    head = struct.pack("<32sBB2xII", name, codec, is_sealed, len(payload), plain)
    frame = head + struct.pack("<I", zlib.crc32(payload, zlib.crc32(head))) + payload
    stored, (base, _) = SOUND[0]
    start = len(stored)
    below = base._replace(digest=b"") if based else None
    blocks = [Block(name, PACK, start, len(frame), length, below) for length in (plain, claimed)]
    read(PLAIN, stored + frame, blocks)


def small(size: int) -> bytes:
    return zstandard.compress(bytes(size))


def hidden(size: int) -> bytes:
    """A frame that does not tell its size."""
    return zstandard.ZstdCompressor(write_content_size=False).compress(bytes(size))


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("make", [small, hidden])
@pytest.mark.parametrize("based", [False, True])
def test_bombs(based: bool, make: Callable[[int], bytes], which: int) -> None:
    """Some kilobytes that unpack to a quarter of a gigabyte are refused for what they claim to be."""
    cipher = CIPHERS[which]
    stored, (base, _) = SOUND[which]
    name = cipher.name(b"bomb")
    payload = (cipher.name(OLD) if based else b"") + make(256 * MIB)
    frame = build_frame(name, Codec.DELTA if based else Codec.ZSTD, payload, 4096, cipher)
    block = Block(name, PACK, len(stored), len(frame), 4096, base if based else None)
    tracemalloc.start()
    try:
        assert read(cipher, stored + frame, [block]) == {}
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


def test_chains_that_snapshots_make_together_are_kept_apart() -> None:
    """Each is short; put together they would be deeper than any stack."""
    stored, (base, _) = SOUND[0]
    blocks = []
    for first in range(0, 3000, 15):
        link = Block(b"", PACK, 16 + first, 60, 10)
        for place in range(first + 1, first + 16):
            link = Block(b"", PACK, 16 + place, 60, 10, link)
        blocks.append(link._replace(digest=bytes(32)))
    assert read(PLAIN, stored, [*blocks, base]) == {base.digest: OLD}


def test_a_wrong_name_for_a_place_damages_nobody_else() -> None:
    stored, (base, delta) = SOUND[0]
    liar = base._replace(digest=bytes(32))
    for blocks in ([liar, base, delta], [delta, liar, base], [base, liar]):
        assert base.digest in read(PLAIN, stored, blocks)
