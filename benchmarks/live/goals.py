"""What the project set out to reach for a live store, beside what was measured; also where it is missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.live.found import Found
from benchmarks.live.starts import CHROMA, COLD, RAW
from benchmarks.markdown import head, row
from benchmarks.places import title

__all__ = ["table"]

_QUERY, _WRITE = 1.02, 1.05
_PAUSE = 0.2
_OVER_RAW = 1.3


@dataclass(frozen=True)
class _Goal:
    what: str
    where: str
    most: str
    found: str
    met: bool | None
    """None where the noise is larger than what is looked for."""


def table(found: Sequence[Found]) -> Iterator[str]:
    """Every target at every place and size."""
    goals = [*_overhead(found), *_pauses(found), *_starts(found)]
    met = sum(goal.met is True for goal in goals)
    unclear = sum(goal.met is None for goal in goals)
    yield f"{met} of {len(goals)} are met; {unclear} cannot be told for noise."
    yield ""
    yield from head("target", "where", "at most", "measured", "met", text=True)
    for goal in goals:
        answer = {True: "yes", False: "**no**", None: "cannot be told"}[goal.met]
        yield row(goal.what, goal.where, goal.most, goal.found, answer)


def _overhead(found: Sequence[Found]) -> Iterator[_Goal]:
    """Queries beside those of the same store past its hooks: two clients on copies of it differ by more than 2 %."""
    for one in found:
        if one.part == "overhead":
            query = one.has("hooks")
            most, figure, noise_of = (_QUERY, "hooks", "hooks noise") if query else (_WRITE, "ratio", "noise")
            ratio, noise = one.middle(figure), one.middle(noise_of)
            met = ratio <= most if abs(noise - 1) < most - 1 else None
            shown = f"{ratio:.3f} (noise: {noise:.3f})"
            what = f"{one.name}: times {'the same past the hooks' if query else 'a bare client'}"
            yield _Goal(what, f"{one.documents:,}", f"{most}", shown, met)


def _pauses(found: Sequence[Found]) -> Iterator[_Goal]:
    for one in found:
        if one.part == "checkpoint" and one.target == "local" and not one.name.endswith("loaded"):
            pause = one.middle("pause") / one.gib
            what = f"pause of writers, nobody else about ({one.name}), s a GiB"
            yield _Goal(what, f"{one.documents:,}", f"{_PAUSE}", f"{pause:.3f}", pause <= _PAUSE)


def _starts(found: Sequence[Found]) -> Iterator[_Goal]:
    by_key = {(one.target, one.documents, one.name): one for one in found if one.part == "start"}
    for (target, documents, name), cold in by_key.items():
        raw, chroma = by_key.get((target, documents, RAW)), by_key.get((target, documents, CHROMA))
        if name == COLD and raw and chroma:
            most = _OVER_RAW * raw.middle("seconds") + chroma.middle("open")
            more = f"{most + chroma.middle('imports'):.2f} if its import is allowed too"
            shown = f"{cold.middle('seconds'):.2f} ({more})"
            what = f"cold start, s: {_OVER_RAW} of the raw download, and Chroma's open"
            where = f"{title(target)}, {documents:,}"
            yield _Goal(what, where, f"{most:.2f}", shown, cold.middle("seconds") <= most)
