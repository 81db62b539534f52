"""Figures in the text format that Prometheus reads: made here, so that nothing has to be installed for it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

__all__ = ["CONTENT_TYPE", "Durations", "counter", "gauge", "histogram"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
Labels = Mapping[str, str]


def gauge(name: str, about: str, value: float | None, labels: Labels | None = None) -> Iterator[str]:
    """A figure as it is now; nothing where it is not known."""
    if value is not None:
        yield from _family(name, "gauge", about)
        yield _line(name, labels or {}, value)


def counter(name: str, about: str, rows: Iterable[tuple[Labels, float]]) -> Iterator[str]:
    """Figures that only grow; ``name`` ends with ``_total``. Nothing where there is no row."""
    for number, (labels, value) in enumerate(rows):
        if not number:
            yield from _family(name, "counter", about)
        yield _line(name, labels, value)


def histogram(
    name: str, about: str, bounds: Sequence[float], rows: Iterable[tuple[Labels, Sequence[int], float]]
) -> Iterator[str]:
    """``rows``: labels, how many fell into each bucket (one more than ``bounds``, not cumulative), and the sum."""
    for number, (labels, buckets, total) in enumerate(rows):
        if not number:
            yield from _family(name, "histogram", about)
        so_far = list(accumulate(buckets))
        for bound, count in zip((*map(repr, bounds), "+Inf"), so_far, strict=True):
            yield _line(f"{name}_bucket", {**labels, "le": bound}, count)
        yield _line(f"{name}_sum", labels, total)
        yield _line(f"{name}_count", labels, so_far[-1])


class Durations:
    """How often something happened and how long it took, by labels: a counter ``<name>_total`` by all of them, and a
    histogram ``<name>_seconds`` by the first alone. Safe to share between threads."""

    def __init__(self, name: str, about: str) -> None:
        self._name = name
        self._about = about
        self._counts: Counter[tuple[tuple[str, str], ...]] = Counter()
        self._buckets: dict[tuple[str, str], list[int]] = {}
        self._sums: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def add(self, seconds: float, **labels: str) -> None:
        key = tuple(labels.items())
        first = key[0]
        place = next((number for number, bound in enumerate(_BOUNDS) if seconds <= bound), len(_BOUNDS))
        with self._lock:
            self._counts[key] += 1
            self._buckets.setdefault(first, [0] * (len(_BOUNDS) + 1))[place] += 1
            self._sums[first] = self._sums.get(first, 0.0) + seconds

    def lines(self) -> Iterator[str]:
        with self._lock:
            counts = [(dict(key), count) for key, count in sorted(self._counts.items())]
            rows = [(dict([key]), list(found), self._sums[key]) for key, found in sorted(self._buckets.items())]
        yield from counter(f"{self._name}_total", self._about, counts)
        yield from histogram(f"{self._name}_seconds", f"{self._about} Seconds.", _BOUNDS, rows)


def _family(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _line(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {value!r}" if inside else f"{name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
