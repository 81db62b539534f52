"""Values that people type: durations, parts of a whole, times. Wrong ones are told before anything is done."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

from thoth_storage.repository.finding import to_utc

__all__ = ["parse_duration", "parse_part", "parse_time"]

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_DURATION = re.compile(rf"{_NUMBER}([smhdw])")
_PART = re.compile(rf"{_NUMBER}(%?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_duration(_context: click.Context | None, _parameter: click.Parameter | None, value: str) -> timedelta:
    """``90s``, ``30m``, ``24h``, ``7d``, ``2w`` or ``0``. Raises BadParameter."""
    match = _DURATION.fullmatch("0s" if value == "0" else value)
    try:
        if match:
            return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])
    except OverflowError:
        pass  # as wrong as the others
    raise click.BadParameter(f"{value!r} is no duration; write 90s, 30m, 24h, 7d, 2w or 0")


def parse_part(_context: click.Context | None, _parameter: click.Parameter | None, value: str) -> float:
    """``50%`` or ``0.5``. Raises BadParameter."""
    match = _PART.fullmatch(value)
    part = float(match[1]) / (100 if match[2] else 1) if match else 2.0
    if part > 1:
        raise click.BadParameter(f"{value!r} is no part of a whole; write 50% or 0.5")
    return part


def parse_time(
    _context: click.Context | None, _parameter: click.Parameter | None, value: str | None
) -> datetime | None:
    """A time of ISO 8601, with a blank for the T too; UTC where it has no zone. Raises BadParameter."""
    if value is None:
        return None
    try:
        return to_utc(datetime.fromisoformat(value))
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is no time; write 2026-11-24T10:00:00Z or '2026-11-24 10:00' (UTC)"
        ) from error
