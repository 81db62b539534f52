"""Opening finds a repository, makes one only where it is asked to, and never changes one that is there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest

import thoth_storage
from tests.repository.stores import fresh_backend, new_repository, objects
from thoth_storage.errors import NotFoundError, StorageError, UnavailableError
from thoth_storage.memory import MemoryBackend
from thoth_storage.repository import Repository
from thoth_storage.repository.layout import BLOCK_SIZE


def test_a_missing_repository_is_told_and_not_made() -> None:
    backend = fresh_backend()
    with pytest.raises(NotFoundError, match="no repository") as caught:
        Repository.open(backend)
    assert caught.value.url == backend.url
    assert caught.value.hint
    assert objects(backend) == {}


def test_create_makes_one_with_an_id_and_the_time() -> None:
    backend = fresh_backend()
    before = datetime.now(UTC)
    made = Repository.open(backend, create=True)
    assert list(objects(backend)) == ["repository.json"]
    assert made.id == Repository.open(backend).id == Repository.open(backend, create=True).id
    assert made.url == backend.url
    assert (len(made.id), int(made.id, 16) > 0) == (32, True)
    settings = made.vault.settings
    assert before <= datetime.fromisoformat(settings.created) <= datetime.now(UTC)
    assert settings.block_size == BLOCK_SIZE


def test_create_keeps_what_is_there(source: Path) -> None:
    repository = new_repository(block=8192)
    snapshot = repository.backup(source)
    before = objects(repository.backend)
    again = Repository.open(repository.backend, create=True)
    assert again.id == repository.id
    assert again.vault.settings.block_size == 8192
    assert again.snapshots() == [snapshot]
    assert objects(repository.backend) == before


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_of_many_creators_one_wins_and_all_agree(kind: str, tmp_path: Path) -> None:
    for round_ in range(10):
        where = fresh_backend().url if kind == "memory" else str(tmp_path / f"{round_}")
        barrier = Barrier(8)

        def create(where: str = where, barrier: Barrier = barrier) -> str:
            barrier.wait()
            return Repository.open(where, create=True).id

        with ThreadPoolExecutor(8) as pool:
            ids = {future.result() for future in [pool.submit(create) for _ in range(8)]}
        assert ids == {Repository.open(where).id}


class Away(MemoryBackend):
    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        raise UnavailableError("away", url=self.url, key=key)


def test_an_outage_is_not_taken_for_a_missing_repository() -> None:
    backend = Away(fresh_backend().url)
    with pytest.raises(UnavailableError):
        Repository.open(backend, create=True)
    assert list(backend.list()) == []


def test_by_url_path_and_backend(tmp_path: Path, source: Path) -> None:
    made = Repository.open(tmp_path / "r", create=True)
    assert made.url == f"file://{tmp_path / 'r'}"
    for url in (str(tmp_path / "r"), f"file://{tmp_path / 'r'}", made.backend):
        assert Repository.open(url).id == made.id
    assert thoth_storage.Repository is Repository
    with Repository.open(tmp_path / "r") as repository:
        snapshot = repository.backup(source)
    assert made.snapshots() == [snapshot]
    assert str(tmp_path / "r") in repr(repository)


def test_an_unknown_scheme_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Repository.open("nosuch://bucket/x", create=True)
