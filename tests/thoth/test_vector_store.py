"""Programs for the older project, of which only the import line has changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import thoth_storage
from tests.store.helpers import bare_chroma, contents, vectors_of
from thoth_storage.errors import NotFoundError, StorageError
from thoth_storage.thoth import GCSSync, GCSSyncError, VectorStore

Open = Callable[..., VectorStore]


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Open]:
    """Opens a store with the bucket, as one of several machines."""
    stores: list[VectorStore] = []

    def open_it(machine: str = "one", gcs_bucket_name: str | None = "bucket") -> VectorStore:
        stores.append(
            VectorStore(
                persist_directory=str(tmp_path / machine),
                embedder=vectors_of,
                gcs_bucket_name=gcs_bucket_name,
                gcs_project_id="test",
                logger_instance=logging.getLogger("old"),
            )
        )
        return stores[-1]

    yield open_it
    for store in stores:
        with suppress(StorageError):
            store.close()


def test_what_an_old_program_does(open_store: Open) -> None:
    store = open_store()
    assert store.collection_name == "thoth_documents"
    store.add_documents(["aaa", "bbb"], metadatas=[{"file_path": "a"}, {"file_path": "b"}], ids=["1", "2"])
    assert store.backup_to_gcs("monday") == "backups/monday"
    store.delete_by_file_path("a")
    synced = store.sync_to_gcs()
    assert synced.pop("uploaded_files") > 0
    assert synced == {"direction": "to_gcs", "bucket": "bucket", "prefix": "chroma_db"}
    assert store.sync_to_gcs()["uploaded_files"] == 0
    assert store.list_gcs_backups() == ["monday"]
    store.close()

    elsewhere = open_store("two")
    assert elsewhere.search_similar("aaa")["ids"] == ["2"]
    for name in ("monday", "backups/monday"):
        elsewhere.reset()
        assert elsewhere.restore_from_gcs(name) > 0
        assert elsewhere.search_similar("aaa", 1)["documents"] == ["aaa"]


def test_a_backup_without_a_name_is_called_after_the_time(open_store: Open) -> None:
    store = open_store()
    name = store.backup_to_gcs()
    assert re.fullmatch(r"backups/backup_\d{8}_\d{6}", name)
    assert [f"backups/{each}" for each in store.list_gcs_backups()] == [name]
    store.add_documents(["aaa"])
    assert store.restore_from_gcs(name) > 0
    assert store.get_document_count() == 0


def test_without_a_name_the_newest_comes_back(open_store: Open) -> None:
    store = open_store()
    store.add_documents(["aaa"], ids=["1"])
    store.sync_to_gcs()
    store.reset()
    store.restore_from_gcs()
    assert set(contents(store)) == {"1"}


def test_another_prefix_has_a_copy_and_can_be_gone_back_to(open_store: Open) -> None:
    store = open_store()
    store.backup_to_gcs("not copied")
    store.add_documents(["aaa"], ids=["1"])
    synced = store.sync_to_gcs("copies/first")
    assert synced.pop("uploaded_files") > 0
    assert synced == {"direction": "to_gcs", "bucket": "bucket", "prefix": "copies/first"}
    assert store.sync_to_gcs("copies/first")["uploaded_files"] == 0
    with GCSSync("bucket", "test").repository("copies/first") as copies:
        assert len(copies.snapshots()) == 1
    store.add_documents(["bbb"], ids=["2"])
    store.sync_to_gcs()
    assert store.restore_from_gcs(gcs_prefix="copies/first") > 0
    assert set(contents(store)) == {"1"}
    store.close()
    assert set(contents(open_store("two"))) == {"1"}


def test_a_folder_that_was_backed_up_is_a_state_to_go_back_to(open_store: Open, tmp_path: Path) -> None:
    make_plain(tmp_path / "plain")
    GCSSync("bucket", "test").backup_to_gcs(tmp_path / "plain", "of the folder")
    store = open_store()
    store.backup_to_gcs("of the store")
    assert store.list_gcs_backups() == ["of the folder", "of the store"]
    store.restore_from_gcs("of the folder")
    assert set(contents(store)) == {"old"}


def make_plain(folder: Path) -> None:
    """A Chroma directory as the older project left it."""
    vectors: Any = vectors_of(["aaa"])
    with bare_chroma(folder) as client:
        collection = client.create_collection("thoth_documents", embedding_function=None)
        collection.add(ids=["old"], embeddings=vectors, documents=["aaa"])


@pytest.mark.parametrize("where", ["in the bucket", "beside the bucket", "on the disk"])
def test_what_the_older_project_left_is_there(open_store: Open, tmp_path: Path, where: str) -> None:
    make_plain(tmp_path / "one")
    machine = "one"
    if where == "in the bucket":
        machine = "two"
        backend = thoth_storage.open_backend("gs://bucket/chroma_db", project="test")
        for path in (tmp_path / "one").rglob("*"):
            if path.is_file():
                backend.put(path.relative_to(tmp_path / "one").as_posix(), path.read_bytes())
    bucket = None if where == "on the disk" else "bucket"
    store = open_store(machine, bucket)
    store.add_documents(["bbb"], ids=["new"])
    store.close()
    assert set(contents(open_store(machine, bucket))) == {"old", "new"}


def test_without_a_bucket_the_store_is_on_the_disk_and_the_verbs_tell_what_they_need(open_store: Open) -> None:
    store = open_store(gcs_bucket_name=None)
    store.add_documents(["aaa"], ids=["1"])
    for verb in (store.backup_to_gcs, store.restore_from_gcs, store.sync_to_gcs, store.list_gcs_backups):
        with pytest.raises(GCSSyncError, match="gcs_bucket_name"):
            verb()
    store.close()
    assert set(contents(open_store(gcs_bucket_name=None))) == {"1"}


def test_what_fails_is_told_as_of_old(open_store: Open) -> None:
    with pytest.raises(NotFoundError):
        open_store(gcs_bucket_name="no-such-bucket")
    store = open_store()
    with pytest.raises(GCSSyncError, match="never made") as told:
        store.restore_from_gcs("never made")
    assert isinstance(told.value.__cause__, NotFoundError)
    with pytest.raises(GCSSyncError):
        store.restore_from_gcs(gcs_prefix="nothing/here")
    assert isinstance(told.value, StorageError)


def test_the_module_comes_when_it_is_named() -> None:
    assert thoth_storage.thoth.VectorStore is VectorStore
    assert issubclass(VectorStore, thoth_storage.VectorStore)
