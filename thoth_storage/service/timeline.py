"""Checkpoints on a line of time, as places in a drawing that needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thoth_storage.repository import Snapshot

__all__ = ["MARGIN", "Mark", "Timeline", "draw"]

MARGIN = 1.5
"""Per cent of the width that are left free at both ends, so that no mark is cut."""


@dataclass(frozen=True)
class Mark:
    """``x`` in per cent of the width; ``named`` for one that a person gave a name."""

    x: float
    label: str
    named: bool


@dataclass(frozen=True)
class Timeline:
    """Marks from ``first`` (left) to ``last`` (right)."""

    marks: tuple[Mark, ...]
    first: datetime
    last: datetime


def draw(snapshots: Sequence[Snapshot], now: datetime) -> Timeline | None:
    """None where there is nothing to draw. Ends now, or with a snapshot of a clock that is ahead."""
    if not snapshots:
        return None
    times = [each.time for each in snapshots]
    first, last = min(times), max(*times, now)
    span = max(last - first, timedelta(seconds=1))
    marks = tuple(
        Mark(
            round(MARGIN + (each.time - first) / span * (100 - 2 * MARGIN), 2),
            f"{each.time:%Y-%m-%d %H:%M:%S} UTC {each.name or each.id[:12]}",
            bool(each.names) or "backup" in each.tags,
        )
        for each in snapshots
    )
    return Timeline(marks, first, last)
