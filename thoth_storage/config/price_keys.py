"""What a table ``[prices.SCHEME]`` of the file may say: an operator's own prices, for any scheme, of which he gives
those that are other than the built-in ones."""

from __future__ import annotations

from datetime import date
from typing import Any

from thoth_storage.config.kinds import Kind, text

__all__ = ["KEYS"]


def _money(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError("an amount of money, as 0.005")
    return float(value)


def _day(value: Any) -> str:
    """``2026-11-28`` with or without quotes."""
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError("a day, as 2026-11-28") from None


KEYS: dict[str, Kind] = {
    "class_a_per_1000": _money,
    "class_b_per_1000": _money,
    "class_a_per_10000": _money,
    "class_b_per_10000": _money,
    "storage_per_gib_month": _money,
    "egress_per_gib": _money,
    "currency": text,
    "date": _day,
    "source": text,
}
"""Requests of class A write or list, those of class B read. Told per 1,000 or per 10,000, as price lists do either."""
