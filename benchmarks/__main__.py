"""``python -m benchmarks``: see README.md."""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from benchmarks import machine, plots
from benchmarks.command import shown
from benchmarks.measure import measure
from benchmarks.options import parse
from benchmarks.report import Report, from_json, joined, put_between_marks, to_json, to_markdown
from benchmarks.runner import CommandError, memory_floor, memory_of_interpreter


def main() -> None:
    """Measure, and tell it. Ends with 1 where a step fails, never because something was slow or a target missed."""
    arguments = parse()
    try:
        if arguments.report:
            plots.require_library()
        if arguments.tables_of:
            report = joined([from_json(path.read_text(encoding="utf-8")) for path in arguments.tables_of])
            if arguments.json:
                arguments.json.write_text(to_json(report), encoding="utf-8")
        else:
            with tempfile.TemporaryDirectory(prefix="thoth-benchmarks-") as passing:
                report = _measured(arguments, Path(arguments.work or passing).resolve())
    except (CommandError, FileNotFoundError) as error:
        sys.exit(f"benchmarks: {error}")
    if arguments.report:
        pictures = plots.draw(report.summaries, arguments.report.parent)
        put_between_marks(arguments.report, to_markdown(report, pictures))
    else:
        print(to_markdown(report))


def _measured(arguments: Namespace, work: Path) -> Report:
    work.mkdir(parents=True, exist_ok=True)
    if not arguments.quick:
        _keep_bytecode(work)
    report = Report(
        command=shown("benchmarks"),
        floor=memory_floor(),
        interpreter=memory_of_interpreter(),
        machine=machine.facts(work),
        summaries=[],
    )
    for found in measure(arguments, work):
        report = replace(report, summaries=[*report.summaries, *found])
        if arguments.json:
            arguments.json.write_text(to_json(report), encoding="utf-8")
    return report


def _keep_bytecode(work: Path) -> None:
    """An installed package comes compiled. A source tree may not be, and must not be written to."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(work / "bytecode")


if __name__ == "__main__":
    main()
