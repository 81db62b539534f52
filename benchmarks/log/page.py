"""A report as markdown: the targets, the tables, the machine."""

from __future__ import annotations

from benchmarks.live.found import Report
from benchmarks.log import goals, tables

__all__ = ["to_markdown"]

_PARTS = (
    ("One writer", "writes", tables.writes),
    ("What a write consists of", "writes", tables.over),
    ("Several writers", "load", tables.load),
    ("Replay", "replay", tables.replay),
    ("When others see a write", "seeing", tables.seeing),
    ("Stored by 1,000 writes", "writes", tables.stored),
)


def to_markdown(report: Report) -> str:
    """What was left out has no table."""
    rounds = sorted({len(samples) for one in report.found for samples in one.samples.values()})
    shown = " or ".join(map(str, rounds))
    lines = [f"`{report.command}`: medians of {shown} rounds (least to greatest).", ""]
    lines += ["### Targets", "", *goals.table(report.found), ""]
    for heading, part, table in _PARTS:
        if any(one.part == part for one in report.found):
            lines += [f"### {heading}", "", *table(report.found)]
    lines += ["### The machine", "", *(f"- {name}: {value}" for name, value in report.machine.items())]
    return "\n".join(lines) + "\n"
