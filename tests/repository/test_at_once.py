"""How many packs are sent, and how many ranges asked for, at once: settings of the store."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from thoth_storage import Repository
from thoth_storage.memory import MemoryBackend

URL = "memory://tests/at-once"
FILE = f'[stores.here]\nurl = "{URL}"\nuploads = 6\ndownloads = 5\n'


class Watched(MemoryBackend):
    """Takes its time, and remembers how many calls for packs were under way at once."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._counting = threading.Lock()

    def put(self, key: str, data: bytes) -> None:
        self._wait("put", key)
        super().put(key, data)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self._wait("get", key)
        return super().get(key, start, end)

    def _wait(self, verb: str, key: str) -> None:
        if not key.startswith("packs/"):
            return
        with self._counting:
            self._now[verb] += 1
            self.most[verb] = max(self.most[verb], self._now[verb])
        time.sleep(0.05)
        with self._counting:
            self._now[verb] -= 1


@pytest.mark.parametrize(("text", "uploads", "downloads"), [("", 3, 3), (FILE, 6, 5)])
def test_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, uploads: int, downloads: int) -> None:
    (tmp_path / "thoth-storage.toml").write_text(text)
    monkeypatch.setenv("THOTH_STORAGE_CONFIG", str(tmp_path / "thoth-storage.toml"))
    monkeypatch.setattr("thoth_storage.repository.packs.PACK_SIZE", 1 << 18)
    (tmp_path / "files").mkdir()
    for number in range(16):
        (tmp_path / "files" / str(number)).write_bytes(os.urandom(1 << 18))
    backend = Watched(URL)
    with Repository.open(backend, create=True) as repository:
        made = repository.backup(tmp_path / "files").id
        repository.restore(made, tmp_path / "out")
        assert (backend.most["put"], backend.most["get"]) == (uploads, downloads)
