"""Finds the bytes of damaged blocks again: in another pack, in a directory, or by a delta upon what was found.

A block's name proves its bytes, so it does not matter where they come from. Most damage to a base is damage to all the
deltas above it; where the base is found again, they are undone upon it and are found too.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository.blocks import Codec, Frame, full_frame, parse_frame
from thoth_storage.repository.deltas import apply_delta, base_name
from thoth_storage.repository.fetch import fetch
from thoth_storage.repository.layout import pack_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.packs import PackWriter
from thoth_storage.repository.source_blocks import SourceBlocks
from thoth_storage.repository.vault import Vault

__all__ = ["Healer"]


class Healer:
    """``copies``: blocks that are sound, and may be built on; ``hopes`` may be so. ``find`` tells whether a block can
    be had, ``place`` gives a sound one for it, stored anew only where no pack has it."""

    def __init__(
        self, vault: Vault, copies: Iterable[Block], hopes: Iterable[Block], source: SourceBlocks | None
    ) -> None:
        self._vault = vault
        self._copies = {block.digest: block for block in copies}
        self._source = source
        for block in hopes:
            if block.digest not in self._copies and self._read(block) is not None:
                self._copies[block.digest] = block
        self._found: dict[bytes, bool] = {}

    def find(self, damaged: Block) -> bool:
        """Whether the bytes of a block can be had. Nothing is stored."""
        name = damaged.digest
        if name not in self._found:
            self._found[name] = name in self._copies or self._recover(name, damaged) is not None
        return self._found[name]

    def place(self, damaged: Block, writer: PackWriter) -> Block | None:
        """A sound block with the same bytes; None where what was found is not there any more."""
        name = damaged.digest
        if name not in self._copies:
            data = self._recover(name, damaged)
            if data is None:
                return None
            self._copies[name] = writer.add(name, full_frame(name, data, self._vault.cipher), len(data))
        return self._copies[name]

    def _recover(self, name: bytes, block: Block | None) -> bytes | None:
        """The bytes of that name: from elsewhere, or by the block's own frame upon what that stands on."""
        data = self._read(self._copies[name]) if name in self._copies else None
        if data is None and self._source:
            data = self._source.get(name)
        if data is None and block and block.base:
            data = self._undo(name, block)
        return data

    def _undo(self, name: bytes, block: Block) -> bytes | None:
        frame = self._frame(block)
        if frame is None or frame.name != name or frame.codec != Codec.DELTA:
            return None
        below = base_name(frame)
        base = self._recover(below, block.base)
        if base is None:
            return None
        try:
            data = apply_delta(frame, below, base)
        except ValueError:
            return None
        return data if self._vault.cipher.name(data) == name else None

    def _frame(self, block: Block) -> Frame | None:
        key = pack_key(block.pack)
        try:
            stored = self._vault.backend.get(key, block.offset, block.offset + block.stored)
            return parse_frame(stored, self._vault.cipher, name=None, plain=block.plain, url=self._vault.url, key=key)
        except (CorruptionError, FormatError, NotFoundError):
            return None

    def _read(self, block: Block) -> bytes | None:
        found: list[bytes] = []
        with closing(fetch(self._vault, [block], lambda _, plain: found.append(bytes(plain)))) as results:
            for _ in results:
                pass
        return found[0] if found else None
