"""The example programs run, on whatever URL they are given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import environment
from tests.docs.pages import ROOT
from thoth_storage import Repository

SAID = """\
written: 3 notes, then one deleted; checkpoints: 1
elsewhere, read-only: 2 notes; found 'bike'
a replica is not written to: this store is opened read-only
restored: 2 notes before, 3 after: ['bike', 'bread', 'tea']
elsewhere, read-only: 3 notes; found 'bike'
a replica is not written to: this store is opened read-only
"""


@pytest.mark.parametrize("place", ["nowhere told", "a disk"])
def test_the_live_store(place: str, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/store"
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples/live_store/main.py", *([url] if place == "a disk" else [])],
        cwd=tmp_path,
        env=environment({"HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, SAID, "")
    if place == "a disk":
        with Repository.open(url) as repository:
            assert "checkpoint" in repository.get("three-notes").tags
            assert repository.verify(read_data=True).ok
    # Nothing stays where it was run.
    assert {each.name for each in tmp_path.iterdir()} <= {"store", "home"}
