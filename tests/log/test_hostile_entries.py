"""Entries that prove themselves and are none: who can write the bucket can make such. To refuse them costs nothing."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Iterator

import msgspec
import pytest
import zstandard
from blake3 import blake3

from tests.log.logs import memory
from thoth_storage.errors import CorruptionError, FormatError
from thoth_storage.log import Log
from thoth_storage.log.entry import MAX_PAYLOAD, MAX_STORED, NO_CIPHER, decode
from thoth_storage.log.layout import entry_key
from thoth_storage.wrappers import MeteredBackend

MIB = 1024 * 1024


def forged(body: bytes, *, version: int = 1, flags: int = 0, length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    fixed = struct.pack("<8sHHIQ16s", b"THOTHLOG", version, flags, length, 7, bytes(16))
    return fixed + blake3(fixed + body).digest() + body


def packed(plain: bytes, *, told: bool = True) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=told).compress(plain)


def claiming(size: int) -> bytes:
    """A frame of few bytes that says it has many (RFC 8878: a single segment, content size of 8 bytes)."""
    return struct.pack("<IBQ", 0xFD2FB528, 0xE0, size) + b"\x01\0\0"


def opened(data: bytes) -> None:
    decode(data, 7, NO_CIPHER, url="", key="")


@pytest.fixture
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * MIB


GOOD = msgspec.msgpack.encode(["w", 5, b"payload"])


def test_the_forger_knows_how() -> None:
    opened(forged(packed(GOOD)))
    opened(forged(packed(msgspec.msgpack.encode(["w", -5, b"payload", b"", {"of": "a later program"}]))))


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    "body",
    [
        packed(bytes(MAX_PAYLOAD + 2 * MIB)),
        packed(GOOD, told=False),
        claiming(2**63),
        claiming(MAX_PAYLOAD + 65 * 1024),
        b"",
        b"\x50\x2a\x4d\x18\x04\0\0\0abcd",
        packed(GOOD) + b"\0",
        packed(GOOD) + packed(GOOD),
        packed(GOOD)[:-1],
        GOOD,
    ],
    ids=["bomb", "no size", "huge", "too large", "empty", "skippable", "more", "two", "cut", "not packed"],
)
def test_frames(body: bytes) -> None:
    with pytest.raises(CorruptionError):
        opened(forged(body))


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"\x94\xa1w\x05\xc4\x01p" + b"\x91" * 100_000 + b"\xc0",
        b"\xdd\xff\xff\xff\xff",
        b"\x93\xa1w\x05\xc6\xff\xff\xff\xff",
        b"\x93\xdb\xff\xff\xff\xff",
        b"\x93\xa1\xff\x05\xc4\x01p",
        b"\x93\xa1w\xcf" + b"\xff" * 8 + b"\xc4\x01p",
        b"\x93\xa1w\xd3\x80" + b"\0" * 7 + b"\xc4\x01p",
        b"\x92\xa1w\x05",
        GOOD + b"\xc0",
        msgspec.msgpack.encode({"writer": "w"}),
        msgspec.msgpack.encode(["w", "5", b"payload"]),
        msgspec.msgpack.encode(["w", 5, "payload"]),
        msgspec.msgpack.encode(["w", None, b"payload"]),
    ],
)
def test_bodies(plain: bytes) -> None:
    with pytest.raises(CorruptionError):
        opened(forged(packed(plain)))


def test_lengths_that_do_not_add_up() -> None:
    for length in (0, len(packed(GOOD)) - 1, 2**32 - 1):
        with pytest.raises(CorruptionError):
            opened(forged(packed(GOOD), length=length))


def test_a_newer_version_or_flag_is_for_a_newer_program() -> None:
    for data in (forged(b"who knows", version=2), forged(packed(GOOD), flags=2), forged(packed(GOOD), flags=3)):
        with pytest.raises(FormatError, match="version"):
            opened(data)
    with pytest.raises(CorruptionError):
        opened(forged(packed(GOOD), version=0))


def test_no_more_is_fetched_than_an_entry_can_have() -> None:
    backend = MeteredBackend(memory())
    backend.create(entry_key(7), bytes(MAX_STORED + 5 * MIB))
    with pytest.raises(CorruptionError):
        Log(backend, "reader").read(7)
    assert backend.meters["get"].bytes == MAX_STORED + 1
