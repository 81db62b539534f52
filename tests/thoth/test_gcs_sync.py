"""Folders as plain objects, and named snapshots of folders."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from email.message import Message
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.live.answering import JsonServer
from tests.servers.gcs import GcsServer
from tests.store.helpers import vectors_of
from thoth_storage.gcs_sync import GCSSync, GCSSyncError
from thoth_storage.thoth import VectorStore

FILES = {"chroma.sqlite3": b"rows", "b1/header.bin": b"", "b1/data.bin": b"\0" * 1000}


@pytest.fixture
def sync() -> GCSSync:
    return GCSSync("bucket", project_id="test", logger_instance=logging.getLogger("old"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "made" / "b1").mkdir(parents=True)
    for name, content in FILES.items():
        (tmp_path / "made" / name).write_bytes(content)
    return tmp_path / "made"


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def objects(server: GcsServer, prefix: str) -> dict[str, bytes]:
    """What any other tool sees."""
    found = GCSSync("bucket", "test").backend(prefix)
    return {info.key: server.store.get("bucket", f"{prefix}/{info.key}").data for info in found.list()}


def test_a_file_is_an_object_and_comes_back(sync: GCSSync, server: GcsServer, folder: Path, tmp_path: Path) -> None:
    assert sync.upload_directory(str(folder), "some/prefix") == 3
    assert objects(server, "some/prefix") == FILES
    assert sync.download_directory("some/prefix", str(tmp_path / "back")) == 3
    assert files(tmp_path / "back") == FILES


def test_the_verbs_with_a_report(sync: GCSSync, folder: Path, tmp_path: Path) -> None:
    told = {"bucket": "bucket", "prefix": "chroma_db"}
    assert sync.sync_to_gcs(folder) == {"uploaded_files": 3, "direction": "to_gcs", **told}
    back = sync.sync_from_gcs("chroma_db", tmp_path / "back")
    assert back == {"downloaded_files": 3, "direction": "from_gcs", **told}
    assert files(tmp_path / "back") == FILES


def test_a_pattern_leaves_out_paths_that_contain_it(sync: GCSSync, server: GcsServer, folder: Path) -> None:
    assert sync.upload_directory(folder, "p", exclude_patterns=["b1/h", "sqlite"]) == 1
    assert set(objects(server, "p")) == {"b1/data.bin"}
    assert sync.upload_directory(folder, "q", exclude_patterns=[folder.name]) == 3  # it is no part of the paths


def test_what_is_local_stays_beside_what_comes_or_goes_with_clean_local(
    sync: GCSSync, folder: Path, tmp_path: Path
) -> None:
    sync.upload_directory(folder)
    back = tmp_path / "back"
    (back / "b1").mkdir(parents=True)
    (back / "b1" / "data.bin").write_bytes(b"older")
    (back / "more").write_bytes(b"kept")
    sync.download_directory("chroma_db", back)
    assert files(back) == {**FILES, "more": b"kept"}
    sync.download_directory("chroma_db", back, clean_local=True)
    assert files(back) == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "made"]


def test_a_prefix_with_nothing_is_a_warning_and_deletes_nothing(
    sync: GCSSync, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert sync.download_directory("not/there", folder, clean_local=True) == 0
    assert files(folder) == FILES
    assert [record.levelname for record in caplog.records if "gs://bucket/not/there" in record.getMessage()] == [
        "WARNING"
    ]


def test_a_download_that_fails_in_the_midst_changes_nothing(
    sync: GCSSync, server: GcsServer, folder: Path, tmp_path: Path
) -> None:
    sync.upload_directory(folder)
    back = tmp_path / "back"
    back.mkdir()
    (back / "more").write_bytes(b"kept")
    for clean in (True, False):
        server.faults.add("403", methods=["GET"], operations=["read"], match="chroma.sqlite3")  # the last
        with pytest.raises(GCSSyncError):
            sync.download_directory("chroma_db", back, clean_local=clean)
        assert server.faults.pending == 0
        assert files(back) == {"more": b"kept"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "made"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\..\\x"])
def test_a_name_that_would_lead_out_of_the_folder_is_refused(
    sync: GCSSync, server: GcsServer, tmp_path: Path, name: str
) -> None:
    server.store.put("bucket", f"p/{name}", b"hostile", {})
    server.store.put("bucket", "p/good", b"good", {})
    sync.download_directory("p", tmp_path / "deep" / "back")
    assert files(tmp_path) == {"deep/back/good": b"good"}


def test_backups_of_folders_have_names(sync: GCSSync, folder: Path, tmp_path: Path) -> None:
    assert sync.list_backups() == []
    assert sync.backup_to_gcs(folder, "first") == "backups/first"
    (folder / "more").write_bytes(b"more")
    second = sync.backup_to_gcs(folder)
    assert sync.list_backups() == sorted(["first", second.removeprefix("backups/")])
    assert sync.restore_from_backup("backups/first", folder, clean_local=False) == 3
    assert files(folder) == {**FILES, "more": b"more"}
    assert sync.restore_from_backup("first", folder) == 3
    assert files(folder) == FILES
    assert sync.restore_from_backup(second, tmp_path / "elsewhere") == 4


def test_backups_that_the_older_project_made_stay_where_they_are(sync: GCSSync, folder: Path, tmp_path: Path) -> None:
    sync.upload_directory(folder, "backups/old")
    sync.backup_to_gcs(folder, "new")
    assert sync.list_backups() == ["new"]
    assert sync.download_directory("backups/old", tmp_path / "back") == 3
    assert files(tmp_path / "back") == FILES
    with sync.repository("backups") as repository:
        assert repository.verify().ok


def test_a_store_is_no_place_for_plain_files_and_comes_down_as_a_directory(
    sync: GCSSync, folder: Path, tmp_path: Path
) -> None:
    with VectorStore(tmp_path / "cache", embedder=vectors_of, gcs_bucket_name="bucket", gcs_project_id="test") as store:
        store.add_documents(["aaa"])
        store.backup_to_gcs("of the store")
    with pytest.raises(GCSSyncError, match="a store lives there"):
        sync.upload_directory(folder)
    assert sync.list_backups() == ["of the store"]
    assert sync.download_directory("chroma_db", tmp_path / "down") == len(files(tmp_path / "down"))
    assert sync.restore_from_backup("of the store", tmp_path / "back") > 0
    assert files(tmp_path / "down") == files(tmp_path / "back")
    assert "chroma.sqlite3" in files(tmp_path / "down")


def test_what_fails_is_one_kind_of_error(sync: GCSSync, folder: Path, tmp_path: Path) -> None:
    nowhere = GCSSync("no-such-bucket", "test")
    for verb in (
        lambda: nowhere.upload_directory(folder),
        lambda: nowhere.download_directory("p", tmp_path / "back"),
        lambda: nowhere.backup_to_gcs(folder),
        lambda: nowhere.restore_from_backup("first", tmp_path / "back"),
        nowhere.list_backups,
        lambda: sync.upload_directory(tmp_path / "not there"),
        lambda: sync.upload_directory(folder / "chroma.sqlite3"),
        lambda: sync.backup_to_gcs(tmp_path / "not there"),
        lambda: sync.restore_from_backup("never made", tmp_path / "back"),
        lambda: sync.download_directory("p", folder / "chroma.sqlite3"),
        lambda: sync.download_directory("p", folder / "chroma.sqlite3" / "below"),
        lambda: GCSSync("bucket/prefix"),
    ):
        with pytest.raises(GCSSyncError):
            verb()
    assert not (tmp_path / "back").exists()
    assert files(folder) == FILES


def test_credentials_go_to_the_file_system_and_not_into_the_environment(folder: Path, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {"type": "service_account", "client_email": "old@test", "private_key": pem, "private_key_id": "1"}
    before = dict(os.environ)
    asked: list[str] = []

    def grant(_: Message, body: bytes) -> dict[str, object]:
        """Where a service account's key is exchanged for a token."""
        asked.append(body.decode())
        return {"access_token": "token", "expires_in": 3600}

    with JsonServer("token", grant) as server:
        (tmp_path / "key.json").write_text(json.dumps({**account, "project_id": "test", "token_uri": server.url}))
        sync = GCSSync("bucket", "test", credentials_path=str(tmp_path / "key.json"))
        assert asked == []
        assert sync.upload_directory(folder) == 3
        assert any("jwt-bearer" in each for each in asked)
    assert dict(os.environ) == before


def test_a_key_file_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(GCSSyncError, match="no-such-key"):
        GCSSync("bucket", "test", credentials_path=tmp_path / "no-such-key.json")


def test_folders_need_no_chroma() -> None:
    program = "import sys, thoth_storage.gcs_sync; sys.exit('chromadb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
