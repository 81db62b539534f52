"""Where blocks are that a repack has moved: a manifest never changes, so what it says of a place is looked up here.

A record maps places (a pack and an offset) to new ones. A repack's record takes over what older ones still say, so
there is nearly always one of them, and none in a repository that was never repacked.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from thoth_storage.errors import CorruptionError
from thoth_storage.repository.columns import pack_u32, unpack_u32
from thoth_storage.repository.index import Entry, Index, read_kind, write_entry
from thoth_storage.repository.layout import IndexKey
from thoth_storage.repository.vault import Vault

__all__ = ["MOVES", "NO_MOVES", "Moves", "Place", "load_moves", "write_moves"]

MOVES = "moves"
Place = tuple[str, int]
"""A pack's id, and an offset in it."""
_HOPS = 32
"""Moves of one block that are followed; more is a circle."""


class _Body(msgspec.Struct, frozen=True):
    """``packs`` 16 bytes an id; the columns packed u32: rows of ``packs`` and offsets in them, before and after."""

    packs: bytes
    old_pack: bytes
    old_offset: bytes
    new_pack: bytes
    new_offset: bytes

    def __post_init__(self) -> None:
        # For what is read: msgspec makes it an error of the record.
        if len(self.packs) % 16:
            raise ValueError("a pack's id is cut off")


class Moves:
    """The moves of all records, newest first in doubt."""

    def __init__(self, places: Mapping[Place, Place] | None = None) -> None:
        self.places = dict(places or {})

    def place(self, pack: str, offset: int) -> Place:
        """Where a block is now."""
        found = (pack, offset)
        for _ in range(_HOPS):
            following = self.places.get(found)
            if following is None:
                break
            found = following
        return found


NO_MOVES = Moves()


def load_moves(vault: Vault, index: Index, *, strict: bool = False) -> Moves:
    """All moves that are recorded. ``strict`` raises where a record is damaged, for who is about to delete."""
    if not index.of(MOVES):
        return NO_MOVES
    places: dict[Place, Place] = {}
    for entry, body in read_kind(vault, index, MOVES, _Body, strict=strict):
        try:
            places.update(_decode(vault, entry, body))
        except CorruptionError:
            if strict:
                raise
    return Moves(places)


def write_moves(vault: Vault, moves: Moves, index: Index) -> IndexKey:
    """Store ``moves`` as the newest record: from then on readers heed it."""
    packs = {pack: row for row, pack in enumerate(dict.fromkeys(p for pair in moves.places.items() for p, _ in pair))}
    old, new = list(moves.places), list(moves.places.values())
    body = _Body(
        packs=b"".join(bytes.fromhex(pack) for pack in packs),
        old_pack=pack_u32(packs[pack] for pack, _ in old),
        old_offset=pack_u32(offset for _, offset in old),
        new_pack=pack_u32(packs[pack] for pack, _ in new),
        new_offset=pack_u32(offset for _, offset in new),
    )
    return write_entry(vault, MOVES, body, index.newest)


def _decode(vault: Vault, entry: Entry, body: _Body) -> dict[Place, Place]:
    packs = [body.packs[i : i + 16].hex() for i in range(0, len(body.packs), 16)]
    try:
        columns = [unpack_u32(each) for each in (body.old_pack, body.old_offset, body.new_pack, body.new_offset)]
        return {
            (packs[old_pack], old_offset): (packs[new_pack], new_offset)
            for old_pack, old_offset, new_pack, new_offset in zip(*columns, strict=True)
        }
    except (ValueError, IndexError) as error:
        raise CorruptionError(f"the record is not sound: {error}", url=vault.url, key=entry.key.key) from error
