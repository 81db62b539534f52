"""How calls end that go wrong outside of any verb: wrong usage, signals, a stdout that takes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tests.cli.helpers import PROGRAM, Said, environment, invoke, stop
from tests.servers.gcs import GcsServer
from tests.store.helpers import wait_until
from thoth_storage import Repository
from thoth_storage.cli.group import thoth_storage

FULL = "error: cannot write to stdout: No space left on device\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["restore"], "Missing argument"),
        (["snapshots", "a", "b"], "unexpected extra argument"),
        (["snapshots", "--nonsense"], "No such option"),
        (["restore", "x", "out", "--at", "nonsense"], "'nonsense' is no time"),
        (["restore", "x", "out", "--at", "2026-01-01", "--snapshot", "a"], "exclude each other"),
        (["forget", "--keep-last", "many"], "'many' is not a valid integer"),
        (["prune", "--grace", "soon"], "'soon' is no duration"),
        (["key", "nonsense"], "No such command"),
        (["nonsense"], "No such command"),
        (["show", "x", "a", "b"], "expected [URL] SNAPSHOT"),
    ],
)
def test_wrong_usage_is_a_document_too(arguments: list[str], message: str) -> None:
    plain, said = invoke(*arguments), invoke(*arguments, "--json")
    assert plain.code == said.code == 2
    assert plain.out == ""
    assert said.error["type"] == "UsageError"
    if arguments[-1] != "nonsense":
        assert message in said.error["message"]
        assert said.err == plain.err
    assert said.error["message"] in said.err
    assert said.error["hint"].startswith("'thoth-storage ")
    assert said.error["hint"].endswith("--help' tells more")


def test_a_file_called_json_is_no_wish_for_a_document() -> None:
    said = invoke("show", "--", "--json", "a", "b")
    assert (said.code, said.out) == (2, "")


def test_help_ends_well() -> None:
    assert invoke("verify", "--help").code == 0
    assert invoke().code == 2


def test_an_end_of_input_where_something_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object, **__: object) -> None:
        raise click.Abort

    monkeypatch.setattr("thoth_storage.repository.Repository.open", ask)
    said = invoke("snapshots", "memory://x", "--json")
    assert (said.code, said.error["type"]) == (130, "Interrupted")


def test_ctrl_c_before_a_verb_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("thoth_storage.cli.group.import_module", interrupt)
    said = invoke("snapshots", "--json")
    assert (said.code, said.error["type"]) == (130, "Interrupted")


def test_an_interrupt_behind_the_result_makes_no_second_document(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("thoth_storage.repository.Repository.close", interrupt)
    said = invoke("snapshots", repository, "--json")
    assert said.code == 130
    assert len(said.document["snapshots"]) == 1


def test_who_calls_it_as_a_function_sees_what_is_raised() -> None:
    with pytest.raises(click.UsageError):
        thoth_storage.main(["restore"], standalone_mode=False)


def test_a_handler_of_the_calling_program_is_left_alone(repository: Path) -> None:
    def mine(*_: object) -> None:
        pass

    before = signal.signal(signal.SIGTERM, mine)
    try:
        assert invoke("snapshots", repository).code == 0
        assert signal.getsignal(signal.SIGTERM) is mine
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        assert invoke("snapshots", repository).code == 0
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.fixture
def server() -> Iterator[GcsServer]:
    with GcsServer() as server:
        server.create_bucket("bucket")
        yield server


@pytest.fixture
def large(tmp_path: Path) -> Path:
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(3):
        (folder / str(number)).write_bytes(os.urandom(16 << 20))
    return folder


def terminate(server: GcsServer, *arguments: str | Path) -> Said:
    """End a verb by SIGTERM while packs are on their way."""
    options = [f"-o{name}={value}" for name, value in server.options().items()]
    server.faults.add("slow", 1 << 30, match="packs", methods=["GET", "POST"], seconds=1)
    with subprocess.Popen(
        [*PROGRAM, *map(str, arguments), *options],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: server.faults.fired, 60)
        said = stop(process, signal.SIGTERM)
    server.faults.clear()
    return said


def test_sigterm_in_a_backup(large: Path, server: GcsServer) -> None:
    said = terminate(server, "backup", large, "gs://bucket/x", "--json")
    told = "terminated; no snapshot was made, unless it was being committed just then: 'thoth-storage snapshots' tells"
    assert (said.code, said.err, said.error["message"]) == (143, f"{told}\n", told)
    assert said.error["type"] == "Terminated"
    with Repository.open("gs://bucket/x", storage_options=server.options()) as repository:
        assert repository.snapshots() == []
        assert repository.verify().ok


def test_sigterm_in_a_restore_leaves_no_staging_folder(large: Path, server: GcsServer, tmp_path: Path) -> None:
    with Repository.open("gs://bucket/x", create=True, storage_options=server.options()) as repository:
        repository.backup(large)
    place = tmp_path / "place"
    said = terminate(server, "restore", "gs://bucket/x", place / "deep" / "out")
    told = f"terminated; {place}/deep/out is as it was, unless the restore was about to end\n"
    assert said == Said(143, "", told)
    assert not place.exists()


def test_sigterm_in_a_copy(large: Path, server: GcsServer, tmp_path: Path) -> None:
    """What was copied before it stays, and nothing of the next is visible."""
    source = tmp_path / "source"
    with Repository.open(source, create=True) as repository:
        repository.backup(large, "first")
        (large / "0").write_bytes(os.urandom(16 << 20))
        repository.backup(large, "second")
        with Repository.open("gs://bucket/x", create=True, storage_options=server.options()) as there:
            repository.copy_to(there, ["first"])
    options = [f"--to-option={name}={value}" for name, value in server.options().items()]
    server.faults.add("slow", 1 << 30, match="packs", methods=["GET", "POST"], seconds=1)
    with subprocess.Popen(
        [*PROGRAM, "copy", str(source), "gs://bucket/x", *options],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: server.faults.fired, 60)
        said = stop(process, signal.SIGTERM)
    server.faults.clear()
    told = "snapshots that were copied are there, none is there in part; doing it again goes on from there"
    assert said == Said(143, "", f"terminated; {told}\n")
    with Repository.open("gs://bucket/x", storage_options=server.options()) as there:
        assert [each.name for each in there.snapshots()] == ["first"]
        assert there.verify().ok


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [["snapshots", "repository"], ["snapshots", "repository", "--json"], ["verify", "--help"], ["--version"], ["-h"]],
)
def test_a_full_disk_behind_stdout(repository: Path, buffered: bool, arguments: list[str]) -> None:
    env = environment(None if buffered else {"PYTHONUNBUFFERED": "1"})
    if buffered:
        env.pop("PYTHONUNBUFFERED", None)
    done = _to("/dev/full", arguments, env, repository.parent)
    assert (done.returncode, done.stderr) == (1, FULL)


def test_an_error_is_told_though_its_document_cannot_be(tmp_path: Path) -> None:
    for arguments in (["snapshots", "nowhere", "--json"], ["restore", "--json"]):
        done = _to("/dev/full", arguments, environment(), tmp_path)
        assert done.returncode == 1
        assert "rror: " in done.stderr
        assert done.stderr.endswith(FULL)
        assert "Traceback" not in done.stderr


def _to(where: str, arguments: list[str], env: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    with Path(where).open("wb") as out:
        return subprocess.run(
            [*PROGRAM, *arguments], env=env, cwd=cwd, stdout=out, stderr=subprocess.PIPE, text=True, check=False
        )


def test_an_error_of_something_else_is_not_taken_for_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("thoth_storage.repository.Repository.open", fail)
    with pytest.raises(OSError, match="No space left"):
        invoke("snapshots", "memory://x")


def test_a_reader_who_left_hears_nothing_of_wrong_usage_on_stdout() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*PROGRAM, "restore", "--json"], env=environment(), stdout=write, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(write)
    assert done.returncode == 1
    assert b"Missing argument" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"ignored" not in done.stderr
