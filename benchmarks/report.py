"""The tables, and where they go: between two marks of a markdown file, or to stdout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import THOTH
from benchmarks.summary import Case, Summary

__all__ = ["Report", "put_between_marks", "to_markdown"]

_BEGIN, _END = "<!-- made by python -m benchmarks: begin -->", "<!-- end -->"
_TITLES = {"local": "Local disk", "gcs": "GCS server", "s3": "S3 server"}
_SHOWN = ("first", "unchanged", "more", "most", "restore")
_HEADS = ("first backup", "unchanged", "+1 %", "+1 % again", "restore")
_MIB = 2**20


@dataclass(frozen=True)
class Report:
    """All that one call of the benchmark found. ``floor``: no peak below it can be measured."""

    command: str
    documents: int
    size: int
    floor: int
    latency: float
    machine: Mapping[str, str]
    summaries: Sequence[Summary]


def to_markdown(report: Report) -> str:
    """The tables of every target, and the facts of the machine."""
    lines = [f"`{report.command}`: {report.documents:,} documents, {report.size / _MIB:.1f} MiB.", ""]
    if report.latency:
        lines += [f"Every request to a server was delayed by {report.latency * 1000:.0f} ms.", ""]
    for target in dict.fromkeys(summary.target for summary in report.summaries):
        mine = [summary for summary in report.summaries if summary.target == target]
        lines += [f"### {_TITLES[target]}", "", *_seconds(mine), "", *_ratios(mine), *_sizes(mine, report.floor), ""]
    lines += ["### The machine", "", *(f"- {name}: {value}" for name, value in report.machine.items())]
    return "\n".join(lines) + "\n"


def put_between_marks(path: Path, text: str) -> None:
    """Replace what lies between the marks of a file; the prose around them stays."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{path} lacks the marks {_BEGIN} and {_END}")
    path.write_text(f"{before}{_BEGIN}\n\n{text}\n{_END}{after}", encoding="utf-8")


def _seconds(summaries: Sequence[Summary]) -> Iterator[str]:
    rounds = summaries[0].rounds
    yield f"Seconds, medians of {rounds} (fastest to slowest):" if rounds > 1 else "Seconds, one round:"
    yield ""
    yield from _head("tool", "one byte: backup", "one byte: restore", *_HEADS)
    for summary in summaries:
        cases = (summary.cases[case] for case in ("tiny backup", "tiny restore", *_SHOWN))
        yield _row(summary.peer, *(_range(case) if rounds > 1 else f"{case.seconds:.2f}" for case in cases))


def _range(case: Case) -> str:
    return f"{case.seconds:.2f} ({case.fastest:.2f} to {case.slowest:.2f})"


def _ratios(summaries: Sequence[Summary]) -> Iterator[str]:
    own = next(summary for summary in summaries if summary.peer == THOTH)
    others = [summary for summary in summaries if summary is not own]
    if not others:
        return
    yield f"Seconds of {THOTH} divided by theirs (below 1 it is faster); in brackets without what one byte takes:"
    yield ""
    yield from _head("against", *_HEADS)
    for other in others:
        cells = []
        for case in _SHOWN:
            whole = own.cases[case].seconds / other.cases[case].seconds
            cells.append(f"{whole:.2f} ({_ratio(own.beyond_start(case), other.beyond_start(case))})")
        yield _row(other.peer, *cells)
    yield ""


def _ratio(mine: float, theirs: float) -> str:
    """Differences of a few hundredths of a second are noise, and so is what is divided by them."""
    return f"{mine / theirs:.2f}" if min(mine, theirs) >= 0.05 else "-"


def _sizes(summaries: Sequence[Summary], floor: int) -> Iterator[str]:
    asked = any(summary.cases["first"].requests is not None for summary in summaries)
    yield "Bytes stored in all, peak memory" + (", requests at the server:" if asked else ":")
    yield ""
    heads = ["MiB after first", "after +1 %", "after +1 % again", "MiB of memory, first backup", "restore"]
    if asked:
        heads += ["requests, first", "unchanged", "+1 %", "restore"]
    yield from _head("tool", *heads)
    for summary in summaries:
        cells = [f"{summary.cases[case].stored / _MIB:.1f}" for case in ("first", "more", "most")]
        for case in ("first", "restore"):
            peak = summary.cases[case].peak
            cells.append(f"{peak / _MIB:.0f}" if peak > 1.1 * floor else f"below {1.1 * floor / _MIB:.0f}")
        if asked:
            counts = (summary.cases[case].requests for case in ("first", "unchanged", "more", "restore"))
            cells += [str(count["requests"]) if count else "-" for count in counts]
        yield _row(summary.peer, *cells)


def _head(first: str, *others: str) -> Iterator[str]:
    yield _row(first, *others)
    yield _row("---", *("---:" for _ in others))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
