"""Which store is opened, where its local copy lies, and what embeds: the argument, the environment, the default."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from thoth_storage import VectorStore, config
from thoth_storage.errors import ConfigurationError, EncryptionKeyError
from thoth_storage.memory import MemoryBackend

Settings = dict[str, str]

BUCKET = {"GCS_BUCKET_NAME": "bucket"}
URL = {"THOTH_STORAGE_URL": "s3://bucket/db"}


def configure(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("argument", "environment", "url", "source", "options"),
    [
        ("memory://a/b", {**URL, **BUCKET}, "memory://a/b", "argument", {}),
        (Path("db"), {}, Path("db"), "argument", {}),
        (None, {**URL, **BUCKET}, "s3://bucket/db", "THOTH_STORAGE_URL", {}),
        (None, BUCKET, "gs://bucket/chroma_db", "GCS_BUCKET_NAME", {}),
        (
            *(None, {**BUCKET, "GCP_PROJECT_ID": "p"}, "gs://bucket/chroma_db", "GCS_BUCKET_NAME"),
            {"project": "p"},
        ),
        (None, {**URL, "GCP_PROJECT_ID": "p"}, "s3://bucket/db", "THOTH_STORAGE_URL", {}),
        (None, {"THOTH_STORAGE_URL": "", **BUCKET}, "gs://bucket/chroma_db", "GCS_BUCKET_NAME", {}),
        (None, {"THOTH_STORAGE_URL": "", "GCS_BUCKET_NAME": ""}, "./chroma_db", "default", {}),
        (None, {}, "./chroma_db", "default", {}),
    ],
)
def test_first_found_wins(
    monkeypatch: pytest.MonkeyPatch, argument: Any, environment: Settings, url: Any, source: str, options: Settings
) -> None:
    configure(monkeypatch, environment)
    found = config.store_settings(argument)
    assert (found.url, found.source, found.storage_options) == (url, source, options)


def test_options_given_win(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, {**BUCKET, "GCP_PROJECT_ID": "of the environment"})
    mine = {"project": "mine", "token": "anon"}
    assert config.store_settings(None, mine).storage_options == mine
    assert config.store_settings(None, {"token": "anon"}).storage_options == {
        "project": "of the environment",
        "token": "anon",
    }
    assert mine == {"project": "mine", "token": "anon"}


def test_an_empty_argument_is_no_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, URL)
    with pytest.raises(ConfigurationError, match="the URL is empty"):
        VectorStore("", embedder="lexical")


@pytest.mark.parametrize("name", ["gs://bucket", "bucket/folder"])
def test_a_bucket_name_is_a_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    configure(monkeypatch, {"GCS_BUCKET_NAME": name})
    with pytest.raises(ConfigurationError, match="GCS_BUCKET_NAME") as told:
        config.store_settings()
    assert told.value.hint == "give the name alone, without gs://"


def test_the_default_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.WARNING), VectorStore(embedder="lexical", cache_dir=tmp_path / "cache") as store:
        store.add_documents(["text"])
    [record] = caplog.records
    assert record.getMessage() == "no store is configured: using ./chroma_db on the local disk"
    assert store.url == f"file://{tmp_path}/chroma_db"
    assert (tmp_path / "chroma_db" / "repository.json").is_file()


def test_a_store_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure(
        monkeypatch,
        {
            "THOTH_STORAGE_URL": "memory://tests/of-the-environment",
            "THOTH_STORAGE_CACHE_DIR": str(tmp_path / "cache"),
            "THOTH_STORAGE_EMBEDDER": "lexical",
        },
    )
    with VectorStore() as store:
        store.add_documents(["text"])
        assert store.url == "memory://tests/of-the-environment"
        assert store.collection_name == "thoth_documents"
        assert list((tmp_path / "cache").glob("*/*/chroma/chroma.sqlite3"))
    assert list(MemoryBackend("memory://tests/of-the-environment").list("snapshots/"))


@pytest.mark.parametrize(
    ("argument", "environment", "root"),
    [
        ("given", {"THOTH_STORAGE_CACHE_DIR": "ours", "CHROMA_PERSIST_DIRECTORY": "theirs"}, Path("given")),
        (Path("given"), {}, Path("given")),
        (None, {"THOTH_STORAGE_CACHE_DIR": "ours", "CHROMA_PERSIST_DIRECTORY": "theirs"}, Path("ours")),
        (None, {"CHROMA_PERSIST_DIRECTORY": "theirs"}, Path("theirs")),
        (None, {"THOTH_STORAGE_CACHE_DIR": "", "CHROMA_PERSIST_DIRECTORY": "theirs"}, Path("theirs")),
        ("~/given", {"HOME": "/home/me"}, Path("/home/me/given")),
        (None, {"THOTH_STORAGE_CACHE_DIR": "~/ours", "HOME": "/home/me"}, Path("/home/me/ours")),
        (None, {"XDG_CACHE_HOME": "/var/cache"}, Path("/var/cache/thoth_storage")),
    ],
)
def test_where_the_local_copy_lies(
    monkeypatch: pytest.MonkeyPatch, argument: Any, environment: Settings, root: Path
) -> None:
    configure(monkeypatch, environment)
    assert config.cache_root(argument) == root


def test_the_folder_of_chroma_is_only_a_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What lies in CHROMA_PERSIST_DIRECTORY from former days is not opened, and not touched."""
    (tmp_path / "chroma.sqlite3").write_bytes(b"of former days")
    configure(monkeypatch, {"CHROMA_PERSIST_DIRECTORY": str(tmp_path)})
    with VectorStore("memory://tests/former-days", embedder="lexical") as store:
        store.add_documents(["text"])
    assert (tmp_path / "chroma.sqlite3").read_bytes() == b"of former days"


@pytest.mark.parametrize(
    ("environment", "level"),
    [
        ({}, "WARNING"),
        ({"LOG_LEVEL": "info"}, "INFO"),
        ({"LOG_LEVEL": "info", "THOTH_STORAGE_LOG_LEVEL": "Error"}, "ERROR"),
        ({"THOTH_STORAGE_LOG_LEVEL": ""}, "WARNING"),
    ],
)
def test_log_levels(monkeypatch: pytest.MonkeyPatch, environment: Settings, level: str) -> None:
    configure(monkeypatch, environment)
    assert config.log_level() == level


def test_a_log_level_that_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, {"LOG_LEVEL": "loud"})
    with pytest.raises(ConfigurationError, match="LOG_LEVEL is 'loud'") as told:
        config.log_level()
    assert told.value.hint is not None
    assert "WARNING" in told.value.hint


def test_a_key_in_the_environment_encrypts_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_KEY", "secret")
    with VectorStore("memory://tests/key", embedder="lexical") as store:
        store.add_documents(["a needle in the hay"], ids=["needle"])
        store.backup("first")
    backend = MemoryBackend("memory://tests/key")
    assert all(b"needle" not in backend.get(info.key) for info in backend.list())
    with VectorStore("memory://tests/key", embedder="lexical") as store:
        assert store.get_documents(ids=["needle"])["documents"] == ["a needle in the hay"]
    monkeypatch.setenv("THOTH_STORAGE_KEY", "wrong")
    with pytest.raises(EncryptionKeyError):
        VectorStore("memory://tests/key", embedder="lexical")
