"""A report as markdown: the targets, the tables, the machine."""

from __future__ import annotations

from benchmarks.live import goals, tables
from benchmarks.live.found import Report

__all__ = ["to_markdown"]

_MIB = 2**20
_PARTS = (
    ("Overhead", "overhead", tables.overhead),
    ("Checkpoints, nobody else about", "checkpoint", tables.checkpoints),
    ("Checkpoints beside two writers and a reader", "checkpoint", tables.loads),
    ("Starts", "start", tables.starts),
    ("Peak memory, MiB", "start", tables.memory),
)


def to_markdown(report: Report) -> str:
    """What was left out has no table."""
    sizes = {one.documents: f"{one.documents:,} documents ({one.size / _MIB:.1f} MiB)" for one in report.found}
    rounds = max(len(samples) for one in report.found for samples in one.samples.values())
    lines = [f"`{report.command}`: {', '.join(sizes.values())}; medians of {rounds} rounds (least to greatest).", ""]
    lines += ["### Targets", "", *goals.table(report.found), ""]
    for heading, part, table in _PARTS:
        if any(one.part == part for one in report.found):
            lines += [f"### {heading}", "", *table(report.found)]
    lines += ["### The machine", "", *(f"- {name}: {value}" for name, value in report.machine.items())]
    return "\n".join(lines) + "\n"
