"""An environment that configures nothing, with a cache of its own; and a Chroma server that really runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import KEYS
from tests.export.servers import chroma_server
from tests.store.helpers import SETTINGS


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*SETTINGS, *KEYS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("THOTH_STORAGE_EMBEDDER", "lexical")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one for all tests of a module, each of which uses a database of its own."""
    with chroma_server(tmp_path_factory.mktemp("chroma")) as port:
        yield f"chroma+http://127.0.0.1:{port}"
