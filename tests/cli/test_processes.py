"""The program as people start it: streams, signals, pipes and terminals."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import PROGRAM, Said, environment, invoke, program, stop
from tests.servers.gcs import GcsServer
from tests.store.helpers import wait_until
from thoth_storage import Repository


def test_results_on_stdout_and_errors_on_stderr(tree: Path, tmp_path: Path) -> None:
    said = program("backup", tree, cwd=tmp_path)
    assert said.code == 0
    assert said.out.startswith("snapshot ")
    assert said.err == "WARNING thoth_storage.config: no store is configured: using ./chroma_db on the local disk\n"
    said = program("snapshots", "--json", "--quiet", cwd=tmp_path)
    assert (said.code, said.err) == (0, "")
    assert len(said.document["snapshots"]) == 1
    said = program("restore", "chroma_db", tree, cwd=tmp_path)
    assert (said.code, said.out) == (4, "")
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1


def test_the_installed_command(repository: Path) -> None:
    command = Path(sys.executable).with_name("thoth-storage")
    done = subprocess.run([command, "snapshots", repository], env=environment(), capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stdout.count(b"\n") == 2
    done = subprocess.run([command, "nonsense"], env=environment(), capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"Usage: thoth-storage ")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_who_left(repository: Path, form: list[str]) -> None:
    """As ``| head`` does: no trace, no 'Exception ignored'."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*PROGRAM, "snapshots", str(repository), *form],
            env=environment(),
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)
    assert done.stderr == b""
    assert done.returncode == 1


HEEDING = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("thoth_storage", run_name="__main__")
"""
"""Whoever starts the tests in the background of a script has their children ignore Ctrl-C."""


@pytest.fixture
def server() -> Iterator[GcsServer]:
    with GcsServer() as server:
        server.create_bucket("bucket")
        yield server


def test_ctrl_c_in_a_backup(tmp_path: Path, server: GcsServer) -> None:
    """While packs are under way: the snapshot is not there, and the repository is whole."""
    (tmp_path / "large").mkdir()
    for number in range(4):
        (tmp_path / "large" / str(number)).write_bytes(os.urandom(16 << 20))
    options = [f"-o{name}={value}" for name, value in server.options().items()]
    server.faults.add("slow", 1 << 30, match="packs/", seconds=1)
    with subprocess.Popen(
        [sys.executable, "-c", HEEDING, "backup", str(tmp_path / "large"), "gs://bucket/x", *options],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: server.faults.fired, 60)
        said = stop(process, signal.SIGINT)
    told = "no snapshot was made, unless it was being committed just then: 'thoth-storage snapshots' tells"
    assert said == Said(130, "", f"interrupted; {told}\n")
    server.faults.clear()
    with Repository.open("gs://bucket/x", storage_options=server.options()) as repository:
        assert repository.snapshots() == []
        assert repository.verify().ok
    assert invoke("backup", tmp_path / "large", "gs://bucket/x", *options).code == 0
    assert invoke("verify", "gs://bucket/x", "-q", *options).code == 0


def on_a_terminal(*arguments: str | Path, term: str = "xterm") -> tuple[str, str]:
    """What a command writes to stdout, a pipe, and to stderr, a terminal."""
    terminal, inner = pty.openpty()
    seen: list[bytes] = []

    def watch() -> None:
        try:
            while data := os.read(terminal, 4096):
                seen.append(data)
        except OSError:  # how Linux tells that the last writer left
            pass

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        done = subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            env=environment({"TERM": term, "COLUMNS": "100"}),
            stdout=subprocess.PIPE,
            stderr=inner,
            text=True,
            check=True,
        )
    finally:
        os.close(inner)
        watcher.join()
        os.close(terminal)
    return done.stdout, b"".join(seen).decode()


@pytest.mark.parametrize("verb", ["backup", "copy", "repair", "restore", "verify"])
def test_a_progress_bar_only_on_a_terminal(repository: Path, tree: Path, tmp_path: Path, verb: str) -> None:
    arguments: dict[str, list[str | Path]] = {
        "backup": ["backup", tree, repository],
        "copy": ["copy", repository, tmp_path / "there"],
        "repair": ["repair", repository],
        "restore": ["restore", repository, tmp_path / "out"],
        "verify": ["verify", repository],
    }
    out, err = on_a_terminal(*arguments[verb])
    assert verb in err
    assert "\N{BOX DRAWINGS HEAVY HORIZONTAL}" in err
    assert "\x1b" not in out
    assert out.count("\n") == {"copy": 2}.get(verb, 1)


def test_no_progress_bar_where_no_cursor_moves(repository: Path) -> None:
    out, err = on_a_terminal("verify", repository, term="dumb")
    assert "all is well" in out
    assert err == ""


def test_no_progress_bar_for_the_quiet(repository: Path) -> None:
    assert on_a_terminal("verify", repository, "--quiet") == ("", "")


def test_json_with_a_bar_is_still_one_document(repository: Path) -> None:
    out, err = on_a_terminal("verify", repository, "--json")
    assert Said(0, out, err).document["ok"] is True


def test_verbose_shows_the_trace(tmp_path: Path) -> None:
    said = program("snapshots", tmp_path / "missing", "--verbose")
    assert said.code == 3
    assert "Traceback (most recent call last)" in said.err
    assert said.err.splitlines()[-1].startswith("error: there is no repository")


def test_a_log_level(tree: Path, tmp_path: Path) -> None:
    env = {"THOTH_STORAGE_LOG_LEVEL": "ERROR"}
    assert program("backup", tree, cwd=tmp_path, env=env).err == ""
