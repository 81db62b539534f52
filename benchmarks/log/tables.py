"""The tables of one part each, all targets together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.live.found import Found
from benchmarks.markdown import head, row
from benchmarks.places import title

__all__ = ["load", "over", "replay", "seeing", "stored", "writes"]

_MILLISECONDS = 1000
_KIB = 1024


def writes(found: Sequence[Found]) -> Iterator[str]:
    """One writer."""
    yield from head(
        "place",
        "documents a write",
        "writes a second",
        "p50, ms",
        "p99, ms",
        "/ (PUT + bare upsert)",
        "LanceDB: writes a second",
        "our time / LanceDB's",
    )
    for one in found:
        if one.part == "writes":
            figures = (("rate", 1, 1), ("p50", _MILLISECONDS, 1), ("p99", _MILLISECONDS, 1), ("ratio", 1, 2))
            lance = (("lance rate", 1, 1), ("times lance", 1, 2))
            yield row(*_where(one), *(one.spread(*each) for each in (*figures, *lance)))
    yield ""


def over(found: Sequence[Found]) -> Iterator[str]:
    """What a write consists of."""
    yield from head(
        "place",
        "documents a write",
        "write, ms",
        "PUT, ms",
        "bare upsert, ms",
        "rest, ms",
        "rest, ms of processor",
        "by difference",
    )
    for one in found:
        if one.part == "writes":
            figures = ("p50", "put", "bare", "own", "own work", "work over")
            yield row(*_where(one), *(one.spread(each, _MILLISECONDS, 2) for each in figures))
    yield ""


def load(found: Sequence[Found]) -> Iterator[str]:
    """Several writers."""
    yield from head(
        "place",
        "documents a write",
        "writers",
        "writes a second",
        "p50, ms",
        "p99, ms",
        "entries a write",
        "requests a write",
    )
    for one in found:
        if one.part == "load":
            figures = (("rate", 1, 1), ("p50", _MILLISECONDS, 1), ("p99", _MILLISECONDS, 1))
            counts = (("entries", 1, 2), ("requests", 1, 2))
            yield row(*_where(one), one.name, *(one.spread(*each) for each in (*figures, *counts)))
    yield ""


def replay(found: Sequence[Found]) -> Iterator[str]:
    """Opening, against the same rows in Chroma."""
    yield from head(
        "place",
        "documents an entry",
        "log of",
        "replay, documents a second",
        "bare upsert, the same batches",
        "bare upsert, by 2,000",
        "replay / the same batches",
        "replay / by 2,000",
        "the same of processor time",
    )
    for one in found:
        if one.part == "replay":
            rates = (one.spread(each, 1, 0) for each in ("rate", "same", "large"))
            ratios = (one.spread(each, 1, 2) for each in ("over_same", "over_large", "work_over_large"))
            yield row(*_where(one), one.name, *rates, *ratios)
    yield ""


def seeing(found: Sequence[Found]) -> Iterator[str]:
    """From a writer's answer to a reader's."""
    yield from head("place", "reader", "seen after, ms", "latest, ms", "a count, ms")
    for one in found:
        if one.part == "seeing":
            figures = (one.spread(each, _MILLISECONDS, 1) for each in ("late", "latest", "read"))
            yield row(title(one.target), one.name, *figures)
    yield ""


def stored(found: Sequence[Found]) -> Iterator[str]:
    """For 1,000 writes."""
    yield from head("place", "documents a write", "objects", "MiB", "KiB a document")
    for one in found:
        if one.part == "writes":
            cells = (f"{1000 * one.middle('objects'):,.0f}", f"{1000 * one.middle('bytes') / _KIB**2:,.1f}")
            yield row(*_where(one), *cells, f"{one.middle('bytes') / one.documents / _KIB:.2f}")
    yield ""


def _where(one: Found) -> tuple[str, str]:
    return title(one.target), f"{one.documents:,}"
