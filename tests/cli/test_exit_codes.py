"""Exit codes by class of error, and each of them reached by what really goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import Said, invoke
from tests.servers.gcs import GcsServer
from thoth_storage import errors
from thoth_storage.errors import StorageError
from thoth_storage.registry import PluginInfo

CODES: dict[type[StorageError], int] = {
    errors.StorageError: 1,
    errors.ConfigurationError: 2,
    errors.InvalidArgumentError: 2,
    errors.EncryptionKeyError: 2,
    errors.PluginError: 2,
    errors.NotFoundError: 3,
    errors.AlreadyExistsError: 4,
    errors.ConflictError: 4,
    errors.PermissionError_: 1,
    errors.UnavailableError: 1,
    errors.CorruptionError: 5,
    errors.CapacityError: 1,
    errors.CapabilityError: 2,
    errors.FormatError: 2,
}


def told(said: Said, code: int, kind: str) -> None:
    """One line of what, where and what to do; no trace."""
    assert said.code == code, said
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err + said.out
    if said.out:
        assert said.error["type"] == kind


def test_no_class_is_forgotten() -> None:
    tree = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StorageError)}
    assert set(CODES) == tree


@pytest.mark.parametrize("kind", CODES)
def test_every_class_has_its_code(kind: type[StorageError], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise kind("what", url="memory://where", key="which", hint="what to do")

    monkeypatch.setattr("thoth_storage.repository.Repository.open", fail)
    told(invoke("snapshots", "memory://where"), CODES[kind], kind.__name__)
    said = invoke("snapshots", "memory://where", "--json")
    told(said, CODES[kind], kind.__name__)
    assert said.error == {
        "type": kind.__name__,
        "message": "what",
        "url": "memory://where",
        "key": "which",
        "hint": "what to do",
        "exit_code": CODES[kind],
    }
    assert said.err == "error: what [memory://where/which]; what to do\n"
    assert invoke("snapshots", "memory://where", "--quiet").err == said.err


@pytest.mark.parametrize(
    ("arguments", "code", "kind", "hint"),
    [
        (["snapshots", "nonsense://x"], 2, "ConfigurationError", "installed are "),
        (["snapshots", "gss://x"], 2, "ConfigurationError", "did you mean gs://?"),
        (["snapshots", "s3://"], 2, "ConfigurationError", "s3://bucket/prefix"),
        (["snapshots", "memory://x", "-o", "a=b"], 2, "ConfigurationError", ""),
        (["backup", "tree", "memory://x", "--name", "latest"], 2, "InvalidArgumentError", ""),
        (["backup", "tree/a.txt", "memory://x"], 2, "ConfigurationError", ""),
        (["snapshots", "missing"], 3, "NotFoundError", "create one with the first backup"),
        (["restore", "missing", "out"], 3, "NotFoundError", "create one with the first backup"),
        (["restore", "repository", "out", "--snapshot", "typo"], 3, "NotFoundError", "'thoth-storage snapshots' lists"),
        (["restore", "repository", "out", "--include", "*.typo"], 3, "NotFoundError", "nothing was restored"),
        (["restore", "repository", "out", "--at", "2001-01-01"], 3, "NotFoundError", "'thoth-storage snapshots' lists"),
        (["show", "repository", "typo"], 3, "NotFoundError", "'thoth-storage snapshots' lists"),
        (["diff", "repository", "first", "typo"], 3, "NotFoundError", "'thoth-storage snapshots' lists"),
        (["tag", "repository", "typo", "--add", "x"], 3, "NotFoundError", "'thoth-storage snapshots' lists"),
        (["tag", "repository", "first", "--add", "latest"], 2, "InvalidArgumentError", ""),
        (["name", "repository", "good", "typo"], 3, "NotFoundError", "'thoth-storage snapshots' lists"),
        (["name", "repository", "good", "--remove"], 3, "NotFoundError", ""),
        (["forget", "repository", "first", "typo"], 3, "NotFoundError", "'thoth-storage snapshots' lists"),
        (["forget", "repository", "--keep-tag", "typo"], 2, "InvalidArgumentError", "keep at least one"),
        (["forget", "missing", "--keep-last", "1"], 3, "NotFoundError", "create one with the first backup"),
        (["prune", "missing"], 3, "NotFoundError", "create one with the first backup"),
        (["repair", "missing"], 3, "NotFoundError", "create one with the first backup"),
        (["repair", "repository", "--source", "missing"], 3, "NotFoundError", "nothing was repaired"),
        (["copy", "missing", "memory://x"], 3, "NotFoundError", "create one with the first backup"),
        (["copy", "repository", "repository"], 2, "ConfigurationError", "name another target"),
        (["key", "list", "repository"], 2, "EncryptionKeyError", "copy it to a new, encrypted repository"),
        (["verify", "repository", "--read-data", "typo"], 2, "InvalidArgumentError", "5%"),
        (["backup", "missing", "memory://x"], 3, "NotFoundError", "nothing was backed up"),
        (["demo", "memory://x", "--corpus", "tree"], 3, "NotFoundError", ""),
        (["restore", "repository", "tree"], 4, "AlreadyExistsError", "overwrite"),
    ],
)
def test_what_users_do_wrong(repository: Path, arguments: list[str], code: int, kind: str, hint: str) -> None:
    said = invoke(*arguments, "--json")
    told(said, code, kind)
    assert hint in (said.error["hint"] or "")
    assert hint in said.err
    told(invoke(*arguments), code, kind)


@pytest.mark.parametrize(("name", "value"), [("LOG_LEVEL", "loud"), ("GCS_BUCKET_NAME", "gs://bucket")])
def test_a_bad_environment(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    said = invoke("snapshots", "--json")
    told(said, 2, "ConfigurationError")
    assert name in said.error["message"]


def test_a_repository_of_a_newer_version(repository: Path) -> None:
    settings = repository / "repository.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "version": 99}))
    told(invoke("snapshots", repository, "--json"), 2, "FormatError")


def test_a_directory_that_changes(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from thoth_storage.repository.packs import PackWriter

    finish = PackWriter.finish

    def write_and_finish(self: PackWriter) -> Any:
        (tree / "a.txt").write_text("changed meanwhile")
        return finish(self)

    monkeypatch.setattr(PackWriter, "finish", write_and_finish)
    said = invoke("backup", tree, tmp_path / "here", "--json")
    told(said, 4, "ConflictError")
    assert said.error["hint"].startswith("close what writes there first")
    assert invoke("snapshots", tmp_path / "here", "--json").document["snapshots"] == []


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


@pytest.mark.parametrize("damaged", ["packs/*/*", "snapshots/*", "repository.json"])
def test_damage(repository: Path, tmp_path: Path, damaged: str) -> None:
    [path] = repository.glob(damaged)
    _flip(path)
    said = invoke("restore", repository, tmp_path / "out", "--json")
    told(said, 5, "CorruptionError")
    assert said.error["key"] == path.relative_to(repository).as_posix()
    assert not (tmp_path / "out").exists()
    assert invoke("verify", repository, "-q").code == 5


@pytest.fixture(scope="module")
def server() -> Iterator[GcsServer]:
    with GcsServer() as server:
        server.create_bucket("bucket")
        yield server


def _options(server: GcsServer) -> list[str]:
    return [f"-o{name}={value}" for name, value in server.options().items()]


def test_a_service_that_refuses(server: GcsServer, tree: Path) -> None:
    server.faults.add("403", 1 << 30, methods=["GET", "POST"])
    try:
        for arguments in (["snapshots"], ["backup", "tree"], ["check"], ["verify"]):
            told(invoke(*arguments, "gs://bucket/refused", "--json", *_options(server)), 1, "PermissionError_")
    finally:
        server.faults.clear()


def test_a_bucket_that_is_not_there(server: GcsServer, tree: Path) -> None:
    for arguments in (["snapshots"], ["backup", "tree"], ["check"], ["verify"], ["demo"]):
        said = invoke(*arguments, "gs://no-such-bucket/x", "--json", *_options(server))
        told(said, 3, "NotFoundError")
        assert "no-such-bucket" in said.err


def test_a_service_that_is_away(monkeypatch: pytest.MonkeyPatch, quick_retries: None) -> None:
    arguments = ["-otoken=anon", "-oproject=test", "-oendpoint_url=http://127.0.0.1:9"]
    for verb in ("snapshots", "check"):
        told(invoke(verb, "gs://bucket/x", "--json", *arguments), 1, "UnavailableError")


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setenv("THOTH_STORAGE_RETRY_DEADLINE", "0")


def test_a_broken_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = PluginInfo("thoth-storage-x", "1", error="ImportError: no module")
    monkeypatch.setattr("thoth_storage.cli.plugins.list_plugins", lambda: [broken])
    said = invoke("plugins")
    assert said.code == 1
    assert "ImportError: no module" in said.out
    assert invoke("plugins", "--json").document["plugins"][0]["error"] == "ImportError: no module"


def test_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> Callable[[], None]:
        raise KeyboardInterrupt

    monkeypatch.setattr("thoth_storage.repository.Repository.open", interrupt)
    said = invoke("snapshots", "memory://x", "--json")
    assert said.code == 130
    assert said.error["type"] == "Interrupted"
    assert said.error["message"] == said.err.rstrip("\n")
    assert said.err == "interrupted; what was committed before stands, nothing else is visible\n"
