"""Runs the conformance suite over every backend of this tree and writes docs/conformance.md: what was asked, what held.

usage: python scripts/suite_report.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
SUITES = {
    "memory": "tests/conformance/test_memory.py",
    "local disk": "plugins/thoth-storage-local/tests/test_suite.py",
    "GCS server": "plugins/thoth-storage-gcs/tests/test_suite.py",
    "S3 server": "plugins/thoth-storage-s3/tests/test_suite.py",
}


def results(path: str) -> dict[str, tuple[bool, float]]:
    """For each test of one backend's suite whether it passed, and its seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "junit.xml"
        command = [sys.executable, "-m", "pytest", "-q", path, f"--junitxml={report}", "-p", "no:cacheprovider"]
        subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
        cases = ET.parse(report).iter("testcase")
        return {
            case.attrib["name"]: (
                not any(case.find(tag) is not None for tag in ("failure", "error", "skipped")),
                float(case.attrib["time"]),
            )
            for case in cases
            if case.attrib["name"].startswith("test_")
        }


def main() -> int:
    found = {backend: results(path) for backend, path in SUITES.items()}
    table: dict[str, dict[str, list[tuple[bool, float]]]] = defaultdict(lambda: defaultdict(list))
    for backend, cases in found.items():
        for name, outcome in cases.items():
            table[name.partition("[")[0].removeprefix("test_").replace("_", " ")][backend].append(outcome)
    lines = [
        "# What the backends were held to",
        "",
        "The conformance suite (`thoth_storage.testing.BackendSuite`) against each backend: the tests that passed of",
        "those that ran, with live servers for GCS and S3. Made by `python scripts/suite_report.py`.",
        "",
        "| obligation | " + " | ".join(SUITES) + " |",
        "|---" * (len(SUITES) + 1) + "|",
    ]
    for obligation, by_backend in sorted(table.items()):
        cells = [f"{sum(ok for ok, _ in runs)}/{len(runs)}" if (runs := by_backend.get(b)) else "" for b in SUITES]
        lines.append(f"| {obligation} | " + " | ".join(cells) + " |")
    totals = [
        f"**{sum(ok for ok, _ in cases.values())}/{len(cases)}**, {sum(s for _, s in cases.values()):.0f} s"
        for cases in found.values()
    ]
    lines.append("| **all** | " + " | ".join(totals) + " |")
    (ROOT / "docs" / "conformance.md").write_text("\n".join(lines) + "\n")
    return 0 if all(ok for cases in found.values() for ok, _ in cases.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
