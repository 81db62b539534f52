"""Two stores at one URL: the first to publish is what the next opening sees, and of the second nothing is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import OpenStore
from tests.store.helpers import contents
from thoth_storage import Repository, StorageError, VectorStore
from thoth_storage.backend import Backend
from thoth_storage.errors import ConflictError
from thoth_storage.wrappers.base import WrappedBackend


@pytest.fixture
def durability() -> str:
    """Nothing is logged here: what is tested is what checkpoints alone give."""
    return "checkpoint"


class Between(WrappedBackend):
    """Lets somebody else work in the moment before a snapshot is committed, once."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self.others: list[Callable[[], Any]] = []

    def create(self, key: str, data: bytes) -> None:
        if key.startswith("snapshots/") and self.others:
            self.others.pop()()
        self.inner.create(key, data)


@pytest.fixture
def pair(open_store: OpenStore, tmp_path: Path) -> tuple[VectorStore, VectorStore]:
    """Two that started from one snapshot, as on two machines."""
    start = open_store()
    start.add_documents(["common"], ids=["0"])
    start.close()
    return open_store(cache_dir=tmp_path / "one"), open_store(cache_dir=tmp_path / "two")


def ids(store: VectorStore) -> set[str]:
    return set(contents(store))


def kept_name(error: ConflictError) -> str:
    assert error.hint is not None
    return error.hint.split("'")[1]


@pytest.mark.parametrize("verb", ["sync", "close"])
def test_the_second_is_told_and_kept(
    pair: tuple[VectorStore, VectorStore], open_store: OpenStore, verb: str, url: str
) -> None:
    first, second = pair
    first.add_documents(["of the first"], ids=["1"])
    second.add_documents(["of the second"], ids=["2"])
    first.sync()
    with pytest.raises(ConflictError, match="another process stored the snapshot") as told:
        getattr(second, verb)()
    assert told.value.url == url
    name = kept_name(told.value)
    again = open_store()
    assert ids(again) == {"0", "1"}
    assert name in again.list_backups()
    again.restore(name)
    assert ids(again) == {"0", "2"}


def test_after_a_conflict_at_close_it_is_closed(pair: tuple[VectorStore, VectorStore]) -> None:
    first, second = pair
    first.add_documents(["1"])
    first.close()
    with pytest.raises(ConflictError), second:
        second.add_documents(["2"])
    with pytest.raises(StorageError, match="the store is closed"):
        second.get_document_count()
    second.close()


def test_after_a_conflict_at_sync_it_goes_on_and_is_told_again(
    pair: tuple[VectorStore, VectorStore], open_store: OpenStore
) -> None:
    first, second = pair
    first.add_documents(["1"], ids=["1"])
    first.sync()
    names = []
    for each in ("2", "3"):
        second.add_documents(["text"], ids=[each])
        with pytest.raises(ConflictError) as told:
            second.sync()
        names.append(kept_name(told.value))
    assert second.sync()["changed"] is False
    second.close()
    assert len(set(names)) == 2
    first.add_documents(["4"], ids=["4"])
    first.close()  # what the second kept is no conflict for the first
    again = open_store()
    assert ids(again) == {"0", "1", "4"}
    again.restore(names[1])
    assert ids(again) == {"0", "2", "3"}


def test_one_that_only_reads_is_never_in_conflict(pair: tuple[VectorStore, VectorStore]) -> None:
    first, second = pair
    first.add_documents(["1"])
    first.sync()
    second.search_similar("common")
    assert second.sync()["changed"] is False
    second.close()


