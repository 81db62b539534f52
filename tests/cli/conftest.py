"""An environment that configures nothing, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import KEYS, invoke, make_tree
from tests.store.helpers import SETTINGS


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*SETTINGS, *KEYS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "tree")


@pytest.fixture
def repository(tree: Path, tmp_path: Path) -> Path:
    """One with a snapshot called ``first``."""
    assert invoke("backup", tree, tmp_path / "repository", "--name", "first", "--tag", "t").code == 0
    return tmp_path / "repository"
