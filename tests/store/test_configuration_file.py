"""``thoth-storage.toml``: stores by name, for whom their settings hold, and what is wrong in a file."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import invoke
from tests.docs.pages import ROOT
from thoth_storage import PersistentClient, Repository, config, open_backend
from thoth_storage.errors import ConfigurationError, EncryptionKeyError, StorageError
from thoth_storage.urls import mask_url
from thoth_storage.wrappers import RetryingBackend

FILE = """
[stores.default]
url = "memory://tests/file-default"
durability = "checkpoint"
retry_deadline = "2m"

[stores.secret]
url = "memory://tests/file-secret"
encryption_key = "a long password"
storage_options = { token = "of the file" }

[log]
level = "info"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a file in it, and a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "thoth-storage.toml").write_text(FILE)
    return tmp_path


def test_the_default_store(folder: Path) -> None:
    found = config.store_settings()
    assert (found.url, found.name) == ("memory://tests/file-default", "default")
    assert found.source == "thoth-storage.toml [stores.default]"
    assert config.get("durability") == "checkpoint"
    assert config.get("retry_deadline") == 120
    assert config.log_level() == "INFO"


def test_a_store_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_STORE", "secret")
    found = config.store_settings(None, {"project": "mine"})
    assert found.url == "memory://tests/file-secret"
    assert found.storage_options == {"token": "of the file", "project": "mine"}
    assert config.encryption_key() == "a long password"
    assert config.get("durability") == "log"


def test_a_variable_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_DURABILITY", "log")
    monkeypatch.setenv("THOTH_STORAGE_URL", "memory://tests/elsewhere")
    assert config.get("durability") == "log"
    assert config.store_settings().source == "THOTH_STORAGE_URL"
    assert config.get("retry_deadline") == 60  # of another store


def test_the_bucket_comes_after_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GCS_BUCKET_NAME", "bucket")
    assert config.store_settings().url == "memory://tests/file-default"
    (folder / "thoth-storage.toml").write_text('[stores.prod]\nurl = "s3://b/x"\n')
    assert config.store_settings().url == "gs://bucket/chroma_db"


def test_what_is_said_of_a_store_holds_for_its_url_alone(folder: Path) -> None:
    assert config.encryption_key("memory://tests/file-secret/") == "a long password"
    assert config.encryption_key("memory://tests/file-secrets") is None
    with Repository.open("memory://tests/file-secret", create=True, storage_options={}) as repository:
        assert len(repository.keys()) == 1
    with Repository.open("memory://tests/file-other", create=True) as repository, pytest.raises(EncryptionKeyError):
        repository.keys()


def test_a_password_in_the_url_hides_no_key(folder: Path) -> None:
    """A backend shows its URL without it; were no key found for that, the store would be made in the clear."""
    url = "sftp://me:word-of-mine@host/db"
    (folder / "thoth-storage.toml").write_text(f'[stores.far]\nurl = "{url}"\nencryption_key = "a long password"\n')
    assert config.encryption_key(url) == config.encryption_key(mask_url(url)) == "a long password"
    assert config.encryption_key("sftp://me@other/db") is None


