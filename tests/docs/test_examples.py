"""The example programs run, on whatever URL they are given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import thoth_storage
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
INGESTED = """\
3 workers wrote 36 titles
the store has 36 titles from 3 workers
found: 'How to mend a racing bike'
"""


def _said(name: str, tmp_path: Path, *arguments: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples" / name / "main.py", *arguments],
        cwd=tmp_path,
        env=environment({"HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT), **environ}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("place", ["nowhere told", "a disk"])
def test_the_live_store(place: str, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/store"
    assert _said("live_store", tmp_path, *([url] if place == "a disk" else [])) == SAID
    if place == "a disk":
        with Repository.open(url) as repository:
            assert "checkpoint" in repository.get("three-notes").tags
            assert repository.verify(read_data=True).ok
    # Nothing stays where it was run.
    assert {each.name for each in tmp_path.iterdir()} <= {"store", "home"}


def test_workers_that_fill_one_store(tmp_path: Path) -> None:
    assert _said("parallel_ingest", tmp_path) == INGESTED
    assert {each.name for each in tmp_path.iterdir()} <= {"home"}


def test_a_worker_that_is_started_again(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/store"
    assert _said("parallel_ingest", tmp_path, url, "3") == INGESTED
    again = _said("parallel_ingest", tmp_path, url, "3", "--task", CLOUD_RUN_TASK_INDEX="1")
    assert again == "task 1 of 3: wrote 12 titles\n"
    with thoth_storage.PersistentClient(url, mode="r", cache_dir=tmp_path / "cache") as client:
        titles = client.get_collection("titles", embedding_function=None).get(include=["metadatas"])
    assert sorted(titles["ids"]) == sorted(f"title-{number}" for number in range(36))
    workers = [each["worker"] for each in titles["metadatas"] or ()]
    assert [workers.count(number) for number in range(3)] == [12, 12, 12]
