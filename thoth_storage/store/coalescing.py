"""Neighbouring writes of the log as one call of Chroma, which takes a hundred small ones as long as two thousand rows.

Only what has the same effect that way is put together: rows of different ids, in the same columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from thoth_storage.store.batches import SLICE
from thoth_storage.store.operations import Rows, Told

__all__ = ["Together", "calls", "coalesce", "pieces"]


class Together:
    """Operations that have the same effect as one call with all their ``rows``; those are None where it is a single
    operation of another kind."""

    def __init__(self, told: Told) -> None:
        self.all = [told]
        self.rows: Rows | None = None
        self._ids: set[str] = set()
        if isinstance(told.arguments, Rows) and _is_even(told.arguments):
            columns = (getattr(told.arguments, name) for name in told.arguments.__struct_fields__)
            copied: list[Any] = [None if values is None else list(values) for values in columns]
            self.rows = Rows(*copied)
            self._ids.update(told.arguments.ids)

    def take(self, told: Told, most: int) -> bool:
        """Whether it could be taken in."""
        first, rows = self.all[0].operation, told.arguments
        if (
            self.rows is None
            or not isinstance(rows, Rows)
            or not _is_even(rows)
            or (first.kind, first.target) != (told.operation.kind, told.operation.target)
            or len(self._ids) + len(rows.ids) > most
            or _columns(self.rows) != _columns(rows)
            or not self._ids.isdisjoint(rows.ids)
        ):
            return False
        self.all.append(told)
        self._ids.update(rows.ids)
        for name in rows.__struct_fields__:
            if (values := getattr(rows, name)) is not None:
                getattr(self.rows, name).extend(values)
        return True


def coalesce(operations: Iterable[Told], most: int) -> Iterator[Together]:
    """The same in fewer calls, each of at most ``most`` rows unless one operation has more."""
    now: Together | None = None
    for told in operations:
        if now and now.take(told, most):
            continue
        if now:
            yield now
        now = Together(told)
    if now:
        yield now


def calls(told: Told) -> int:
    """In how many calls of Chroma an operation is done."""
    ids = getattr(told.arguments, "ids", None) or ()
    return -(-len(ids) // SLICE)


def pieces(told: Sequence[Sequence[Told]], most: int) -> Iterator[tuple[int, int]]:
    """Runs of whole entries with about so many rows each: readers wait for one of them at a time."""
    start, rows = 0, 0
    for number, operations in enumerate(told):
        more = sum(each.rows or 1 for each in operations)
        if number > start and rows + more > most:
            yield start, number
            start, rows = number, 0
        rows += more
    if start < len(told):
        yield start, len(told)


def _is_even(rows: Rows) -> bool:
    """Whether it has as many of all. Two that have not might have together, and Chroma would take what it refuses."""
    columns = (getattr(rows, name) for name in rows.__struct_fields__)
    return {len(each) for each in columns if each is not None} == {len(rows.ids)}


def _columns(rows: Rows) -> tuple[bool, ...]:
    return tuple(getattr(rows, name) is not None for name in rows.__struct_fields__)
