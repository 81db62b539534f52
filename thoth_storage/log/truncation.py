"""Deletes the entries that no kept checkpoint needs any more. The mark comes first: whoever misses an entry finds out
why."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError
from thoth_storage.log.extent import Listed, list_all
from thoth_storage.log.layout import MARKS, entry_key, mark_key, parse_mark

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
        is_dead = each.sequence <= extent.truncated  # left by one that was killed
        if each.sequence > through or not (is_dead or (each.time is not None and each.time < before)):
            break
        old.append(each)
    if dry_run or not old:
        return old
    last = max(extent.truncated, old[-1].sequence)
    with suppress(AlreadyExistsError):
        backend.create(mark_key(last), b"")
    backend.delete(*(entry_key(each.sequence) for each in old))
    marks = (info.key for info in list(backend.list(MARKS)))
    backend.delete(*(key for key in marks if (parse_mark(key) or last) < last))
    return old
