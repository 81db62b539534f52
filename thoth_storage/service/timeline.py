"""Checkpoints on a line of time, as places in a drawing that needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thoth_storage.repository import Snapshot

__all__ = ["WIDTH", "Mark", "Timeline", "draw"]

WIDTH = 1000
_MARGIN = 12


@dataclass(frozen=True)
class Mark:
    """``x`` from 0 to ``WIDTH``; ``named`` for one that a person gave a name."""

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
            round(_MARGIN + (each.time - first) / span * (WIDTH - 2 * _MARGIN), 1),
            f"{each.time:%Y-%m-%d %H:%M:%S} UTC {each.name or each.id[:12]}",
            bool(each.names) or "backup" in each.tags,
        )
        for each in snapshots
    )
    return Timeline(marks, first, last)
