"""How the page says figures and times."""

from __future__ import annotations

from datetime import datetime
from typing import Any

__all__ = ["FILTERS", "ago", "size"]

_STEPS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


def size(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def ago(time: datetime, now: datetime) -> str:
    """A clock that is ahead is nothing to show."""
    seconds = (now - time).total_seconds()
    for length, name in _STEPS:
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _number(count: int) -> str:
    return f"{count:,}"


def _shortened(value: Any, most: int) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= most else f"{text[:most]}…"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


FILTERS = {
    "ago": ago,
    "moment": _moment,
    "number": _number,
    "sentence": _sentence,
    "shortened": _shortened,
    "size": size,
}
