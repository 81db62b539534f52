"""The same calls on several collections in turn, and how many times the seconds of one the others take."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import Any

__all__ = ["Call", "Turn", "quotients_of_neighbours", "quotients_of_steady_means", "timed"]

Call = Callable[[Any], object]
Turn = list[Call]
"""Calls that are made on one collection right after each other, before it is the next one's turn."""

_Samples = Mapping[str, Sequence[float]]


def timed(
    sides: Mapping[str, Any], turns: Iterable[Turn], *, first: int, flush: bool = False, warm: bool = False
) -> tuple[_Samples, _Samples]:
    """Seconds of a call by side, one figure a turn: those that passed, and those that processors worked, which others
    on the machine change less. The order goes round and back, beginning at ``first``. ``flush``: the disk is waited for
    before each turn, so that what one side left is not paid for by the next. ``warm``: each turn is made once before it
    is timed, so that none finds what the side before it has brought into the processor's caches, or thrown out."""
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    worked: dict[str, list[float]] = {side: [] for side in sides}
    gc.collect()
    gc.disable()
    for number, turn in enumerate(turns):
        for side in _order(list(sides), first + number):
            if flush:
                os.sync()
            if warm:
                _made(turn, sides[side])
            began, had = time.perf_counter(), time.process_time()
            _made(turn, sides[side])
            worked[side].append((time.process_time() - had) / len(turn))
            seconds[side].append((time.perf_counter() - began) / len(turn))
        if number == 0 and not flush:
            # The first calls of a kind load code, and index files.
            for kept in (*seconds.values(), *worked.values()):
                kept.clear()
    gc.enable()
    return seconds, worked


def quotients_of_neighbours(samples: _Samples, side: str, base: str) -> float:
    """The median over the turns: right where calls take longer from turn to turn, as writes do."""
    return median(one / other for one, other in zip(samples[side], samples[base], strict=True))


def quotients_of_steady_means(samples: _Samples, side: str, base: str) -> float:
    """Of the means of the middle half of all turns: steadier, where every turn is like the others."""
    return _middle_half(samples[side]) / _middle_half(samples[base])


def _middle_half(samples: Sequence[float]) -> float:
    cut = len(samples) // 4
    return fmean(sorted(samples)[cut : len(samples) - cut])


def _order(sides: list[str], turn: int) -> list[str]:
    """Each side is as often first as last, and has each of its neighbours before it as often as behind it."""
    start = turn % len(sides)
    turned = sides[start:] + sides[:start]
    return turned[::-1] if turn // len(sides) % 2 else turned


def _made(turn: Turn, collection: Any) -> None:
    for call in turn:
        call(collection)
