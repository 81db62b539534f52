"""Deletes the entries that no kept checkpoint needs any more. The mark comes first: whoever misses an entry finds out
why."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError
from thoth_storage.log.extent import Listed, list_all, list_marks
from thoth_storage.log.layout import entry_key, mark_key

__all__ = ["truncate"]


def truncate(backend: Backend, through: int, before: datetime, *, dry_run: bool = False) -> list[Listed]:
    """Delete entries up to ``through`` that the service stored earlier than ``before`` by its own clock, oldest first;
    gives them.

    The caller knows that every checkpoint that is to be restored covers them, and that ``before`` is ``tail.GRACE`` ago
    at least. An entry of unknown age is kept, and so is all behind it. Repeating it goes on where one was killed.
    """
    extent = list_all(backend)
    old: list[Listed] = []
    for each in extent.entries:
        is_dead = each.sequence <= extent.truncated  # left by one that was killed, or by a writer that slept
        if not is_dead and (each.sequence > through or each.time is None or each.time >= before):
            break
        old.append(each)
    if dry_run or not old:
        return old
    last = max(extent.truncated, old[-1].sequence)
    with suppress(AlreadyExistsError):
        backend.create(mark_key(last), b"")
    backend.delete(*(entry_key(each.sequence) for each in old))
    _delete_marks(backend, before)
    return old


def _delete_marks(backend: Backend, before: datetime) -> None:
    """Those beside which a higher one is old: see ``extent.truncated``."""
    marks = list_marks(backend)
    settled = max((each.sequence for each in marks if each.time is not None and each.time < before), default=0)
    spent = [mark_key(each.sequence) for each in marks if each.sequence < settled]
    if spent:
        backend.delete(*spent)
