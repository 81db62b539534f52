"""A block as what changed in another: how one percent of change in a Chroma store costs a few percent to store.

New neighbour lists touch nearly every block of an HNSW file, a few bytes in each, so plain deduplication stores half of
the store again. The payload of a delta is the name of its base (32) and a zstd frame, level 2, that was made with the
base's plain bytes as a raw dictionary. Measured against XOR and packed pages: docs/decisions/0001-deltas.md.

A delta may stand on a delta. Chains are short, since a reader pays for each link, and a link that is damaged
takes all that stands on it along.
"""

from __future__ import annotations

import zstandard

from thoth_storage.repository.blocks import Codec, Frame, build_frame, full_frame
from thoth_storage.repository.cipher import Cipher
from thoth_storage.repository.manifest import Block

__all__ = ["CHAIN", "apply_delta", "base_for", "base_name", "delta_frame"]

CHAIN = 4
"""Deltas that a writer puts above a full block. Then the next stands on the full block itself: it is larger, and chains
begin anew from there."""

_LEVEL = 2
"""Level 1 does not look back far enough to find a base of 256 KiB: it gave 39.6 MiB for 1 % of a store, this gives 9.3.
Level 3 gives 9.2 and level 5 gives 8.9, for one and a half and for more than twice the processor seconds."""
_SURE = 8
"""A delta below this part of the plain bytes is taken without trying how small the block would get by itself."""
_WORTH = 2
"""Else it is to be below this part of the full frame: what saves less is not worth a longer chain."""
_NAME = 32


def base_for(previous: Block) -> Block:
    """The block that a delta against ``previous`` is to stand on: itself, or the full one below it."""
    return previous if previous.depth < CHAIN else previous.root


def delta_frame(
    name: bytes, plain: bytes | memoryview, base_name: bytes, base: bytes | memoryview, cipher: Cipher
) -> tuple[bytes, bool]:
    """The bytes to store for a block of which a similar one is at hand, and whether they are a delta."""
    dictionary = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    packed = zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary).compress(plain)
    delta = build_frame(name, Codec.DELTA, base_name + packed, len(plain), cipher)
    if len(delta) * _SURE <= len(plain):
        return delta, True
    full = full_frame(name, plain, cipher)
    return (delta, True) if len(delta) * _WORTH <= len(full) else (full, False)


def base_name(frame: Frame) -> bytes:
    """What the block is called that a delta stands on."""
    return bytes(frame.payload[:_NAME])


def apply_delta(frame: Frame, name: bytes, base: bytes | memoryview) -> bytes:
    """The plain bytes of a delta upon ``base``, which has that name. Raises ValueError that tells why not."""
    if frame.codec != Codec.DELTA:
        raise ValueError("it is no delta, and its manifest names a base")
    if bytes(frame.payload[:_NAME]) != name:
        raise ValueError("it stands on another block than its manifest says")
    packed = frame.payload[_NAME:]
    try:
        if zstandard.get_frame_parameters(packed).content_size != frame.plain:
            raise ValueError("it does not unpack to its length")
        dictionary = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        return zstandard.ZstdDecompressor(dict_data=dictionary).decompress(packed)
    except zstandard.ZstdError as error:
        raise ValueError(f"it does not unpack ({error})") from error
