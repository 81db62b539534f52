"""What a writer that is not done has stored already, so that one that was killed is not begun from nothing.

A long backup or copy notes every now and then which blocks it has stored. The next writer finds them, as it
finds those of snapshots. The note is removed at the commit, which says the same; prune removes those that are left.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import msgspec

from thoth_storage.errors import CorruptionError, StorageError
from thoth_storage.repository.checks import checked_blocks
from thoth_storage.repository.index import Index, read_entries, write_entry
from thoth_storage.repository.layout import IndexKey
from thoth_storage.repository.manifest import Block, Body, to_body
from thoth_storage.repository.vault import Vault

__all__ = ["PARTIAL", "Notes", "load_partials"]

_log = logging.getLogger(__name__)
PARTIAL = "partial"
_EVERY = 16
"""Packs between two notes: 256 MiB, so that a note costs one request in seventeen."""


class _Body(msgspec.Struct, frozen=True):
    """A manifest without files."""

    table: Body


def load_partials(vault: Vault, index: Index, *, strict: bool = False) -> list[Block]:
    """The full blocks that interrupted writers have stored. Damaged notes are passed over, since they only save work;
    ``strict`` raises, for who looks for damage."""
    blocks: list[Block] = []
    for entry, body in read_entries(vault, index.of(PARTIAL), _Body, strict=strict):
        try:
            blocks.extend(checked_blocks(body.table, url=vault.url, key=entry.key.key))
        except CorruptionError as error:
            if strict:
                raise
            _log.warning("passed over a note of an interrupted writer: %s", error)
    return blocks


class Notes:
    """One writer's notes. ``take`` what is stored, ``remove`` them when the commit says it all."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._waiting: list[Block] = []
        self._packs: set[str] = set()
        self._written: list[IndexKey] = []

    def take(self, blocks: Iterable[Block]) -> None:
        """Blocks whose packs are stored for good. Deltas are left out: what they stand on may be gone by then."""
        full = [block for block in blocks if not block.base]
        self._waiting.extend(full)
        self._packs.update(block.pack for block in full)
        if len(self._packs) < _EVERY:
            return
        try:
            distinct = {block.digest: block for block in self._waiting}
            body = _Body(to_body((), (), list(distinct.values())))
            self._written.append(write_entry(self._vault, PARTIAL, body))
        except StorageError as error:
            _log.info("a note of what is stored could not be written: %s", error)
        self._waiting, self._packs = [], set()

    def remove(self) -> None:
        """Delete them, as far as this writer may delete: prune takes the rest."""
        if not self._written:
            return
        try:
            self._vault.backend.delete(*(key.key for key in self._written))
        except StorageError as error:
            _log.info("notes that are spent could not be removed: %s", error)
        self._written = []
