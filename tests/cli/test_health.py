"""``thoth-storage health``: exit codes and the shape of its document."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import invoke
from thoth_storage.health import CHECKS


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))


def test_warnings_are_no_failure(tmp_path: Path, tree: Path) -> None:
    invoke("backup", tree, tmp_path / "store")
    said = invoke("health", tmp_path / "store", "--json")
    assert said.code == 0
    assert list(said.document) == ["url", "ok", "status", "seconds", "checks"]
    assert (said.document["ok"], said.document["status"]) == (True, "warn")
    assert [each["name"] for each in said.document["checks"]] == list(CHECKS)
    assert list(said.document["checks"][0]) == ["name", "status", "message", "hint", "seconds"]
    said = invoke("health", tmp_path / "store", "--read-only")
    assert "drill\twarn\tthat this restores was never proven" in said.out
    assert "drill: run one: thoth-storage drill" in said.err


def test_a_failure_is(tmp_path: Path) -> None:
    said = invoke("health", tmp_path / "none", "--read-only", "--deadline", "20")
    assert said.code == 1
    assert "repository\tfail\tthere is no repository" in said.out
    assert not (tmp_path / "none").exists()
    assert invoke("health", tmp_path / "none", "--deadline", "0").code == 2
