"""``python -m benchmarks.log``: see ../README.md."""

from __future__ import annotations

import sys
import tempfile
from argparse import Namespace
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from benchmarks import machine
from benchmarks.command import shown
from benchmarks.live.found import Report, from_json, to_json
from benchmarks.live.joining import together
from benchmarks.log.measure import measure
from benchmarks.log.options import Extent, parse
from benchmarks.log.page import to_markdown
from benchmarks.peers import PROGRAMS
from benchmarks.report import put_between_marks
from benchmarks.runner import CommandError


def main() -> None:
    """Measure, and tell it. Ends with 1 where a step fails, never because something was slow or a target missed."""
    arguments, extent = parse()
    try:
        if arguments.tables_of:
            report = together([from_json(path.read_text(encoding="utf-8")) for path in arguments.tables_of])
        else:
            with tempfile.TemporaryDirectory(prefix="thoth-benchmarks-") as work:
                report = _measured(arguments, extent, Path(work).resolve())
    except (CommandError, FileNotFoundError) as error:
        sys.exit(f"benchmarks.log: {error}")
    _keep(arguments, report)
    if arguments.report:
        put_between_marks(arguments.report, to_markdown(report))
    else:
        print(to_markdown(report))


def _measured(arguments: Namespace, extent: Extent, work: Path) -> Report:
    report = Report(command=shown("benchmarks.log"), machine=_machine(arguments, work), found=[])
    for found in measure(arguments, extent, work):
        report = replace(report, found=[*report.found, *found])
        _keep(arguments, report)
    return report


def _machine(arguments: Namespace, work: Path) -> dict[str, str]:
    # Programs that are not measured here are left out.
    facts = {name: told for name, told in machine.facts(work).items() if name not in PROGRAMS}
    return facts if "lancedb" in arguments.without else {**facts, "LanceDB": metadata.version("lancedb")}


def _keep(arguments: Namespace, report: Report) -> None:
    if arguments.json:
        arguments.json.write_text(to_json(report), encoding="utf-8")


if __name__ == "__main__":
    main()
