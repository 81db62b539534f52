"""The medians of all rounds, and what is reckoned from them: nothing else of the report is a number of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.places import COUNTS
from benchmarks.rounds import CASES, Measured

__all__ = ["Case", "Summary", "marginal", "ratio", "resolution", "summarize"]

_GIB = 2**30
_NOISE = 0.05


@dataclass(frozen=True)
class Case:
    """Medians over the rounds; ``seconds`` with the fastest and the slowest round beside it."""

    seconds: float
    fastest: float
    slowest: float
    processor: float
    peak: int
    stored: int
    uploaded: int | None
    requests: Mapping[str, int] | None
    """What the server counted: requests, bytes of their bodies in and out."""


@dataclass(frozen=True)
class Summary:
    """One peer at one target with one directory: ``size`` is the bytes of the base."""

    target: str
    peer: str
    documents: int
    size: int
    rounds: int
    cases: Mapping[str, Case]

    @property
    def gib(self) -> float:
        return self.size / _GIB


def summarize(target: str, peer: str, documents: int, size: int, rounds: Sequence[Mapping[str, Measured]]) -> Summary:
    """Medians case by case."""
    cases = {case: _case([one[case] for one in rounds]) for case in CASES if case in rounds[0]}
    return Summary(target, peer, documents, size, len(rounds), cases)


def marginal(small: Summary, large: Summary, case: str) -> float | None:
    """Seconds a GiB more takes, whatever a run costs before it handles data. None where the difference is noise."""
    more = large.cases[case].seconds - small.cases[case].seconds
    return more / (large.gib - small.gib) if more >= _NOISE else None


def resolution(small: Summary, large: Summary) -> float:
    """The least marginal rate that can be told from noise."""
    return _NOISE / (large.gib - small.gib)


def ratio(theirs: float | None, mine: float | None) -> float | None:
    """How many times as much as ours theirs is."""
    return theirs / mine if theirs is not None and mine else None


def _case(found: Sequence[Measured]) -> Case:
    seconds = [one.run.seconds for one in found]
    asked = [one.requests for one in found if one.requests is not None]
    uploaded = [one.uploaded for one in found if one.uploaded is not None]
    return Case(
        seconds=median(seconds),
        fastest=min(seconds),
        slowest=max(seconds),
        processor=median(one.run.processor for one in found),
        peak=round(median(one.run.peak for one in found)),
        stored=round(median(one.stored for one in found)),
        uploaded=round(median(uploaded)) if uploaded else None,
        requests={name: round(median(one[name] for one in asked)) for name in COUNTS} if asked else None,
    )
