"""Backup, restore, sync: what a store holds is what the next opening anywhere finds."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import OpenStore
from tests.store.helpers import bare_chroma, contents
from thoth_storage import Repository, VectorStore
from thoth_storage.errors import CorruptionError, InvalidArgumentError, NotFoundError
from thoth_storage.testing import FaultyBackend
from thoth_storage.urls import url_of

TEXTS = ["herring in the rain", "backup of archives", "keys and locks", "", "苹果 archives"]
QUESTIONS = ["archive", "herrings", "a key to a lock", "苹果"]


def answers(store: VectorStore) -> Any:
    """Everything that a store tells. Of documents at the same distance Chroma puts any first, so they are sorted."""
    found = [store.search_similar(question, 9) for question in QUESTIONS]
    found.append(store.search_similar("archive", 9, where={"even": True}))
    return store.get_documents(), [sorted(zip(*each.values(), strict=True), key=_nearest) for each in found]


def _nearest(row: tuple[Any, ...]) -> tuple[float, str]:
    return row[-1], row[0]


@pytest.fixture
def filled(store: VectorStore) -> VectorStore:
    store.add_documents(
        TEXTS, metadatas=[{"even": n % 2 == 0, "n": n} for n in range(5)], ids=[str(n) for n in range(5)]
    )
    return store


def texts(store: VectorStore) -> set[str]:
    return {document for document, _ in contents(store).values()}


def test_elsewhere_the_same_answers(filled: VectorStore, open_store: OpenStore, tmp_path: Path) -> None:
    filled.delete_documents(ids=["2"])
    filled.add_documents(["changed"], ids=["0"])
    before = answers(filled)
    filled.close()
    assert answers(open_store(cache_dir=tmp_path / "elsewhere")) == before


def test_a_second_opening_while_the_first_is_open(filled: VectorStore, open_store: OpenStore, tmp_path: Path) -> None:
    filled.sync()
    assert answers(open_store(cache_dir=tmp_path / "elsewhere")) == answers(filled)
    assert answers(open_store()) == answers(filled)  # in the same cache directory


def test_a_bare_chroma_opens_what_was_restored(filled: VectorStore, url: str, tmp_path: Path) -> None:
    filled.backup("named")
    asked = filled.search_similar("archive", 5)
    Repository.open(url).restore("named", tmp_path / "restored")
    with bare_chroma(tmp_path / "restored") as client:
        collection = client.get_collection("tests")
        rows: Any = collection.get(include=["documents", "metadatas", "embeddings"])
        found: Any = collection.query(query_texts=["archive"], n_results=5)
    assert {key: rows[key] for key in ("ids", "documents", "metadatas")} == filled.get_documents()
    assert rows["embeddings"].shape == (5, 512)
    assert {key: found[key][0] for key in asked} == asked


def test_restore_by_name_id_and_latest(filled: VectorStore) -> None:
    first = filled.backup("first")
    filled.add_documents(["second"])
    second = filled.backup("second")
    filled.add_documents(["never published"])
    assert filled.restore("first") == first.files
    assert "second" not in texts(filled)
    filled.restore(second.id)
    assert "second" in texts(filled)
    filled.restore(first.id[:12])
    assert "second" not in texts(filled)
    filled.sync()
    filled.add_documents(["more"])
    filled.restore()
    assert texts(filled) == set(TEXTS)


def test_the_newest_bearer_of_a_name(filled: VectorStore) -> None:
    filled.backup("nightly")
    filled.add_documents(["later"])
    filled.backup("nightly")
    filled.reset()
    filled.restore("nightly")
    assert "later" in texts(filled)
    assert filled.list_backups() == ["nightly"]


@pytest.mark.parametrize("durability", ["checkpoint"])
def test_restore_to_a_time(filled: VectorStore) -> None:
    first = filled.backup("first")
    filled.add_documents(["second"])
    second = filled.backup("second")
    between = first.time + (second.time - first.time) / 2
    for moment in (first.time, between, second.time - timedelta(microseconds=1)):
        filled.restore(at=moment)
        assert "second" not in texts(filled)
        filled.restore("second")
    filled.restore(at=between.astimezone().replace(tzinfo=None))
    assert "second" not in texts(filled)
    filled.restore(at=second.time.astimezone().replace(tzinfo=None))
    assert "second" in texts(filled)


def test_a_naive_time_is_that_of_this_place(filled: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    first = filled.backup("first")
    filled.reset()
    filled.backup("second")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        filled.restore(at=(first.time + timedelta(hours=9)).replace(tzinfo=None))
        assert texts(filled) == set(TEXTS)
        with pytest.raises(NotFoundError, match="no snapshot is as old as"):
            filled.restore(at=first.time.replace(tzinfo=None))
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_is_not_there(filled: VectorStore) -> None:
    with pytest.raises(NotFoundError, match="no snapshot yet"):
        filled.restore()
    with pytest.raises(NotFoundError, match="no snapshot yet"):
        filled.restore("first")
    filled.backup("first")
    with pytest.raises(NotFoundError, match="no snapshot has the id or name 'frist'"):
        filled.restore("frist")
    with pytest.raises(NotFoundError, match="no snapshot is as old as 1999"):
        filled.restore(at=datetime(1999, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidArgumentError, match="a name or a time, not both"):
        filled.restore("first", at=datetime.now(UTC))
    assert texts(filled) == set(TEXTS)
    assert filled.list_backups() == ["first"]


def test_a_restore_can_be_undone(filled: VectorStore, url: str) -> None:
    filled.backup("first")
    filled.add_documents(["written after it"], ids=["late"])
    before = answers(filled)
    filled.restore("first")
    assert "late" not in contents(filled)
    [kept] = [snapshot for snapshot in Repository.open(url).snapshots() if "before-restore" in snapshot.tags]
    filled.restore(kept.id)
    assert answers(filled) == before


@pytest.mark.parametrize("durability", ["checkpoint"])
def test_a_restore_of_what_is_published_needs_no_keeping(filled: VectorStore, url: str) -> None:
    filled.backup("first")
    filled.restore("first")
    assert [snapshot.tags for snapshot in Repository.open(url).snapshots()] == [("backup", "bulk")]


def test_the_restored_state_is_what_the_next_opening_finds(filled: VectorStore, open_store: OpenStore) -> None:
    filled.backup("first")
    first = answers(filled)
    filled.reset()
    filled.sync()
    filled.restore("first")
    filled.close()
    assert answers(open_store()) == first


def test_a_restore_that_fails_changes_nothing(url: str, open_store: OpenStore) -> None:
    backend = FaultyBackend(Repository.open(url, create=True).backend)
    store = open_store(backend)
    store.add_documents(["first"])
    store.backup("first")
    store.add_documents(["second"])
    store.sync()
    before = answers(store)
    backend.add("truncate", "get", key="packs/", count=None)
    with pytest.raises(CorruptionError):
        store.restore("first")
    assert answers(store) == before
    assert store.sync()["changed"] is False
    backend.clear()
    store.restore("first")
    assert texts(store) == {"first"}


def test_sync_uploads_only_what_is_new(filled: VectorStore, url: str) -> None:
    first = filled.sync()
    [snapshot] = Repository.open(url).snapshots()
    assert first == {
        "direction": "to_url",
        "url": url,
        "changed": True,
        "snapshot": snapshot.id,
        "uploaded_files": snapshot.files,
        "uploaded_bytes": snapshot.added,
    }
    assert snapshot.name is None
    assert snapshot.added > 0
    assert filled.list_backups() == []


def test_sync_without_changes_uploads_nothing(filled: VectorStore, url: str, open_store: OpenStore) -> None:
    filled.sync()
    objects = list(Repository.open(url).backend.list())
    filled.search_similar("archive")
    filled.get_documents()
    filled.get_document_count()
    filled.list_backups()
    assert filled.sync() == {
        "direction": "to_url",
        "url": url,
        "changed": False,
        "snapshot": None,
        "uploaded_files": 0,
        "uploaded_bytes": 0,
    }
    filled.close()
    again = open_store()
    again.search_similar("archive")
    again.close()
    assert list(Repository.open(url).backend.list()) == objects


@pytest.mark.parametrize("durability", ["checkpoint"])
def test_every_change_is_one_to_sync(filled: VectorStore) -> None:
    backup = filled.backup()
    for change in (
        lambda: filled.add_documents(["x"]),
        lambda: filled.delete_documents(ids=["1"]),
        lambda: filled.delete_documents(where={"n": 2}),
        filled.reset,
        lambda: filled.restore(backup.id),
    ):
        change()
        assert filled.sync()["changed"] is True
        assert filled.sync()["changed"] is False


def test_backup_without_a_name_gets_one(filled: VectorStore) -> None:
    began = datetime.now(UTC)
    snapshot = filled.backup()
    assert snapshot.name is not None
    stamp = datetime.strptime(snapshot.name, "backup-%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    assert began <= stamp <= datetime.now(UTC)
    assert filled.list_backups() == [snapshot.name]


@pytest.mark.parametrize("name", ["latest", "  ", "a\nb", "x" * 201])
def test_bad_names(filled: VectorStore, name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="name"):
        filled.backup(name)
    assert filled.list_backups() == []
    assert filled.sync()["changed"] is True  # still to be published


def test_list_backups_newest_first(filled: VectorStore) -> None:
    for name in ("one", "two", "three"):
        filled.backup(name)
        filled.sync()
    assert filled.list_backups() == ["three", "two", "one"]


@pytest.mark.parametrize("durability", ["checkpoint"])
def test_a_damaged_newest_snapshot_is_not_passed_over(filled: VectorStore, url: str, open_store: OpenStore) -> None:
    """Opening the one before it, and then publishing over it, would lose it without a word."""
    filled.sync()
    filled.add_documents(["precious"])
    filled.close()
    backend = Repository.open(url).backend
    [*_, newest] = backend.list("snapshots/")
    content = backend.get(newest.key)
    backend.put(newest.key, content[:40] + b"XXXX" + content[44:])
    with pytest.raises(CorruptionError) as told:
        open_store()
    assert told.value.key == newest.key
    backend.put(newest.key, content)
    assert "precious" in texts(open_store())


def test_two_collections_at_one_url(open_store: OpenStore) -> None:
    for name in ("first", "second"):
        store = open_store(collection_name=name)
        store.add_documents([f"of {name}"])
        store.close()
    assert texts(open_store(collection_name="first")) == {"of first"}
    assert texts(open_store(collection_name="second")) == {"of second"}


def test_a_path_object_is_a_url(open_store: OpenStore, tmp_path: Path) -> None:
    store = open_store(tmp_path / "here")
    assert store.url == f"file://{tmp_path / 'here'}"
    assert url_of(tmp_path / "here")[0] == str(tmp_path / "here")
    assert repr(store) == f"VectorStore({store.url!r}, 'tests')"
