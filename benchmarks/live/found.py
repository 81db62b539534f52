"""What a run found, as it is kept in a file: samples, of which the tables are made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median

from benchmarks.markdown import number

__all__ = ["Found", "Report", "from_json", "gathered", "joined", "to_json"]

_GIB = 2**30


@dataclass(frozen=True)
class Found:
    """``part`` is overhead, checkpoint, start or imports; ``name`` says of what, within that part. ``size`` is the
    bytes of the directory, ``samples`` one figure a round: seconds, bytes, counts, quotients."""

    part: str
    target: str
    documents: int
    size: int
    name: str
    samples: Mapping[str, Sequence[float]]

    @property
    def gib(self) -> float:
        return self.size / _GIB

    def has(self, figure: str) -> bool:
        return bool(self.samples.get(figure))

    def middle(self, figure: str) -> float:
        """The median over the rounds."""
        return median(self.samples[figure])

    def spread(self, figure: str, unit: float = 1, digits: int = 2) -> str:
        """The median, and what is least and most; ``-`` where there is none. ``unit`` is what one is multiplied by."""
        if not self.has(figure):
            return "-"
        rounds = self.samples[figure]
        middle, least, most = (number(unit * each, digits) for each in (median(rounds), min(rounds), max(rounds)))
        return middle if len(rounds) == 1 else f"{middle} ({least} to {most})"


@dataclass(frozen=True)
class Report:
    """All that one call of the benchmark found."""

    command: str
    machine: Mapping[str, str]
    found: Sequence[Found]


def gathered(rounds: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """The figures of all rounds by name."""
    names = dict.fromkeys(name for one in rounds for name in one)
    return {name: [one[name] for one in rounds if name in one] for name in names}


def from_json(text: str) -> Report:
    """The report that was written with ``--json``."""
    told = json.loads(text)
    return Report(**{**told, "found": [Found(**one) for one in told["found"]]})


def to_json(report: Report) -> str:
    """What ``from_json`` reads."""
    return json.dumps(asdict(report), indent=1) + "\n"


def joined(reports: Sequence[Report]) -> Report:
    """One report of several runs on one machine, such as one a size; the facts are those that the first found."""
    found = [one for report in reports for one in report.found]
    return replace(reports[0], command="`, `".join(report.command for report in reports), found=found)
