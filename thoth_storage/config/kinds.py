"""What kinds of values there are: each is read from the text of a variable and from a value of TOML alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Kind", "choice", "count", "flag", "number_of_bytes", "options", "seconds", "text", "words"]

Kind = Callable[[Any], Any]
"""Gives the value, or raises ValueError with what would have been right."""

_UNITS = {"": 1, "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_UNITS |= {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_TIMES = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*")


def text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text that is not empty")
    return value


def words(value: Any) -> tuple[str, ...]:
    """``"a, b"`` or ``["a", "b"]``."""
    found = [each.strip() for each in value.split(",")] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(each, str) and each for each in found):
        raise ValueError('words, as "a,b" or ["a", "b"]')
    return tuple(found)


def flag(value: Any) -> bool:
    """``true`` or ``false``; of a variable also 1, 0, yes, no, on, off."""
    found = _FLAGS.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ValueError("true or false")  # noqa: TRY004 - each kind raises the same
    return found


def count(lowest: int, highest: int | None = None) -> Kind:
    """A whole number from ``lowest`` on."""

    def parse(value: Any) -> int:
        found = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
        is_number = isinstance(found, int) and not isinstance(found, bool)
        if not is_number or found < lowest or (highest is not None and found > highest):
            raise ValueError(f"a whole number from {lowest}" + (f" to {highest}" if highest is not None else ""))
        return int(found)

    return parse


def number_of_bytes(value: Any) -> int:
    """``67108864`` or ``"64MiB"``."""
    found = _quantity(value, _UNITS)
    if found is None or found < 1:
        raise ValueError('a number of bytes, as 67108864 or "64MiB"')
    return int(found)


def seconds(value: Any) -> float:
    """``90`` or ``"90s"``, ``"5m"``, ``"24h"``, ``"7d"``."""
    found = _quantity(value, _TIMES)
    if found is None:
        raise ValueError('seconds, as 90 or "90s", "5m", "24h", "7d"')
    return found


def choice(*allowed: str) -> Kind:
    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError(" or ".join(map(repr, allowed)))
        return str(value)

    return parse


def options(value: Any) -> dict[str, Any]:
    """A table; which keys it has is the file system's business."""
    if not isinstance(value, Mapping):
        raise ValueError("a table of options for the file system")  # noqa: TRY004 - each kind raises the same
    return dict(value)


def _quantity(value: Any, units: Mapping[str, int]) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if 0 <= value < float("inf") else None
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    unit = units.get(match[2].lower()) if match else None
    return float(match[1]) * unit if match and unit else None
