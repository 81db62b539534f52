"""A store that was copied elsewhere is a store there: what a failover to another place, and the way back, stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import invoke
from tests.live.programs import add, ids
from thoth_storage import PersistentClient


def _copy(source: Path, target: Path) -> None:
    assert invoke("copy", source, target).code == 0


def test_there_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))
    here, there = tmp_path / "here", tmp_path / "there"
    with PersistentClient(here) as client:
        add(client, "a", "b")
        client.checkpoint("copied")
        _copy(here, there)
        add(client, "lost")  # in no checkpoint when the place was lost
        client.live._wrote = False
    with PersistentClient(there) as client:
        assert ids(client) == {"a", "b"}
        add(client, "c")

    told = invoke("status", there, "--json")
    assert (told.code, told.document["missing"], told.document["first"]) == (0, [], 3)
    assert invoke("log", there, "--json").document["entries"][0]["sequence"] == 3
    assert invoke("verify", there).code == 0

    _copy(there, here)
    newest = invoke("snapshots", there, "--json").document["snapshots"][0]["id"]
    assert invoke("log", here, "--set-state", newest).code == 0
    with PersistentClient(here) as client:
        assert ids(client) == {"a", "b", "c"}


def test_entries_that_no_checkpoint_has_are_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))
    place = tmp_path / "store"
    with PersistentClient(place) as client:
        add(client, "a")
        add(client, "b")
        client.live._wrote = False
    (place / "log" / "000000000" / f"{1:012d}").unlink()
    told = invoke("status", place, "--json")
    assert (told.code, told.document["missing"]) == (5, [1])
