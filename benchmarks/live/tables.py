"""The tables of one part each, all sizes and targets together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks.live.found import Found
from benchmarks.live.starts import CHROMA, COLD, WARM
from benchmarks.markdown import head, number, row
from benchmarks.places import title

__all__ = ["checkpoints", "loads", "memory", "overhead", "starts"]

_MIB = 2**20


def overhead(found: Sequence[Found]) -> Iterator[str]:
    """A row a call; queries once more, beside those of the same store past its hooks."""
    mine = list(_of(found, "overhead", lambda _: True))
    columns = ("live / bare", "bare / bare", "processor: live / bare", "bare / bare")
    yield from head("call", "documents", "bare, ms", "live, ms", *columns)
    for one in mine:
        yield _overhead(one, ("bare", "live"), ("ratio", "noise", "work ratio", "work noise"))
    yield ""
    queries = [one for one in mine if one.has("hooks")]
    if queries:
        columns = ("live / past", "past / past", "processor: live / past", "past / past")
        yield from head("the same store", "documents", "past its hooks, ms", "live, ms", *columns)
        for one in queries:
            yield _overhead(one, ("past", "live"), ("hooks", "hooks noise", "work hooks", "work hooks noise"))
        yield ""


def _overhead(one: Found, sides: Sequence[str], quotients: Sequence[str]) -> str:
    milliseconds = [f"{1000 * one.middle(side):.2f}" for side in sides]
    return row(one.name, f"{one.documents:,}", *milliseconds, *(one.spread(name, digits=3) for name in quotients))


def checkpoints(found: Sequence[Found]) -> Iterator[str]:
    """Those that were taken with nobody else about."""
    yield from head(
        "place, way, what was updated before",
        "documents",
        "pause, s",
        "pause, s a GiB",
        "checkpoint, s",
        "MiB uploaded",
        "objects",
        "% of the store",
    )
    for one in _of(found, "checkpoint", lambda one: not one.name.endswith("loaded")):
        yield row(
            f"{title(one.target)}, {one.name}",
            f"{one.documents:,}",
            one.spread("pause", digits=3),
            f"{one.middle('pause') / one.gib:.3f}",
            one.spread("seconds"),
            f"{one.middle('uploaded') / _MIB:.2f}",
            f"{one.middle('objects'):.0f}",
            f"{100 * one.middle('uploaded') / one.size:.2f}",
        )
    yield ""


def loads(found: Sequence[Found]) -> Iterator[str]:
    """Those beside writers and a reader."""
    yield from head(
        "way",
        "documents",
        "pause, s",
        "longest write, s",
        "without a checkpoint",
        "longest gap of a reader, s",
        "without a checkpoint",
        "checkpoint, s",
    )
    for one in _of(found, "checkpoint", lambda one: one.name.endswith("loaded")):
        figures = ("pause", "writer", "writer before", "reader", "reader before", "seconds")
        cells = [one.spread(figure) for figure in figures]
        longer = " (beyond the load)" if any(one.samples["outlasted"]) else ""
        yield row(one.name.partition(",")[0], f"{one.documents:,}", *cells[:-1], cells[-1] + longer)
    yield ""


def starts(found: Sequence[Found]) -> Iterator[str]:
    """A table a place and size."""
    mine = list(_of(found, "start", lambda _: True))
    for target, documents in dict.fromkeys((one.target, one.documents) for one in mine):
        here = [one for one in mine if (one.target, one.documents) == (target, documents)]
        ours = next(one for one in here if one.name == COLD).middle("seconds")
        yield f"**{title(target)}, {documents:,} documents ({here[0].size / _MIB:.0f} MiB)**"
        yield ""
        yield from head("", "s to the first answer", "times ours, cold", "requests", "MiB received", "peak MiB")
        for one in here:
            yield row(
                one.name,
                one.spread("seconds"),
                number(one.middle("seconds") / ours),
                _cell(one, "requests", 1),
                _cell(one, "received", _MIB, 1),
                _cell(one, "peak", _MIB),
            )
        yield ""
        yield _parts(here)
        yield ""


def memory(found: Sequence[Found]) -> Iterator[str]:
    """Of a cold start and of a checkpoint, over the same imports."""
    yield from head("place", "documents", "imports alone", "Chroma's start", "cold start", "over the imports")
    by_key = {(one.target, one.documents, one.name): one for one in found}
    for (target, documents, name), cold in by_key.items():
        imports, chroma = by_key.get((target, documents, "imports")), by_key.get((target, documents, CHROMA))
        if name == COLD and imports:
            base, most = imports.middle("peak"), cold.middle("peak")
            own = number(chroma.middle("peak") / _MIB, 0) if chroma else "-"
            cells = (f"{base / _MIB:.0f}", own, f"{most / _MIB:.0f}", f"{(most - base) / _MIB:.0f}")
            yield row(title(target), f"{documents:,}", *cells)
    yield ""
    yield from head("checkpoint", "documents", "before", "peak", "more", "over the imports")
    for one in _of(found, "checkpoint", lambda one: not one.name.endswith("loaded")):
        imports = by_key.get((one.target, one.documents, "imports"))
        had, most = one.middle("had") / _MIB, one.middle("peak") / _MIB
        over = number(most - imports.middle("peak") / _MIB, 0) if imports else "-"
        where = f"{title(one.target)}, {one.name}"
        yield row(where, f"{one.documents:,}", f"{had:.0f}", f"{most:.0f}", f"{most - had:.0f}", over)
    yield ""


def _parts(here: Sequence[Found]) -> str:
    """What each start consists of, in words: the parts of ours overlap."""
    order = ("interpreter", "imports", "repository", "hydrate", "chromadb", "open", "query", "download")
    told = []
    for one in here:
        parts = [f"{name} {one.middle(name):.2f}" for name in order if one.has(name)]
        told.append(f"{one.name}: {', '.join(parts)}")
    note = "; ours overlap" if any(one.name in (COLD, WARM) for one in here) else ""
    return f"Parts, s (medians{note}). {'. '.join(told)}."


def _of(found: Sequence[Found], part: str, wanted: Callable[[Found], bool]) -> Iterator[Found]:
    return (one for one in found if one.part == part and wanted(one))


def _cell(one: Found, figure: str, unit: int, digits: int = 0) -> str:
    return number(one.middle(figure) / unit if one.has(figure) else None, digits)
