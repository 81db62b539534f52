"""What a run found, as a page: between two marks of a markdown file, or to stdout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks import goals, tables
from benchmarks.places import title
from benchmarks.plots import Picture
from benchmarks.summary import Case, Summary

__all__ = ["Report", "from_json", "joined", "put_between_marks", "to_json", "to_markdown"]

_BEGIN, _END = "<!-- made by python -m benchmarks: begin -->", "<!-- end -->"
_MIB = 2**20


@dataclass(frozen=True)
class Report:
    """All that one call of the benchmark found. ``floor``: no peak below it can be measured; ``interpreter``: the peak
    of a Python that does nothing.
    """

    command: str
    floor: int
    interpreter: int
    machine: Mapping[str, str]
    summaries: Sequence[Summary]


def from_json(text: str) -> Report:
    """The report that was written with ``--json``."""
    found = json.loads(text)
    summaries = [
        Summary(**{**one, "cases": {name: Case(**case) for name, case in one["cases"].items()}})
        for one in found.pop("summaries")
    ]
    return Report(**found, summaries=summaries)


def to_json(report: Report) -> str:
    """What ``from_json`` reads."""
    return json.dumps(asdict(report), indent=1) + "\n"


def joined(reports: Sequence[Report]) -> Report:
    """One report of several runs on one machine, such as one a target; the facts are those that the first found."""
    first = reports[0]
    summaries = [summary for report in reports for summary in report.summaries]
    return replace(first, command="`, `".join(report.command for report in reports), summaries=summaries)


def to_markdown(report: Report, pictures: Iterable[Picture] = ()) -> str:
    """The targets, the plots, the tables of every target, and the facts of the machine."""
    sizes = {one.documents: f"{one.documents:,} documents ({one.size / _MIB:.1f} MiB)" for one in report.summaries}
    lines = [f"`{report.command}`: {', '.join(sizes.values())}.", ""]
    lines += ["### Targets", "", *goals.table(report.summaries, report.interpreter), ""]
    for picture in pictures:
        lines += [f"![{picture.text}]({picture.name})", ""]
    for target in dict.fromkeys(summary.target for summary in report.summaries):
        mine = [summary for summary in report.summaries if summary.target == target]
        for documents, size in sizes.items():
            if found := [summary for summary in mine if summary.documents == documents]:
                lines += [f"### {title(target)}, {size}", "", *tables.of_size(found, report.floor)]
        lines += tables.marginal_rates(mine, title(target))
    lines += ["### The machine", ""]
    lines += [f"- {name}: {value}" for name, value in report.machine.items()]
    lines += [f"- peak memory of a Python that does nothing: {report.interpreter / _MIB:.1f} MiB"]
    return "\n".join(lines) + "\n"


def put_between_marks(path: Path, text: str) -> None:
    """Replace what lies between the marks of a file; the prose around them stays."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{path} lacks the marks {_BEGIN} and {_END}")
    path.write_text(f"{before}{_BEGIN}\n\n{text}\n{_END}{after}", encoding="utf-8")
