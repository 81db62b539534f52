"""The verbs that look at snapshots: show, diff, snapshots with names that were given later."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import SNAPSHOT_KEYS, invoke
from thoth_storage import Repository


@pytest.fixture
def two(repository: Path, tree: Path) -> Path:
    """Another snapshot, called ``second``: a.txt changed, b.bin with other permissions, more.txt added."""
    (tree / "a.txt").write_text("alpha and more")
    (tree / "sub" / "b.bin").chmod(0o600)
    (tree / "new").mkdir()
    (tree / "new" / "more.txt").write_text("more")
    assert invoke("backup", tree, repository, "--name", "second", "--tag", "x").code == 0
    return repository


def test_show(two: Path) -> None:
    invoke("name", two, "good", "second")
    said = invoke("show", two, "good")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].split("\t") == ["mode", "bytes", "time (UTC)", "path"]
    rows = [line.split("\t") for line in lines[1:6]]
    assert [row[3] for row in rows] == ["a.txt", "new/", "new/more.txt", "sub/", "sub/b.bin"]
    assert [row[1] for row in rows] == ["14", "", "4", "", "25600"]
    assert (rows[4][0], rows[1][0][0]) == ("-rw-------", "d")
    [snapshot] = [each for each in Repository.open(two).snapshots() if each.name == "second"]
    assert lines[7].startswith(
        f"snapshot {snapshot.id} of {snapshot.time:%Y-%m-%d %H:%M:%S} UTC, made by thoth-storage"
    )
    assert lines[7].endswith("; named second, good; tagged x")
    assert lines[8].startswith("3 files, 25.0 KiB: 3 blocks, 0 of them deltas (chains of up to 0), ")
    assert lines[8].endswith(" in 2 packs")


def test_show_json(two: Path) -> None:
    found = invoke("show", two, "latest", "--json").document
    assert list(found) == ["url", "details"]
    details = found["details"]
    assert list(details) == ["snapshot", "program", "files", "folders", "storage"]
    assert list(details["snapshot"]) == SNAPSHOT_KEYS
    assert [list(each) for each in details["files"]] == [["path", "size", "mode", "mtime"]] * 3
    assert details["files"][2]["mode"] == 0o600
    assert details["files"][0]["mtime"].endswith("+00:00")
    assert [list(each) for each in details["folders"]] == [["path", "mode"]] * 2
    assert list(details["storage"]) == ["blocks", "plain", "stored", "deltas", "deepest", "packs"]


def test_diff(two: Path) -> None:
    said = invoke("diff", two, "first", "second")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert [line.split("\t") for line in lines[:-1]] == [
        ["", "path", "before", "after"],
        ["M", "a.txt", "5", "14"],
        ["+", "new/", "", ""],
        ["+", "new/more.txt", "", "4"],
        ["mode", "sub/b.bin", "0644", "0600"],
    ]
    assert lines[-1] == ("1 files added (4 B), 0 removed (0 B), 1 changed (14 B), 1 equal (25.0 KiB); new blocks 18 B")
    back = [line.split("\t")[0] for line in invoke("diff", two, "second", "first").out.splitlines()[1:-1]]
    assert back == ["M", "-", "-", "mode"]


def test_diff_of_equals_is_one_line(repository: Path) -> None:
    said = invoke("diff", repository, "first", "latest")
    assert said.out == ("0 files added (0 B), 0 removed (0 B), 0 changed (0 B), 2 equal (25.0 KiB); new blocks 0 B\n")


def test_diff_json(two: Path) -> None:
    found = invoke("diff", two, "first", "second", "--json").document
    assert list(found) == ["url", "same", "report"]
    assert found["same"] is False
    assert list(found["report"]) == [
        *("a", "b", "added", "removed", "changed", "modes", "folders_added", "folders_removed"),
        *("files_equal", "bytes_equal", "bytes_added", "bytes_removed", "bytes_changed", "bytes_new"),
    ]
    assert found["report"]["changed"] == [{"path": "a.txt", "before": 5, "after": 14}]
    assert found["report"]["added"] == [{"path": "new/more.txt", "before": None, "after": 4}]
    assert found["report"]["modes"] == [{"path": "sub/b.bin", "before": 0o644, "after": 0o600}]


def test_snapshots_have_the_names_given_later(two: Path) -> None:
    invoke("name", two, "good", "first")
    invoke("name", two, "best", "first")
    rows = [line.split("\t") for line in invoke("snapshots", two).out.splitlines()[1:]]
    assert [row[2] for row in rows] == ["second", "first, best, good"]
    found = invoke("snapshots", two, "--json").document["snapshots"]
    assert [each["names"] for each in found] == [[], ["best", "good"]]


@pytest.mark.parametrize("arguments", [["show", "first"], ["diff", "first", "latest"]])
def test_without_a_url(two: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setenv("THOTH_STORAGE_URL", str(two))
    assert invoke(*arguments, "--json").document["url"] == f"file://{two}"
