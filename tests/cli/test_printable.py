"""What strangers called their files and snapshots does nothing to a terminal; documents have it as it is."""

from __future__ import annotations

import logging
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.helpers import PROGRAM, environment, invoke, program
from thoth_storage.cli.output import Output, printable

NASTY = "a\x1b[2Jb\nc\td\u202ee\x85f\x07g"
SHOWN = r"a\x1b[2Jb\nc\td\u202ee\x85f\x07g"
HEEDED = ("\x1b", "\u202e", "\x07", "\x85")


@pytest.fixture
def nasty(tree: Path, tmp_path: Path) -> Path:
    """A repository with a file whose name is a program for a terminal."""
    (tree / NASTY).write_text("x")
    assert invoke("backup", tree, tmp_path / "nasty", "--name", "first").code == 0
    return tmp_path / "nasty"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (NASTY, SHOWN),
        ("plain", "plain"),
        ("Grüße, 世界 [bold]x[/]", "Grüße, 世界 [bold]x[/]"),
        ("\ud800", r"\ud800"),
        ("\u2066\u200f\u2028", r"\u2066\u200f\u2028"),
        ("", ""),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_everything_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False, quiet=False)
    output.say(NASTY)
    output.note(NASTY)
    output.complain(NASTY)
    output.table([NASTY, "b"], [[NASTY, "c"]])
    out, err = capsys.readouterr()
    assert out == f"{SHOWN}\n{SHOWN}\tb\n{SHOWN}\tc\n"
    assert err == f"{SHOWN}\n{SHOWN}\n"


def test_names_of_files(nasty: Path) -> None:
    said = invoke("show", nasty, "first")
    assert said.out.splitlines()[1].endswith(f"\t{SHOWN}")
    assert not any(each in said.out for each in HEEDED)
    assert NASTY in [file["path"] for file in invoke("show", nasty, "first", "--json").document["details"]["files"]]
    lost = invoke("restore", nasty, "out", "--include", f"{NASTY}?")
    assert lost.code == 3
    assert SHOWN in lost.err


def test_names_in_the_log(nasty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.root.handlers[:]
    logging.root.handlers.clear()
    try:
        invoke("snapshots", nasty)
        [handler] = logging.root.handlers
        told = handler.format(logging.LogRecord("x", logging.WARNING, "x", 1, "of %s", (NASTY,), None))
    finally:
        logging.root.handlers[:] = before
    assert told == f"WARNING x: of {SHOWN}"


@pytest.mark.parametrize(
    ("variables", "between", "bold"),
    [
        ({"TERM": "dumb"}, "\t", False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "  ", False),
        ({"TERM": "xterm"}, "  ", True),
    ],
)
def test_a_table_on_a_terminal(nasty: Path, variables: dict[str, str], between: str, bold: bool) -> None:
    terminal, inner = pty.openpty()
    env = {name: value for name, value in environment().items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    try:
        subprocess.run(
            [*PROGRAM, "show", str(nasty), "first"],
            env={**env, "COLUMNS": "200", **variables},
            stdout=inner,
            check=True,
        )
        seen = os.read(terminal, 100_000).decode()
    finally:
        os.close(inner)
        os.close(terminal)
    assert SHOWN in seen
    assert f"{between}a.txt" in seen
    assert ("\x1b[1m" in seen) is bold
    assert not any(each in seen.replace("\x1b[1m", "").replace("\x1b[0m", "") for each in HEEDED)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_path_that_stdout_cannot_say(tmp_path: Path, encoding: str) -> None:
    """No valid Unicode, or none of the letters that the terminal has: a document is JSON all the same."""
    env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    said = program("backup", os.fsdecode(b"\xff\xc3\xbc"), "memory://x", "--json", cwd=tmp_path, env=env)
    assert said.code == 3
    assert said.error["message"] == "no such directory: \udcff\u00fc"


def test_a_name_that_stdout_cannot_say(tree: Path, tmp_path: Path) -> None:
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    said = program("backup", tree, tmp_path / "repository", "--name", "gr\u00fcn", env=env)
    assert said.code == 0
    assert r"(gr\xfcn)" in said.out
    [found] = program("snapshots", tmp_path / "repository", "--json", env=env).document["snapshots"]
    assert found["name"] == "gr\u00fcn"
