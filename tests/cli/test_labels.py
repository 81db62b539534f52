"""The verbs for names and tags."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import SNAPSHOT_KEYS, invoke
from thoth_storage import Repository


def test_tag(repository: Path) -> None:
    [snapshot] = Repository.open(repository).snapshots()
    said = invoke("tag", repository, "first", "--add", "a", "--add", "b", "--remove", "t")
    assert (said.code, said.out, said.err) == (0, f"snapshot {snapshot.id[:12]} has a, b\n", "")
    said = invoke("tag", repository, "first", "--remove", "a", "--remove", "b")
    assert said.out == f"snapshot {snapshot.id[:12]} has no tags\n"


def test_tag_json(repository: Path) -> None:
    found = invoke("tag", repository, "first", "--add", "a", "--json").document
    assert list(found) == ["url", "snapshot"]
    assert list(found["snapshot"]) == SNAPSHOT_KEYS
    assert found["snapshot"]["tags"] == ["t", "a"]


def test_name(repository: Path, tree: Path) -> None:
    [first] = Repository.open(repository).snapshots()
    invoke("backup", tree, repository)
    said = invoke("name", repository, "good", first.id[:8])
    assert (said.code, said.out, said.err) == (0, f"good means snapshot {first.id[:12]}\n", "")
    assert Repository.open(repository).get("good").id == first.id
    said = invoke("name", repository, "good", "latest")
    assert Repository.open(repository).get("good").id != first.id
    said = invoke("name", repository, "good", "--remove")
    assert (said.code, said.out) == (0, "the name good was taken away\n")
    assert invoke("show", repository, "good").code == 3


def test_name_json(repository: Path) -> None:
    found = invoke("name", repository, "good", "first", "--json").document
    assert list(found) == ["url", "name", "snapshot"]
    assert list(found["snapshot"]) == SNAPSHOT_KEYS
    assert (found["name"], found["snapshot"]["names"]) == ("good", ["good"])
    found = invoke("name", repository, "good", "--remove", "--json").document
    assert found == {"url": f"file://{repository}", "name": "good", "snapshot": None}


def test_without_a_url(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_URL", str(repository))
    assert invoke("tag", "first", "--add", "a").code == 0
    assert invoke("name", "good", "first").code == 0
    assert invoke("name", "good", "--remove").code == 0
