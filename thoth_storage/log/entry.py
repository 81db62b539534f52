"""An entry as bytes, which prove that they are that entry and whole.

Layout, little-endian: magic (8) | version u16 | flags u16 | body length u32 | sequence u64 | nonce (16) | BLAKE3 of the
40 bytes before and the body (32) | body. The body is MessagePack, compressed with zstd and then, where the store is
encrypted, sealed with the 40 bytes as context.
"""

from __future__ import annotations

import os
import struct
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import zstandard
from blake3 import blake3

from thoth_storage.errors import CapacityError, CorruptionError, FormatError

__all__ = ["MAX_PAYLOAD", "MAX_STORED", "NO_CIPHER", "Cipher", "Entry", "Unsealable", "decode", "encode", "new_nonce"]

VERSION = 1
"""The newest version of entries that this code reads."""
MAX_PAYLOAD = 64 * 1024 * 1024
"""Bytes of a payload. Writers stay far below."""
MAX_STORED = MAX_PAYLOAD + 1024 * 1024
"""Bytes of an entry as it is stored, and no reader asks for more."""

_MAGIC = b"THOTHLOG"
_FIXED = struct.Struct("<8sHHIQ16s")
_DIGEST = 32
_START = _FIXED.size + _DIGEST
_SEALED = 1
_NONCE = 16
_LEVEL = 1
"""Of zstd: a write waits for it, and most of it is vectors, which no level shrinks by much."""
_MAX_BODY = MAX_PAYLOAD + 64 * 1024
"""Bytes of a body before it is compressed; one that claims more is a bomb."""
_mine = threading.local()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unsealable(Exception):  # noqa: N818 - told to nobody but ``decode``
    """What ``Cipher.open`` raises for bytes that were changed, or sealed with another key."""


class Cipher(Protocol):
    """How an encrypted store hides what is in its log."""

    @property
    def encrypts(self) -> bool: ...
    @property
    def overhead(self) -> int:
        """Bytes that sealing adds."""
        ...

    def seal(self, plain: bytes, context: bytes) -> bytes: ...
    def open(self, stored: bytes, context: bytes) -> bytes:
        """Raises Unsealable."""
        ...


class _NoCipher:
    encrypts = False
    overhead = 0

    def seal(self, plain: bytes, context: bytes) -> bytes:
        return plain

    def open(self, stored: bytes, context: bytes) -> bytes:
        return stored


NO_CIPHER: Cipher = _NoCipher()


@dataclass(frozen=True, slots=True)
class Entry:
    """``time`` is what its writer's clock said, for people; the order is that of ``sequence`` alone. ``size`` in bytes
    as it is stored. ``before`` is the nonce of the entry that its writer applied last, empty where it had applied none:
    whoever applied another one there has another state."""

    sequence: int
    nonce: bytes
    writer: str
    time: datetime
    payload: bytes
    size: int
    before: bytes = b""


class _Body(msgspec.Struct, frozen=True, array_like=True):
    writer: str
    microseconds: int
    payload: bytes
    before: bytes = b""


def _packer() -> zstandard.ZstdCompressor:
    """One for each thread: to make one takes as long as a small entry."""
    if not hasattr(_mine, "packer"):
        _mine.packer = zstandard.ZstdCompressor(level=_LEVEL)
    packer: zstandard.ZstdCompressor = _mine.packer
    return packer


def new_nonce() -> bytes:
    """By which a writer knows its own entry when the reply to its create was lost."""
    return os.urandom(_NONCE)


def encode(entry: Entry, cipher: Cipher) -> bytes:
    """The stored bytes; ``entry.size`` is not looked at. Raises CapacityError."""
    if len(entry.payload) > MAX_PAYLOAD:
        raise CapacityError(f"an entry of {len(entry.payload)} bytes is too large, {MAX_PAYLOAD} are allowed")
    body = _Body(entry.writer, (entry.time - _EPOCH) // timedelta(microseconds=1), entry.payload, entry.before)
    plain = msgspec.msgpack.encode(body)
    if len(plain) > _MAX_BODY:
        raise CapacityError("the name of the writer of an entry is too long", hint=f"it is {entry.writer[:40]!r}...")
    packed = _packer().compress(plain)
    length, flags = len(packed) + cipher.overhead, _SEALED if cipher.encrypts else 0
    fixed = _FIXED.pack(_MAGIC, VERSION, flags, length, entry.sequence, entry.nonce)
    stored = cipher.seal(packed, fixed)
    return b"".join([fixed, blake3(fixed + stored).digest(), stored])


def decode(data: bytes, sequence: int, cipher: Cipher, *, url: str, key: str) -> Entry:
    """Raises CorruptionError for anything but the entry of that number, whole; FormatError for a newer version."""

    def damaged(what: str) -> CorruptionError:
        return CorruptionError(
            f"log entry {sequence} {what}",
            url=url,
            key=key,
            hint="nothing behind it can be applied; restore to before it",
        )

    if len(data) < _START or data[:8] != _MAGIC:
        raise damaged("does not begin as one")
    _, version, flags, length, number, nonce = _FIXED.unpack_from(data)
    if version > VERSION or flags & ~_SEALED:
        raise FormatError(
            f"log entry {sequence} has version {version} (flags {flags:#x}); this program reads up to {VERSION}",
            url=url,
            key=key,
            hint="upgrade thoth-storage",
        )
    fixed, digest, stored = data[: _FIXED.size], data[_FIXED.size : _START], data[_START:]
    if version < 1 or len(stored) != length or blake3(fixed + stored).digest() != digest:
        raise damaged("fails its checksum")
    if number != sequence:
        raise damaged(f"holds entry {number}")
    if bool(flags) != cipher.encrypts:
        raise damaged("is encrypted, unlike its store" if flags else "is not encrypted, unlike its store")
    try:
        packed = cipher.open(stored, fixed)
    except Unsealable as error:
        raise damaged(f"cannot be decrypted: {error}") from error
    try:
        if zstandard.get_frame_parameters(packed).content_size > _MAX_BODY:
            raise damaged("claims to be larger than any")
        plain = zstandard.ZstdDecompressor().decompress(packed, allow_extra_data=False)
        body = msgspec.msgpack.decode(plain, type=_Body)
        time = _EPOCH + timedelta(microseconds=body.microseconds)
    except (zstandard.ZstdError, ValueError, OverflowError, RecursionError) as error:
        raise damaged(f"cannot be read: {error}") from error
    return Entry(sequence, nonce, body.writer, time, body.payload, len(data), body.before)
