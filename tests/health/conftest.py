"""An environment that configures nothing but where local directories go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from thoth_storage import Repository


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("THOTH_STORAGE_", "CHROMA_PERSIST", "GCS_BUCKET", "GCP_PROJECT")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A repository with one snapshot of one file."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file").write_text("text")
    with Repository.open(tmp_path / "store", create=True) as repository:
        repository.backup(tmp_path / "data")
    return tmp_path / "store"


@pytest.fixture
def repository(store: Path) -> Iterator[Repository]:
    with Repository.open(store) as repository:
        yield repository
