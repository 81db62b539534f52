"""A reply that is lost, or a request that fails once, under retries: exactly one snapshot, and it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.stores import SMALL, fresh_backend, objects, over
from tests.repository.trees import contents, noise, write_tree
from tests.repository.wrappers import AtRequest, LosesReply, Refuses
from thoth_storage.backend import ObjectInfo
from thoth_storage.errors import UnavailableError
from thoth_storage.repository import Repository, packs
from thoth_storage.wrappers import MeteredBackend, RetryingBackend

pytestmark = pytest.mark.exhaustive

TREE = {"a": noise(5 * SMALL), "b": noise(3 * SMALL, 1), "empty": b""}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(packs, "PACK_SIZE", 2 * SMALL)
    return write_tree(tmp_path / "source", TREE)


def work(backend: object, source: Path, folder: Path) -> None:
    """All that people do, and that it did what it says."""
    repository = Repository.open(backend, create=True)
    snapshot = repository.backup(source, name="only")
    assert repository.snapshots() == [snapshot]
    assert repository.verify().ok
    shutil.rmtree(folder / "target", ignore_errors=True)  # what is there already is not asked for
    repository.restore("only", folder / "target")
    assert contents(folder / "target") == TREE


@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("kind", [LosesReply, Refuses])
def test_at_each_request(kind: type[AtRequest], writes: bool, source: Path, tmp_path: Path) -> None:
    meter = MeteredBackend(fresh_backend())
    work(meter, source, tmp_path)
    total = meter.meters["put"].requests + meter.meters["create"].requests if writes else meter.total().requests
    assert total >= (4 if writes else 15)
    for number in range(1, total + 1):
        store = fresh_backend()
        faulty = kind(store, number, writes=writes)
        work(RetryingBackend(faulty, first_pause=0.0001, longest_pause=0.001), source, tmp_path)
        assert faulty.count >= total
        assert len(objects(store, "snapshots/")) == 1
        assert len(objects(store, "packs/")) == len(objects(meter.inner, "packs/"))


@pytest.mark.parametrize("kind", [LosesReply, Refuses])
def test_without_retries_the_caller_is_told_and_the_next_backup_works(
    kind: type[AtRequest], source: Path, tmp_path: Path
) -> None:
    for number in range(1, 20):
        repository = Repository.open(fresh_backend(), create=True)
        faulty = kind(repository.backend, number, writes=True)
        try:
            over(repository, faulty).backup(source)
        except UnavailableError as error:
            failed = str(error.key)
        else:
            break
        snapshots = repository.snapshots()
        # One only where the reply to the commit itself was lost; and then it is whole.
        assert len(snapshots) == (kind is LosesReply and failed.startswith("snapshots/"))
        assert repository.verify().ok
        assert repository.backup(source).parent == (snapshots[0].id if snapshots else None)
        repository.restore("latest", tmp_path / "target", overwrite=True)
        assert contents(tmp_path / "target") == TREE
    assert number > 3


class Blind(AtRequest):
    """Behind the commit nothing can be listed any more."""

    committed = False

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        self.committed = self.committed or key.startswith("snapshots/")

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        if self.committed:
            raise UnavailableError("away", url=self.url, key=prefix)
        return super().list(prefix)


def test_a_writer_that_cannot_look_behind_its_commit_takes_it_back(source: Path) -> None:
    repository = Repository.open(fresh_backend(), create=True)
    with pytest.raises(UnavailableError):
        over(repository, Blind(repository.backend, -1)).backup(source)
    assert repository.snapshots() == []
    assert objects(repository.backend, "packs/")
    assert repository.backup(source).id
