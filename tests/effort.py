"""How much of what is exhaustive is for the day. By night (``make soak``) it is all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

__all__ = ["NIGHT", "sample"]

_T = TypeVar("_T")
NIGHT = bool(os.environ.get("THOTH_STORAGE_SOAK"))


def sample(points: Iterable[_T], most: int) -> list[_T]:
    """By day at most so many of the points: the first, the last, and others evenly spread between them, the same ones
    each time. By night all of them."""
    every = list(points)
    if NIGHT or len(every) <= most:
        return every
    return [every[number * (len(every) - 1) // (most - 1)] for number in range(most)]
