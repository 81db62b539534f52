"""One block as it is stored: a frame that names itself, so that a pack can be read without any manifest.

Frame, little-endian: BLAKE3 of the plain bytes (32) | codec u8 | zero (3) | payload length u32 | plain length u32 |
CRC-32 u32 of the 44 bytes before and the payload | payload. A block is compressed with zstd level 1, and stored as it
is where that does not save a thirty-second part: vectors hardly shrink, and reading them back should then cost nothing.

The CRC is there since zstd has bits that mean nothing: one of them flipped gives the right bytes all the same, but the
disk is failing, and verification is to say so.
"""

from __future__ import annotations

import struct
import threading
import zlib

import zstandard
from blake3 import blake3

from thoth_storage.errors import CorruptionError

__all__ = ["FRAME_HEADER", "MAX_FRAME", "MAX_PLAIN", "digest_of", "open_frame", "to_frame"]

_HEADER = struct.Struct("<32sB3xII")
_CHECK = struct.Struct("<I")
FRAME_HEADER = _HEADER.size + _CHECK.size
MAX_PLAIN = 64 * 1024 * 1024
"""Bytes in the largest block that any repository may have; a frame that claims more is refused."""
MAX_FRAME = MAX_PLAIN + FRAME_HEADER

_RAW, _ZSTD = 0, 1
_LEVEL = 1
_WORTH = 32

_threads = threading.local()


def digest_of(plain: bytes | memoryview) -> bytes:
    """A block's name: the BLAKE3 of its plain bytes, so that neither dedup nor checks care how it is stored."""
    return blake3(plain).digest()


def to_frame(digest: bytes, plain: bytes | memoryview) -> bytes:
    """The bytes to store for a block."""
    packed = _compressor().compress(plain)
    if len(packed) <= len(plain) - len(plain) // _WORTH:
        return _to_frame(_HEADER.pack(digest, _ZSTD, len(packed), len(plain)), packed)
    return _to_frame(_HEADER.pack(digest, _RAW, len(plain), len(plain)), plain)


def open_frame(frame: bytes | memoryview, digest: bytes, plain: int, *, url: str, key: str) -> bytes | memoryview:
    """The plain bytes of the block ``digest``, checked. Raises CorruptionError that tells what was expected."""

    def damaged(what: str) -> CorruptionError:
        return CorruptionError(f"block {digest.hex()[:16]} is damaged: {what}", url=url, key=key)

    if len(frame) < FRAME_HEADER:
        raise damaged(f"the pack ends after {len(frame)} bytes of it")
    stored_digest, codec, length, plain_length = _HEADER.unpack_from(frame)
    header, payload = memoryview(frame)[: _HEADER.size], memoryview(frame)[FRAME_HEADER:]
    if stored_digest != digest or length != len(payload) or plain_length != plain:
        raise damaged("its frame is another block's, or cut off")
    if _CHECK.unpack_from(frame, _HEADER.size)[0] != _check(header, payload):
        raise damaged("its frame fails the checksum")
    if codec == _ZSTD:
        try:
            if zstandard.get_frame_parameters(payload).content_size != plain:
                raise damaged("it does not unpack to its length")
            data: bytes | memoryview = _decompressor().decompress(payload)
        except zstandard.ZstdError as error:
            raise damaged(f"it does not unpack ({error})") from error
    elif codec == _RAW:
        data = payload
    else:
        raise damaged(f"its codec {codec} is unknown")
    if len(data) != plain or digest_of(data) != digest:
        raise damaged("its content fails the checksum")
    return data


def _to_frame(header: bytes, payload: bytes | memoryview) -> bytes:
    return b"".join([header, _CHECK.pack(_check(header, payload)), payload])


def _check(header: bytes | memoryview, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(header))


def _compressor() -> zstandard.ZstdCompressor:
    # One a thread: they are not safe to share, and dear to make.
    if not hasattr(_threads, "compressor"):
        _threads.compressor = zstandard.ZstdCompressor(level=_LEVEL)
    return _threads.compressor  # type: ignore[no-any-return]


def _decompressor() -> zstandard.ZstdDecompressor:
    if not hasattr(_threads, "decompressor"):
        _threads.decompressor = zstandard.ZstdDecompressor()
    return _threads.decompressor  # type: ignore[no-any-return]
