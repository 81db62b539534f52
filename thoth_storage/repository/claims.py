"""Only one prune at a time moves blocks: two would each move the same ones, and clear away each other's records.

A prune that wants to stores a claim and looks for others: who sees one gives way, and does the rest of its work. A
claim that a killed prune left is passed over after a while; nothing but repacking waits for it. While a claim is there,
nobody deletes packs that are younger than it: the claimant has stored them and not told yet what they are for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec

from thoth_storage.repository.index import Entry, Index, write_entry
from thoth_storage.repository.vault import Vault

__all__ = ["CLAIMS", "STALE", "Claim", "claimed", "live_claims"]

CLAIMS = "claims"
"""Sorts before the moves: a listing that does not show a claim any more shows the moves that it was for."""
STALE = timedelta(hours=1)
"""After this, by the service's clock, a claim holds nobody back."""
_HOLD = 0.5 * STALE.total_seconds()
"""Seconds for which a claimant trusts its own claim: half, since its clock may be slow, or its machine was asleep."""


class _Nothing(msgspec.Struct, frozen=True):
    pass


class Claim:
    """Good for as long as nobody can take it for stale."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def valid(self) -> bool:
        return time.monotonic() - self._since < _HOLD


@contextmanager
def claimed(vault: Vault, now: datetime) -> Iterator[Claim | None]:
    """A claim for as long as the block lasts, or None where another prune has one."""
    claim = Claim()
    key = write_entry(vault, CLAIMS, _Nothing())
    try:
        others = [entry for entry in live_claims(Index(vault), now) if entry.key != key]
        yield None if others else claim
    finally:
        vault.backend.delete(key.key)


def live_claims(index: Index, now: datetime) -> list[Entry]:
    """The claims that hold others back."""
    return [entry for entry in index.of(CLAIMS) if entry.mtime is None or now - entry.mtime < STALE]
