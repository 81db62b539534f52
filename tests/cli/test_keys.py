"""Keys on the command line: who may open a repository, and that no key is ever shown."""

from __future__ import annotations

import base64
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.helpers import PROGRAM, environment, invoke
from thoth_storage import Repository

Keys = Callable[[str], str]


@pytest.fixture
def reference(tmp_path: Path) -> Keys:
    """Makes a key in a file, by name, and gives the reference to it."""

    def make(name: str) -> str:
        path = tmp_path / name
        if not path.exists():
            path.write_text(invoke("key", "generate").out)
        return f"file://{path}"

    return make


@pytest.fixture
def encrypted(tree: Path, tmp_path: Path, reference: Keys, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that ``one`` opens, which the environment has."""
    monkeypatch.setenv("THOTH_STORAGE_KEY", reference("one"))
    assert invoke("backup", tree, tmp_path / "encrypted", "--name", "first").code == 0
    return tmp_path / "encrypted"


def opens(repository: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    with monkeypatch.context() as patch:
        patch.setenv("THOTH_STORAGE_KEY", key)
        return invoke("snapshots", repository).code == 0


def test_generate() -> None:
    said = invoke("key", "generate")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("base64:")
    assert len(base64.b64decode(said.out.removeprefix("base64:"), validate=False)) == 32
    assert list(invoke("key", "generate", "--json").document) == ["key"]
    assert invoke("key", "generate").out != said.out


def test_list(encrypted: Path, reference: Keys) -> None:
    said = invoke("key", "list", encrypted)
    assert (said.code, said.err) == (0, "")
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert rows[0] == ["id", "created", "method", "service"]
    assert [row[2:] for row in rows[1:]] == [["hkdf-sha256", ""]]
    found = invoke("key", "list", encrypted, "--json").document
    assert list(found) == ["url", "keys"]
    assert [list(each) for each in found["keys"]] == [["id", "created", "method", "service"]]
    [path] = (encrypted / "keys").iterdir()
    assert found["keys"][0]["id"] == path.name


def test_add_and_remove(encrypted: Path, reference: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    [first] = Repository.open(encrypted).keys()
    said = invoke("key", "add", encrypted, "--new-key", reference("two"), "--json")
    assert said.code == 0
    assert list(said.document) == ["url", "key"]
    assert said.document["key"] in [each.id for each in Repository.open(encrypted).keys()]  # noqa: SIM118
    assert opens(encrypted, reference("two"), monkeypatch)
    assert opens(encrypted, reference("one"), monkeypatch)
    said = invoke("key", "remove", encrypted, first.id[:8])
    assert (said.code, said.out) == (0, f"removed the key {first.id[:8]}\n")
    assert not opens(encrypted, reference("one"), monkeypatch)
    assert opens(encrypted, reference("two"), monkeypatch)


def test_rotate(encrypted: Path, reference: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    said = invoke("key", "rotate", encrypted, "--new-key", reference("two"))
    assert said.code == 0
    assert said.out.startswith("added the key ")
    assert not opens(encrypted, reference("one"), monkeypatch)
    assert opens(encrypted, reference("two"), monkeypatch)
    assert len(list((encrypted / "keys").iterdir())) == 1


def test_the_last_key_stays(encrypted: Path) -> None:
    [key] = Repository.open(encrypted).keys()
    said = invoke("key", "remove", encrypted, key.id, "--json")
    assert said.code == 2
    assert said.error["type"] == "EncryptionKeyError"
    assert said.error["hint"] == "add another first"
    assert invoke("key", "remove", encrypted, "0000typo").code == 3


def test_wrong_missing_and_superfluous_keys(
    encrypted: Path, tree: Path, reference: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    for verb in ("snapshots", "verify", "prune", "repair"):
        monkeypatch.setenv("THOTH_STORAGE_KEY", reference("another"))
        said = invoke(verb, encrypted, "--json")
        assert (said.code, said.error["type"]) == (2, "EncryptionKeyError")
        monkeypatch.delenv("THOTH_STORAGE_KEY")
        said = invoke(verb, encrypted, "--json")
        assert (said.code, said.error["type"]) == (2, "EncryptionKeyError")
        assert "THOTH_STORAGE_KEY" in said.error["hint"]
    invoke("backup", tree, "plain")
    monkeypatch.setenv("THOTH_STORAGE_KEY", reference("one"))
    said = invoke("snapshots", "plain", "--json")
    assert (said.code, said.error["type"]) == (2, "EncryptionKeyError")


def test_variables_that_are_set_but_empty(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke("backup", tree, "plain").code == 0
    calls: dict[str, list[str]] = {
        "THOTH_STORAGE_KEY": ["backup", str(tree), "made"],
        "THOTH_STORAGE_TO_KEY": ["copy", "plain", "made"],
    }
    for name, arguments in calls.items():
        with monkeypatch.context() as patch:
            patch.setenv(name, "")
            said = invoke(*arguments, "--json")
        assert (said.code, said.error["type"]) == (2, "EncryptionKeyError")
        assert said.error["message"] == f"{name} is set but empty"
        assert not (tmp_path / "made").exists()


def test_no_key_is_asked_for_where_nobody_is(encrypted: Path) -> None:
    for verb in ("add", "rotate"):
        said = invoke("key", verb, encrypted)
        assert said.code == 2
        assert "pass --new-key file:///path" in said.err
    assert len(list((encrypted / "keys").iterdir())) == 1


def typed(lines: list[str], *arguments: str | Path, env: dict[str, str]) -> tuple[int, str]:
    """What a command ends with on a terminal where somebody types, and all that is seen there."""
    terminal, inner = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        env=environment({"TERM": "dumb", **env}),
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    )
    os.close(inner)
    seen = b""
    waiting = list(lines)
    try:
        while True:
            try:
                data = os.read(terminal, 4096)
            except OSError:  # how Linux tells that the last writer left
                break
            seen += data
            if waiting and data.rstrip().endswith(b":"):
                os.write(terminal, f"{waiting.pop(0)}\n".encode())
    finally:
        os.close(terminal)
    return process.wait(60), seen.decode()


def test_a_key_that_is_typed(encrypted: Path, reference: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"THOTH_STORAGE_KEY": reference("one")}
    code, seen = typed(["my password", "my password"], "key", "add", encrypted, env=env)
    assert code == 0, seen
    assert "my password" not in seen
    assert opens(encrypted, "my password", monkeypatch)
    code, seen = typed(["one thing", "another", "same", "same"], "key", "rotate", encrypted, env=env)
    assert code == 0, seen
    assert "do not match" in seen
    assert opens(encrypted, "same", monkeypatch)
    assert not opens(encrypted, reference("one"), monkeypatch)


def test_no_key_is_shown(encrypted: Path, tmp_path: Path, reference: Keys) -> None:
    reference("two")
    secrets = [(tmp_path / name).read_text().strip().removeprefix("base64:") for name in ("one", "two")]
    for arguments in (
        ["key", "list", str(encrypted), "--json"],
        ["key", "add", str(encrypted), "--new-key", reference("two"), "--verbose"],
        ["key", "rotate", str(encrypted), "--new-key", reference("two"), "--verbose"],
        ["snapshots", str(encrypted), "--verbose"],
    ):
        said = invoke(*arguments)
        assert not any(secret in said.out + said.err for secret in secrets)


def test_the_keys_of_a_copy(tree: Path, tmp_path: Path, reference: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke("backup", tree, "plain", "--name", "first").code == 0
    assert invoke("copy", "plain", "by-option", "--to-key", reference("one")).code == 0
    monkeypatch.setenv("THOTH_STORAGE_TO_KEY", reference("two"))
    assert invoke("copy", "plain", "by-variable").code == 0
    assert invoke("copy", "plain", "option-wins", "--to-key", reference("one")).code == 0
    monkeypatch.delenv("THOTH_STORAGE_TO_KEY")
    for place, key in (("by-option", "one"), ("by-variable", "two"), ("option-wins", "one")):
        monkeypatch.setenv("THOTH_STORAGE_KEY", reference(key))
        assert invoke("restore", place, f"{place}-out", "--snapshot", "first").code == 0
        assert (tmp_path / f"{place}-out" / "a.txt").read_text() == "alpha"
    # One key for both, where nothing else is said: what is encrypted stays so.
    assert invoke("copy", "option-wins", "again").code == 0
    assert Repository.open(tmp_path / "again").encrypted
