"""One report of several runs: where two measured the same, their rounds are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.live.found import Found, Report, joined

__all__ = ["together"]


def together(reports: Sequence[Report]) -> Report:
    """The facts are those that the first found."""
    cells: dict[tuple[str, str, int, str], Found] = {}
    for one in joined(reports).found:
        key = (one.part, one.target, one.documents, one.name)
        cells[key] = _both(cells[key], one) if key in cells else one
    targets = list(dict.fromkeys(target for _, target, _, _ in cells))
    found = sorted(cells.values(), key=lambda one: targets.index(one.target))
    return replace(joined(reports), found=found)


def _both(one: Found, other: Found) -> Found:
    names = dict.fromkeys([*one.samples, *other.samples])
    return replace(one, samples={name: [*one.samples.get(name, []), *other.samples.get(name, [])] for name in names})
