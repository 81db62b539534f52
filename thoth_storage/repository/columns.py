"""Columns of numbers in stored tables: packed, little-endian, whatever the machine."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable

__all__ = ["pack_u32", "unpack_u32"]


def pack_u32(values: Iterable[int]) -> bytes:
    """Unsigned 32-bit numbers, little-endian."""
    column = array("I", values)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def unpack_u32(data: bytes) -> array[int]:
    """The reverse of ``pack_u32``. Raises ValueError where the length is no multiple of four."""
    column = array("I")
    column.frombytes(data)
    if sys.byteorder == "big":
        column.byteswap()
    return column