def test_bulk_loads_take_no_refresh_from_the_configuration(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_REFRESH", "5s")
    with PersistentClient() as client:
        assert not client._jobs
    with PersistentClient("memory://tests/follows") as client:
        assert [name for name, _, _ in client._jobs] == ["checkpoint", "refresh"]


def test_a_plain_path_is_the_same_place_as_its_url(folder: Path) -> None:
    (folder / "thoth-storage.toml").write_text('[stores.disk]\nurl = "./db"\nembedder = "lexical"\n')
    for url in ("db", folder / "db", f"file://{folder}/db"):
        assert config.embedder_name(url) == "lexical"
    assert config.embedder_name("other") == "default"


def test_a_client_takes_what_is_left_out_from_there(folder: Path) -> None:
    """With durability = "checkpoint" nothing is in the log; an argument wins."""
    backend = open_backend("memory://tests/file-default")
    cases: list[tuple[dict[str, Any], bool]] = [({}, False), ({"durability": "log"}, True)]
    for given, is_logged in cases:
        with PersistentClient(**given) as client:
            assert client.url == backend.url
            notes: Any = client.get_or_create_collection("notes", embedding_function=None)
            notes.upsert(ids=["1"], embeddings=[[1.0, 0.0]])
            assert bool(list(backend.list("log/"))) is is_logged


def test_the_deadline_of_retries(folder: Path) -> None:
    backend = Repository.open("memory://tests/file-default", create=True).backend
    assert isinstance(backend, RetryingBackend)
    assert backend._times["deadline"] == 120


def test_checkpoints_by_policy(folder: Path) -> None:
    (folder / "thoth-storage.toml").write_text(
        '[stores.default]\nurl = "memory://tests/file-policy"\ncheckpoint_rows=2\n'
    )
    with PersistentClient() as client:
        notes: Any = client.create_collection("notes", embedding_function=None)
        notes.add(ids=["1", "2"], embeddings=[[1.0, 0.0], [0.0, 1.0]])
        for _ in range(200):
            if any("policy" in each.tags for each in client.snapshots()):
                return
            notes.count()

            time.sleep(0.05)
    raise AssertionError("no checkpoint was made")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('[stores.prod]\nurl = "a"\ndurabilty = "log"', "[stores.prod] has no setting 'durabilty'", "'durability'"),
        ('[store.prod]\nurl = "a"', "there is no setting 'store'", "'stores'"),
        ('[stores.prod]\nembedder = "lexical"', "[stores.prod] has no url", "url ="),
        ("[stores.prod]\nurl = 3", "url in [stores.prod] is 3, which is not a text", "a text"),
        ('[stores.prod]\nurl = "a"\ncache_limit = "much"', "is 'much', which is not a number of bytes", "64MiB"),
        (
            '[stores.prod]\nurl = "a"\nencryption_key = ["hidden"]',
            "encryption_key in [stores.prod] is the value",
            "text",
        ),
        ('[stores.prod]\nurl = "a"\ncheckpoint_rows = true', "which is not a whole number from 1", "whole"),
        ("stores = 1", "stores is 1, not a table", "[stores]"),
        ("[log]\nlevle = 1", "[log] has no setting 'levle'", "'level'"),
        ("[stores", "is no TOML", None),
    ],
)
def test_what_is_wrong_is_told(folder: Path, text: str, message: str, hint: str | None) -> None:
    (folder / "thoth-storage.toml").write_text(text)
    with pytest.raises(ConfigurationError) as told:
        config.store_settings()
    assert message in told.value.message
    assert "hidden" not in str(told.value)
    assert hint is None or hint in str(told.value.hint)


def test_a_store_that_the_file_has_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_STORE", "secrt")
    with pytest.raises(ConfigurationError, match="no store of that name") as told:
        config.store_settings()
    assert told.value.hint == "did you mean 'secret'?"


def test_a_file_that_is_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_CONFIG", str(folder / "none.toml"))
    with pytest.raises(ConfigurationError, match="which is not there"):
        config.store_settings()


def test_a_file_that_changes_is_read_anew(folder: Path) -> None:
    assert config.get("durability") == "checkpoint"
    (folder / "thoth-storage.toml").write_text('[stores.default]\nurl = "memory://tests/now-another"\n')
    assert config.get("durability") == "log"


@pytest.mark.parametrize(("variable", "value"), [("THOTH_STORAGE_DURABILITY", "never"), ("THOTH_STORAGE_REFRESH", "x")])
def test_a_variable_of_a_wrong_value(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=f"{variable} is '{value}'"):
        PersistentClient("memory://tests/wrong-value")


def shown(*arguments: str) -> dict[str, dict[str, Any]]:
    said = invoke("config", "show", "--json", *arguments)
    assert (said.code, said.err) == (0, "")
    return {each["name"]: each for each in said.document["settings"]}


def test_show(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_STORE", "secret")
    found = shown()
    assert list(found) == [each.name for each in config.SETTINGS]
    assert found["url"]["source"] == "thoth-storage.toml [stores.secret]"
    assert (found["encryption_key"]["value"], found["storage_options"]["value"]) == ("***", {"token": "***"})
    assert found["durability"] == {"name": "durability", "value": "log", "source": "default"}
    assert found["cache_dir"]["source"] == "THOTH_STORAGE_CACHE_DIR"
    assert shown("memory://tests/file-default")["durability"]["value"] == "checkpoint"
    text = invoke("config", "show")
    assert "password" not in text.out
    assert "thoth-storage.toml [stores.secret]" in text.out


def test_show_tells_a_misspelt_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_UROL", "x")
    said = invoke("config", "show")
    assert said.code == 2
    assert "did you mean THOTH_STORAGE_URL?" in said.err


def test_a_wrong_file_ends_every_verb_alike(folder: Path) -> None:
    (folder / "thoth-storage.toml").write_text("[stores")
    assert invoke("snapshots").code == 2
    with pytest.raises(StorageError):
        PersistentClient("memory://tests/any")


def test_the_table_of_settings_is_the_code_s() -> None:
    spec = importlib.util.spec_from_file_location("settings_table", ROOT / "scripts" / "settings_table.py")
    assert spec is not None and spec.loader is not None  # noqa: PT018 - for the types alone
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.page() == module.PAGE.read_text(encoding="utf-8"), "run scripts/settings_table.py --write"