def test_a_backup_under_conflict_warns(
    pair: tuple[VectorStore, VectorStore], open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = pair
    first.add_documents(["1"], ids=["1"])
    first.backup("of the first")
    assert not caplog.records
    second.add_documents(["2"], ids=["2"])
    with caplog.at_level(logging.WARNING):
        second.backup("of the second")
    [record] = caplog.records
    assert "of the second does not hold what others stored since this was opened" in record.getMessage()
    again = open_store()
    assert ids(again) == {"0", "1"}
    again.restore("of the second")
    assert ids(again) == {"0", "2"}


def test_latest_and_a_time_mean_what_openings_see(pair: tuple[VectorStore, VectorStore], url: str) -> None:
    first, second = pair
    first.add_documents(["1"], ids=["1"])
    first.sync()
    second.add_documents(["2"], ids=["2"])
    with pytest.raises(ConflictError):
        second.sync()
    newest = Repository.open(url).snapshots()[0]
    assert "conflict" in newest.tags
    second.restore("latest")
    assert ids(second) == {"0", "1"}
    second.restore(at=newest.time)
    assert ids(second) == {"0", "1"}
    second.restore(newest.id)
    assert ids(second) == {"0", "2"}


def test_restoring_is_a_decision(pair: tuple[VectorStore, VectorStore], open_store: OpenStore, url: str) -> None:
    """About all that was published before it, so it is no conflict; and what was not, is kept."""
    first, second = pair
    first.add_documents(["1"], ids=["1"])
    first.sync()
    second.add_documents(["2"], ids=["2"])
    second.restore("latest")
    second.add_documents(["3"], ids=["3"])
    second.close()
    again = open_store()
    assert ids(again) == {"0", "1", "3"}
    [kept] = [snapshot for snapshot in Repository.open(url).snapshots() if "before-restore" in snapshot.tags]
    assert "conflict" in kept.tags
    assert kept.name is not None
    again.restore(kept.id)
    assert ids(again) == {"0", "2"}


def test_two_first_openings(open_store: OpenStore) -> None:
    first, second = open_store(), open_store()
    first.add_documents(["1"], ids=["1"])
    second.add_documents(["2"], ids=["2"])
    first.close()
    with pytest.raises(ConflictError):
        second.close()
    assert ids(open_store()) == {"1"}


@pytest.mark.parametrize("name", [None, "mine"])
def test_another_publishes_while_this_one_uploads(url: str, open_store: OpenStore, name: str | None) -> None:
    """The looking and the committing are two requests: what comes between is seen after the second."""
    backend = Between(Repository.open(url, create=True).backend)
    first, second = open_store(), open_store(backend)
    first.add_documents(["1"], ids=["1"])
    second.add_documents(["2"], ids=["2"])
    backend.others.append(first.sync)
    if name:
        kept = second.backup(name).name
    else:
        with pytest.raises(ConflictError) as told:
            second.sync()
        kept = kept_name(told.value)
    again = open_store()
    assert ids(again) == {"1"}
    assert kept is not None
    again.restore(kept)
    assert ids(again) == {"2"}
    assert len(Repository.open(url).snapshots()) == 2
    assert Repository.open(url).verify().ok
    first.add_documents(["3"], ids=["3"])
    assert first.sync()["changed"] is True  # no conflict with what lost


def test_others_that_lose_meanwhile_are_no_conflict(url: str, open_store: OpenStore) -> None:
    backend = Between(Repository.open(url, create=True).backend)
    first, second, third = open_store(backend), open_store(), open_store()
    third.add_documents(["3"], ids=["3"])
    second.add_documents(["2"], ids=["2"])
    first.add_documents(["1"], ids=["1"])
    second.close()
    first.restore("latest")

    def lose() -> None:
        with pytest.raises(ConflictError):
            third.sync()

    first.add_documents(["1"], ids=["1"])
    backend.others.append(lose)
    first.close()
    assert ids(open_store()) == {"1", "2"}


def test_a_snapshot_made_by_others_of_a_directory_counts(
    store: VectorStore, tmp_path: Path, url: str, open_store: OpenStore
) -> None:
    """Whoever backs up a Chroma directory to the URL (the command line does) publishes as a store does, where nobody
    has written to a log yet."""
    store.close()
    other = open_store(f"{url}-other")
    other.add_documents(["of another"], ids=["0"])
    other.close()
    Repository.open(f"{url}-other").restore("latest", tmp_path / "copy")
    first = open_store()
    Repository.open(url).backup(tmp_path / "copy", name="by hand")
    first.add_documents(["1"])
    with pytest.raises(ConflictError):
        first.close()
    assert ids(open_store()) == {"0"}


def test_a_snapshot_made_by_others_of_a_directory_is_no_state_of_a_log(
    pair: tuple[VectorStore, VectorStore], tmp_path: Path, url: str, open_store: OpenStore
) -> None:
    first, _ = pair
    Repository.open(url).restore("latest", tmp_path / "copy")
    Repository.open(url).backup(tmp_path / "copy", name="by hand")
    first.add_documents(["1"], ids=["1"])
    first.close()
    again = open_store()
    assert ids(again) == {"0", "1"}
    again.restore("by hand")
    assert ids(again) == {"0"}
