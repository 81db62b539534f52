"""What the project set out to reach for the write log, beside what was measured; also where it is missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.live.found import Found
from benchmarks.markdown import head, row
from benchmarks.places import title

__all__ = ["table"]

_DOCUMENTS = 100
_OWN = 0.003
_OBJECTS = 1
_REPLAY = 0.9

_Goal = tuple[str, str, str, str, bool]


def table(found: Sequence[Found]) -> Iterator[str]:
    """Every target at every place."""
    goals = [*_writes(found), *_replays(found)]
    yield f"{sum(met for *_, met in goals)} of {len(goals)} are met."
    yield ""
    yield from head("target", "where", "wanted", "measured", "met", text=True)
    for *cells, met in goals:
        yield row(*cells, "yes" if met else "**no**")


def _writes(found: Sequence[Found]) -> Iterator[_Goal]:
    for one in found:
        if (one.part, one.documents) == ("writes", _DOCUMENTS):
            own, entries = one.middle("own work"), one.middle("entries")
            what = f"a write of {_DOCUMENTS} documents: processor beyond the PUT and Chroma, ms"
            yield what, title(one.target), f"at most {1000 * _OWN:.0f}", f"{1000 * own:.2f}", own <= _OWN
            what = f"a write of {_DOCUMENTS} documents: PUTs"
            yield what, title(one.target), f"{_OBJECTS}", f"{entries:.2f}", entries <= _OBJECTS


def _replays(found: Sequence[Found]) -> Iterator[_Goal]:
    for one in found:
        if one.part == "replay":
            for figure, name in (("over_same", "in the same batches"), ("over_large", "by 2,000")):
                where = f"{title(one.target)}, entries of {one.documents}"
                ratio = one.middle(figure)
                what = f"replay: times the rate of a bare upsert {name}"
                yield what, where, f"at least {_REPLAY}", f"{ratio:.2f}", ratio >= _REPLAY
