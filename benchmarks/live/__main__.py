"""``python -m benchmarks.live``: see ../README.md."""

from __future__ import annotations

import os
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
from benchmarks.live.measure import measure
from benchmarks.live.needs import wanted
from benchmarks.live.options import PARTS, parse
from benchmarks.live.page import to_markdown
from benchmarks.report import put_between_marks
from benchmarks.runner import CommandError


def main() -> None:
    """Measure, and tell it. Ends with 1 where a step fails, never because something was slow or a target missed."""
    arguments = parse()
    try:
        if arguments.tables_of:
            report = together([from_json(path.read_text(encoding="utf-8")) for path in arguments.tables_of])
            _keep(arguments, report)
        else:
            with tempfile.TemporaryDirectory(prefix="thoth-benchmarks-") as passing:
                report = _measured(arguments, Path(arguments.work or passing).resolve())
    except (CommandError, FileNotFoundError) as error:
        sys.exit(f"benchmarks.live: {error}")
    if arguments.report:
        put_between_marks(arguments.report, to_markdown(report))
    else:
        print(to_markdown(report))


def _measured(arguments: Namespace, work: Path) -> Report:
    parts = {part for part in PARTS if wanted(arguments, part)}
    work.mkdir(parents=True, exist_ok=True)
    # An installed package comes compiled. A source tree may not be, and must not be written to.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(work / "bytecode")
    report = Report(
        command=shown("benchmarks.live"),
        machine={**machine.facts(work), **_lancedb(parts)},
        found=[],
    )
    for found in measure(arguments, parts, work):
        report = replace(report, found=[*report.found, *found])
        _keep(arguments, report)
    return report


def _keep(arguments: Namespace, report: Report) -> None:
    if arguments.json:
        arguments.json.write_text(to_json(report), encoding="utf-8")


def _lancedb(parts: set[str]) -> dict[str, str]:
    return {"LanceDB": metadata.version("lancedb")} if "lancedb" in parts else {}


if __name__ == "__main__":
    main()
