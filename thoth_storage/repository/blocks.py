"""One block as it is stored: a frame that names itself, so that a pack can be read without any manifest.

Frame, little-endian: name of the block (32) | codec u8 | sealed u8 | zero (2) | payload length u32 | plain length u32 |
CRC-32 u32 of the 44 bytes before and the payload | payload. The name is the (keyed) BLAKE3 of the plain bytes. A block
is compressed with zstd level 1, and stored as it is where that does not save an eighth: vectors shrink by a tenth, and
unpacking them would be most of what a restore does. Or it is a delta: see ``deltas``.

The CRC is there since zstd has bits that mean nothing: one of them flipped gives the right bytes all the same, but the
disk is failing, and verification is to say so.
"""

from __future__ import annotations

import struct
import threading
import zlib
from typing import NamedTuple

import zstandard

from thoth_storage.errors import CorruptionError
from thoth_storage.repository.cipher import Cipher, SealedError

__all__ = ["FRAME_HEADER", "MAX_FRAME", "MAX_PLAIN", "Codec", "Frame", "build_frame", "full_frame", "parse_frame"]

_HEADER = struct.Struct("<32sBB2xII")
_CHECK = struct.Struct("<I")
FRAME_HEADER = _HEADER.size + _CHECK.size
MAX_PLAIN = 64 * 1024 * 1024
"""Bytes in the largest block that any repository may have; a frame that claims more is refused."""
MAX_FRAME = MAX_PLAIN + FRAME_HEADER + 64
"""A delta names its base, and what is sealed has a nonce and a tag: 60 bytes at most."""


class Codec:
    """What a payload is: the plain bytes, a zstd frame of them, or a delta."""

    RAW, ZSTD, DELTA = 0, 1, 2


_LEVEL = 1
_MATCH = 7
"""Bytes of the shortest match. Level 1 takes 6 for blocks of 256 KiB: a fifth more processor seconds, which are most of
a first backup's, to store two hundredths less; and a tenth more to unpack them."""
_HASH_LOG = 13
"""Positions that are remembered, as a power of two: 32 KiB of them fit a processor's nearest cache. Level 1 takes twice
as many: two to five hundredths more processor seconds, to store one and a half less."""
_WORTH = 8
"""A full block is compressed if that saves this part of it."""
_PIECE, _PIECES = 4096, 4
"""Of a larger block so many pieces of so many bytes are tried first, which tells vectors in a sixteenth of the time."""

_threads = threading.local()


class Frame(NamedTuple):
    """A stored frame whose checksum is right, taken apart and decrypted; ``payload`` is not unpacked yet."""

    name: bytes
    codec: int
    payload: bytes | memoryview
    plain: int

    def unpack(self) -> bytes | memoryview:
        """The plain bytes of a frame that is no delta. Raises ValueError that tells why not."""
        if self.codec == Codec.ZSTD:
            try:
                if zstandard.get_frame_parameters(self.payload).content_size != self.plain:
                    raise ValueError("it does not unpack to its length")
                return _decompressor().decompress(self.payload)
            except zstandard.ZstdError as error:
                raise ValueError(f"it does not unpack ({error})") from error
        if self.codec != Codec.RAW:
            raise ValueError("it is a delta, and its manifest names no base" if self.codec == Codec.DELTA else "?")
        if len(self.payload) != self.plain:
            raise ValueError("it does not have its length")
        return self.payload


def full_frame(name: bytes, plain: bytes | memoryview, cipher: Cipher) -> bytes:
    """The bytes to store for a block in full."""
    packed = _pack(plain) if _seems_worth(plain) else None
    if packed is None:
        return build_frame(name, Codec.RAW, plain, len(plain), cipher)
    return build_frame(name, Codec.ZSTD, packed, len(plain), cipher)


def _seems_worth(plain: bytes | memoryview) -> bool:
    """Whether pieces from all over the block shrink enough: a block may be half vectors, half zeros."""
    step = len(plain) // _PIECES
    if step < 4 * _PIECE:
        return True
    return _pack(b"".join(plain[start : start + _PIECE] for start in range(0, step * _PIECES, step))) is not None


def _pack(plain: bytes | memoryview) -> bytes | None:
    """Compressed; None where that is not worth it."""
    packed = _compressor().compress(plain)
    return packed if len(packed) <= len(plain) - len(plain) // _WORTH else None


def build_frame(name: bytes, codec: int, payload: bytes | memoryview, plain: int, cipher: Cipher) -> bytes:
    """Seal a payload, which is bound to the header before it, and put both together."""
    header = _HEADER.pack(name, codec, cipher.encrypts, len(payload) + cipher.overhead, plain)
    stored = cipher.seal(payload, header)
    return b"".join([header, _CHECK.pack(_check(header, stored)), stored])


def parse_frame(
    frame: bytes | memoryview, cipher: Cipher, *, name: bytes | None, plain: int, url: str, key: str
) -> Frame:
    """Take a frame apart and decrypt it. ``name`` and ``plain`` are those that the manifest promises; a base that no
    file has any more is promised by its place alone, and ``name`` is None. Raises CorruptionError that tells what was
    expected."""
    shown = name.hex()[:16] if name else "of a base"

    def damaged(what: str) -> CorruptionError:
        return CorruptionError(f"block {shown} is damaged: {what}", url=url, key=key)

    if len(frame) < FRAME_HEADER:
        raise damaged(f"the pack ends after {len(frame)} bytes of it")
    found, codec, is_sealed, length, plain_length = _HEADER.unpack_from(frame)
    header, payload = memoryview(frame)[: _HEADER.size], memoryview(frame)[FRAME_HEADER:]
    if (name and found != name) or length != len(payload) or plain_length != plain:
        raise damaged("its frame is another block's, or cut off")
    if _CHECK.unpack_from(frame, _HEADER.size)[0] != _check(header, payload):
        raise damaged("its frame fails the checksum")
    if codec > Codec.DELTA:
        raise damaged(f"its codec {codec} is unknown")
    if is_sealed != cipher.encrypts:
        raise damaged("it is encrypted otherwise than its repository")
    try:
        return Frame(found, codec, cipher.open(payload, bytes(header)), plain)
    except SealedError as error:
        raise damaged(f"it cannot be decrypted: {error}") from error


def _check(header: bytes | memoryview, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(header))


def _compressor() -> zstandard.ZstdCompressor:
    # One a thread: they are not safe to share, and dear to make.
    if not hasattr(_threads, "compressor"):
        parameters = zstandard.ZstdCompressionParameters(compression_level=_LEVEL, min_match=_MATCH, hash_log=_HASH_LOG)
        _threads.compressor = zstandard.ZstdCompressor(compression_params=parameters)
    return _threads.compressor  # type: ignore[no-any-return]


def _decompressor() -> zstandard.ZstdDecompressor:
    if not hasattr(_threads, "decompressor"):
        _threads.decompressor = zstandard.ZstdDecompressor()
    return _threads.decompressor  # type: ignore[no-any-return]
