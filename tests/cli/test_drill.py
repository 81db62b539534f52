"""``thoth-storage drill`` and what ``status`` tells of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import invoke

KEYS = [
    *("time", "ok", "damaged", "snapshot", "snapshot_time", "seconds", "bytes", "files", "compared", "collections"),
    *("records", "samples", "queries", "asked", "entries", "problems", "program"),
]


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))


def test_a_drill_is_told_recorded_and_shown(tmp_path: Path, tree: Path) -> None:
    store = tmp_path / "store"
    snapshot = invoke("backup", tree, store, "--json").document["snapshot"]["id"]
    before = invoke("status", store, "--json").document
    assert (before["last_drill"], before["last_proven"]) == (None, None)
    assert "last proven restorable\tnever: thoth-storage drill" in invoke("status", store).out
    said = invoke("drill", store, "--json")
    assert said.code == 0
    assert list(said.document) == [*KEYS, "recorded", "not_recorded"]
    assert (said.document["ok"], said.document["snapshot"], said.document["recorded"]) == (True, snapshot, True)
    told = invoke("status", store, "--json").document["last_proven"]
    assert told == {key: said.document[key] for key in KEYS}
    assert f"last proven restorable\t{told['time'][:10]}" in invoke("status", store).out


def test_damage_has_an_exit_code_of_its_own(tmp_path: Path, tree: Path) -> None:
    store = tmp_path / "store"
    invoke("backup", tree, store)
    invoke("drill", store, "--quiet")
    [pack] = (store / "packs").glob("*/*")
    pack.write_bytes(pack.read_bytes()[:-20])
    said = invoke("drill", store)
    assert said.code == 5
    assert "it does NOT restore" in said.out
    assert said.err.startswith("problem: ")
    shown = invoke("status", store).out
    assert "last proven restorable\t2" in shown
    assert ", FAILED" in shown


def test_where_there_is_nothing_it_says_so(tmp_path: Path, tree: Path) -> None:
    assert invoke("drill", tmp_path / "none").code == 3
    invoke("backup", tree, tmp_path / "store")
    assert invoke("drill", tmp_path / "store", "--snapshot", "no-such").code == 3
    assert invoke("drill", tmp_path / "store", "--patience", "0").code == 2


def test_who_may_not_write_is_warned(tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from thoth_storage import open_backend
    from thoth_storage.repository import repository
    from thoth_storage.wrappers import ReadOnlyBackend

    invoke("backup", tree, tmp_path / "store")
    monkeypatch.setattr(
        repository, "open_backend", lambda *where, **more: ReadOnlyBackend(open_backend(*where, **more))
    )
    said = invoke("drill", tmp_path / "store")
    assert said.code == 0
    assert said.err == "warning: the drill is not recorded at the URL: this store is opened read-only\n"
