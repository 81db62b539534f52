"""Stored records that prove themselves: each begins with what it is, and carries checksums of all that follows.

A record has a header, which can be read alone with a short range request, and a body. Both are MessagePack, compressed
with zstd and then, in an encrypted repository, sealed. Layout, little-endian: magic (8) | version u16 | flags u16 |
header length u32 | body length u64 | BLAKE3 of the 24 bytes before and the header (32) | BLAKE3 of the body (32) |
header | body.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple, TypeVar

import msgspec
import zstandard
from blake3 import blake3

from thoth_storage.errors import CapacityError, CorruptionError, FormatError
from thoth_storage.repository.cipher import PLAIN, Cipher, SealedError
from thoth_storage.repository.layout import FORMAT_VERSION

__all__ = ["PROLOGUE_SIZE", "Prologue", "open_body", "open_header", "parse_prologue", "seal"]

_T = TypeVar("_T")
_FIXED = struct.Struct("<8sHHIQ")
_DIGEST = 32
_SEALED = 1
"""The flag of a record whose sections are encrypted."""
_HEADER_CONTEXT, _BODY_CONTEXT = b"header", b"body"
PROLOGUE_SIZE = _FIXED.size + 2 * _DIGEST

MAX_HEADER = 16 * 1024 * 1024
MAX_BODY = 1024 * 1024 * 1024
"""Bytes that a header or body may have when unpacked; more is a damaged length."""
_FREE = 8 * 1024 * 1024
_RATIO = 64
"""A section may have so many bytes when unpacked, and so many more for each that is stored; more is a bomb, whose few
bytes would fill the reader's memory. Manifests of many files shrink to a fiftieth, rarely to a hundredth; only those of
sparse files, which name one block again and again, shrink to a ten-thousandth."""
_PIECE = 240
"""Bytes that are compressed by themselves where the whole would shrink too far: zstd takes four at least for each."""


class Prologue(NamedTuple):
    """The first 88 bytes of a record, taken apart. Lengths are of the stored (compressed, sealed) sections."""

    fixed: bytes
    version: int
    header_length: int
    body_length: int
    header_digest: bytes
    body_digest: bytes


def seal(magic: bytes, header: Any, body: Any, *, version: int, cipher: Cipher = PLAIN) -> bytes:
    """The record's bytes. ``version`` is the lowest one that can hold it. Raises CapacityError for one that no reader
    would accept."""
    packed = []
    for part, limit in ((header, MAX_HEADER), (body, MAX_BODY)):
        plain = msgspec.msgpack.encode(part)
        packed.append(_compress(plain))
        if max(len(plain), len(packed[-1]) + cipher.overhead) > limit:
            raise CapacityError(f"a record of {len(plain)} bytes is too large, {limit} are allowed")
    lengths = [len(section) + cipher.overhead for section in packed]
    fixed = _FIXED.pack(magic, version, _SEALED if cipher.encrypts else 0, *lengths)
    head = cipher.seal(packed[0], fixed + _HEADER_CONTEXT)
    digest = blake3(fixed + head).digest()
    # Bound to this header: else who can write the bucket could give it the body of another snapshot of equal lengths.
    rest = cipher.seal(packed[1], fixed + digest + _BODY_CONTEXT)
    return b"".join([fixed, digest, blake3(rest).digest(), head, rest])


def parse_prologue(data: bytes, magic: bytes, *, url: str, key: str, cipher: Cipher = PLAIN) -> Prologue:
    """Take the first bytes of a record apart. Raises CorruptionError, FormatError for a newer version; a record that
    is not encrypted among those that are is refused, since anybody may have put it there."""
    if len(data) < PROLOGUE_SIZE or data[:8] != magic:
        raise CorruptionError(f"the object does not begin as a {magic.decode()} record", url=url, key=key)
    _, version, flags, header_length, body_length = _FIXED.unpack_from(data)
    if version > FORMAT_VERSION or flags & ~_SEALED or (flags and version == 1):
        raise FormatError(
            f"the object has format version {version} (flags {flags:#x}); this program reads up to {FORMAT_VERSION}",
            url=url,
            key=key,
            hint="upgrade thoth-storage",
        )
    if version < 1 or header_length > MAX_HEADER or body_length > MAX_BODY:
        raise CorruptionError("the record's version or lengths are impossible", url=url, key=key)
    if bool(flags) != cipher.encrypts:
        state = "encrypted" if flags else "not encrypted"
        raise CorruptionError(f"the record is {state}, unlike its repository", url=url, key=key)
    split = _FIXED.size + _DIGEST
    return Prologue(
        data[: _FIXED.size], version, header_length, body_length, data[_FIXED.size : split], data[split:PROLOGUE_SIZE]
    )


def open_header(stored: bytes, prologue: Prologue, kind: type[_T], *, url: str, key: str, cipher: Cipher = PLAIN) -> _T:
    """Check and decode a header. Raises CorruptionError."""
    if blake3(prologue.fixed + stored).digest() != prologue.header_digest:
        raise CorruptionError("the header fails its checksum", url=url, key=key)
    packed = _unseal(stored, prologue.fixed + _HEADER_CONTEXT, cipher, url, key)
    return _decode(packed, kind, MAX_HEADER, url, key)


def open_body(stored: bytes, prologue: Prologue, kind: type[_T], *, url: str, key: str, cipher: Cipher = PLAIN) -> _T:
    """Check and decode a body. Raises CorruptionError."""
    if len(stored) != prologue.body_length or blake3(stored).digest() != prologue.body_digest:
        raise CorruptionError("the body fails its checksum", url=url, key=key)
    packed = _unseal(stored, prologue.fixed + prologue.header_digest + _BODY_CONTEXT, cipher, url, key)
    return _decode(packed, kind, MAX_BODY, url, key)


def _compress(plain: bytes) -> bytes:
    packer = zstandard.ZstdCompressor(level=3)
    packed = packer.compress(plain)
    if len(plain) <= _most(len(packed)):
        return packed
    # One frame all the same, which any reader takes: but of so many blocks that it is no bomb.
    stream = packer.compressobj(size=len(plain))
    parts = []
    for start in range(0, len(plain), _PIECE):
        parts += [stream.compress(plain[start : start + _PIECE]), stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)]
    return b"".join([*parts, stream.flush()])


def _most(stored: int) -> int:
    """Bytes that a section may have when unpacked."""
    return _FREE + _RATIO * stored


def _unseal(stored: bytes, context: bytes, cipher: Cipher, url: str, key: str) -> bytes:
    try:
        return bytes(cipher.open(stored, context))
    except SealedError as error:
        raise CorruptionError(f"the record cannot be decrypted: {error}", url=url, key=key) from error


def _decode(stored: bytes, kind: type[_T], limit: int, url: str, key: str) -> _T:
    try:
        size = zstandard.get_frame_parameters(stored).content_size
        allowed = min(limit, _most(len(stored)))
        if size > allowed:
            raise CorruptionError(f"the record claims {size} bytes, {allowed} are allowed", url=url, key=key)
        plain = zstandard.ZstdDecompressor().decompress(stored, allow_extra_data=False)
        return msgspec.msgpack.decode(plain, type=kind)
    except (zstandard.ZstdError, ValueError, RecursionError) as error:
        # msgspec lets UnicodeDecodeError (a ValueError, as its own errors are) and RecursionError through.
        raise CorruptionError(f"the record cannot be read: {error}", url=url, key=key) from error
