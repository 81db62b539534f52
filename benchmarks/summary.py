"""The medians of all rounds, and what is reckoned from them: nothing else of the report is a number of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.places import COUNTS
from benchmarks.rounds import CASES, Measured

__all__ = ["Case", "Summary", "summarize"]


@dataclass(frozen=True)
class Case:
    """Medians over the rounds; ``seconds`` with the fastest and the slowest round beside it."""

    seconds: float
    fastest: float
    slowest: float
    processor: float
    peak: int
    stored: int
    requests: Mapping[str, int] | None
    """What the server counted: requests, bytes of their bodies in and out."""


@dataclass(frozen=True)
class Summary:
    """One peer at one target."""

    target: str
    peer: str
    rounds: int
    cases: Mapping[str, Case]

    def beyond_start(self, case: str) -> float:
        """Seconds without those that the same command takes for a folder with one byte; never below zero."""
        fixed = self.cases["tiny restore" if case == "restore" else "tiny backup"]
        return max(self.cases[case].seconds - fixed.seconds, 0.0)


def summarize(target: str, peer: str, rounds: Sequence[Mapping[str, Measured]]) -> Summary:
    """Medians case by case."""
    return Summary(target, peer, len(rounds), {case: _case([one[case] for one in rounds]) for case in CASES})


def _case(found: Sequence[Measured]) -> Case:
    seconds = [one.run.seconds for one in found]
    asked = [one.requests for one in found if one.requests is not None]
    return Case(
        seconds=median(seconds),
        fastest=min(seconds),
        slowest=max(seconds),
        processor=median(one.run.processor for one in found),
        peak=round(median(one.run.peak for one in found)),
        stored=round(median(one.stored for one in found)),
        requests={name: round(median(one[name] for one in asked)) for name in COUNTS} if asked else None,
    )
