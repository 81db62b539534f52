"""The suite sees through every liar, by each of the tests that ought to see through it."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

from thoth_storage.backend import Backend
from thoth_storage.testing import BackendSuite

from .liars import LIARS, Honest

ROOT = Path(__file__).parents[2]
SUITE = Path(__file__).with_name("suite_of_liars.py")
MODULES = {liar.__module__.rpartition(".")[2] for liar in LIARS}
# Two runs: those that may hang or bring the process down, and all others.
KINDS = [{"processes"}, MODULES - {"processes"}]
OBLIGATIONS = {name for name in dir(BackendSuite) if name.startswith("test_")}


def outcomes(cases: Sequence[tuple[type[Backend], str]], folder: Path) -> dict[tuple[str, str], str]:
    """Run these tests against these backends in a process of its own, which some of them may bring down."""
    report = folder / "report.xml"
    ids = [f"{SUITE}::Test{kind.__name__}::{test}" for kind, test in cases]
    options = ["-q", "--import-mode=importlib", "-p", "no:cacheprovider", "-o", "addopts=", f"--junitxml={report}"]
    # A hundred tracebacks of what should fail would take longer to write than the tests.
    options += ["--tb=line", "-p", "no:langsmith_plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *ids],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    found: dict[tuple[str, str], str] = {}
    for case in ET.parse(report).iter("testcase"):
        key = case.get("classname", "").rpartition(".Test")[2], case.get("name", "")
        result = next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed")
        # A test that failed and could not be cleaned up stands there twice.
        found[key] = "failure" if "failure" in {found.get(key), result} else result
    assert len(found) == len(cases), done.stdout + done.stderr
    return found


@pytest.mark.parametrize("kinds", KINDS, ids=["processes", "others"])
def test_the_liars_are_caught(kinds: set[str], tmp_path: Path) -> None:
    cases = [(liar, test) for liar in LIARS if liar.__module__.rpartition(".")[2] in kinds for test in liar.caught_by]
    missed = [case for case, found in outcomes(cases, tmp_path).items() if found != "failure"]
    assert missed == []


def test_an_honest_backend_is_not_accused(tmp_path: Path) -> None:
    accused = {
        case: found
        for case, found in outcomes([(Honest, test) for test in sorted(OBLIGATIONS)], tmp_path).items()
        if found != "passed"
    }
    assert accused == {}


def test_every_obligation_has_a_liar_that_breaks_it() -> None:
    assert {test for liar in LIARS for test in liar.caught_by} == OBLIGATIONS
