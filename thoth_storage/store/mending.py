"""Gives a store a state again whose log cannot be applied any more: an entry is damaged, or a snapshot was deleted."""

from __future__ import annotations

from thoth_storage.errors import ConflictError
from thoth_storage.log import Log, list_all
from thoth_storage.repository import Repository
from thoth_storage.store.publishing import state_entry

__all__ = ["set_state"]


def set_state(repository: Repository, log: Log, wanted: str) -> tuple[str, int]:
    """Log, behind all entries that are there, that the state is that of a snapshot; gives its id and the number of the
    entry. What is missing or damaged before it does no harm then: openings begin there.

    Raises NotFoundError, ConflictError where somebody else writes.
    """
    snapshot = repository.get(wanted).id
    sequence = list_all(log.backend).last + 1
    entry, ours = log.create(sequence, state_entry(snapshot))
    if not ours:
        raise ConflictError(
            f"another process wrote entry {entry.sequence} meanwhile", url=log.url, hint="it is in use: look again"
        )
    return snapshot, sequence
