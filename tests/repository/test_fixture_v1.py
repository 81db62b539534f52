"""What version 1 wrote opens for ever: the golden repository under tests/fixtures/v1, made by make_v1.py there."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from tests.repository.stores import objects
from tests.repository.trees import contents, walk
from thoth_storage.repository import Repository
from thoth_storage.wrappers import ReadOnlyBackend

FIXTURE = Path(__file__).parent.parent / "fixtures" / "v1"
EXPECTED: dict[str, Any] = json.loads((FIXTURE / "expected.json").read_text(encoding="utf-8"))


def described(folder: Path) -> dict[str, Any]:
    """A restored directory in the words of expected.json."""
    files, folders = {}, {}
    for path, (kind, content, mode, mtime) in walk(folder).items():
        if kind == "folder":
            folders[path] = {"mode": mode}
        else:
            digest = blake3(content).hexdigest()
            files[path] = {"size": len(content), "mode": mode, "mtime_ns": mtime, "blake3": digest}
    return {"files": files, "folders": folders}


@pytest.fixture
def golden() -> Repository:
    repository = Repository.open(FIXTURE / "repository")
    return Repository(replace(repository.vault, backend=ReadOnlyBackend(repository.backend)))


def test_the_snapshots_are_listed_as_they_were_made(golden: Repository) -> None:
    assert golden.id == EXPECTED["id"]
    told = [{name: getattr(s, name) for name in EXPECTED["snapshots"][0] if name != "tree"} for s in golden.snapshots()]
    assert [{**one, "time": one["time"].isoformat(), "tags": list(one["tags"])} for one in told] == [
        {name: value for name, value in one.items() if name != "tree"} for one in EXPECTED["snapshots"]
    ]
    assert golden.get("golden").id == golden.get("fdd4").id == EXPECTED["snapshots"][1]["id"]


@pytest.mark.parametrize("number", [0, 1])
def test_each_restores_to_the_byte(number: int, golden: Repository, tmp_path: Path) -> None:
    expected = EXPECTED["snapshots"][number]
    report = golden.restore(expected["id"], tmp_path / "target")
    assert (report.files, report.bytes) == (expected["files"], expected["size"])
    assert described(tmp_path / "target") == expected["tree"]


def test_it_verifies(golden: Repository) -> None:
    report = golden.verify()
    assert report.problems == []
    assert (report.snapshots, report.packs) == (2, 2)


def test_it_takes_further_backups_that_build_on_it(tmp_path: Path) -> None:
    shutil.copytree(FIXTURE / "repository", tmp_path / "repository")
    repository = Repository.open(tmp_path / "repository", create=True)
    before = objects(repository.backend)
    repository.restore("golden", tmp_path / "again")
    assert repository.backup(tmp_path / "again").added == 0
    (tmp_path / "again" / "new").write_bytes(b"new")
    assert repository.backup(tmp_path / "again").added == 16 + 48 + 3
    repository.restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == contents(tmp_path / "again")
    after = objects(repository.backend)
    assert {key: after[key] for key in before} == before
    assert repository.verify().ok
