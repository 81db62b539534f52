"""Figures in the text format that Prometheus reads: counted here, so that nothing has to be installed for it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["CONTENT_TYPE", "Durations", "gauge"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
Labels = tuple[tuple[str, str], ...]


class Durations:
    """How often something happened and how long it took, by labels: a counter ``<name>_total`` by all of them, and a
    histogram ``<name>_seconds`` by the first alone. Safe to share between threads."""

    def __init__(self, name: str, about: str) -> None:
        self._name = name
        self._about = about
        self._counts: Counter[Labels] = Counter()
        self._buckets: dict[Labels, list[int]] = {}
        self._sums: Counter[Labels] = Counter()
        self._lock = threading.Lock()

    def add(self, seconds: float, **labels: str) -> None:
        key = tuple(labels.items())
        first = key[:1]
        place = next((number for number, bound in enumerate(_BOUNDS) if seconds <= bound), len(_BOUNDS))
        with self._lock:
            self._counts[key] += 1
            self._buckets.setdefault(first, [0] * (len(_BOUNDS) + 1))[place] += 1
            self._sums[first] += seconds  # type: ignore[assignment]  # a Counter adds floats just as well

    def lines(self) -> Iterator[str]:
        with self._lock:
            counts, sums = dict(self._counts), dict(self._sums)
            buckets = {key: list(value) for key, value in self._buckets.items()}
        yield from _head(f"{self._name}_total", "counter", self._about)
        for key, count in sorted(counts.items()):
            yield _line(f"{self._name}_total", key, count)
        seconds = f"{self._name}_seconds"
        yield from _head(seconds, "histogram", f"{self._about} Seconds.")
        for key, numbers in sorted(buckets.items()):
            so_far = 0
            for bound, number in zip((*map(str, _BOUNDS), "+Inf"), numbers, strict=True):
                so_far += number
                yield _line(f"{seconds}_bucket", (*key, ("le", bound)), so_far)
            yield _line(f"{seconds}_sum", key, sums[key])
            yield _line(f"{seconds}_count", key, so_far)


def gauge(name: str, about: str, value: float | None, labels: Mapping[str, str] | None = None) -> Iterable[str]:
    """A figure as it is now; nothing where it is not known."""
    if value is None:
        return []
    return [*_head(name, "gauge", about), _line(name, tuple((labels or {}).items()), value)]


def _head(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _line(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"{name}{{{inside}}} {value!r}" if inside else f"{name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
