"""Verbs called in this process, and as the programs that people start."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.cli.schemas import check_document
from tests.store.helpers import SETTINGS
from thoth_storage.cli.group import thoth_storage

__all__ = ["ERROR_KEYS", "KEYS", "SNAPSHOT_KEYS", "Said", "environment", "invoke", "make_tree", "program", "stop"]

PROGRAM = (sys.executable, "-m", "thoth_storage")
ERROR_KEYS = ["type", "message", "url", "key", "hint", "exit_code"]
SNAPSHOT_KEYS = ["id", "time", "name", "tags", "files", "size", "added", "parent", "position", "names"]
KEYS = ("THOTH_STORAGE_KEY", "THOTH_STORAGE_TO_KEY")
"""The variables that hold keys."""


@dataclass(frozen=True)
class Said:
    """What a command ended with, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """All of stdout, as one JSON document."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The document of a command that failed."""
        assert list(self.document) == ["error"]
        assert list(self.document["error"]) == ERROR_KEYS
        assert self.document["error"]["exit_code"] == self.code
        return self.document["error"]


def invoke(*arguments: str | Path) -> Said:
    """A verb in this process. What it raises that is no error of ours is raised here."""
    words = [str(each) for each in arguments]
    with levels_kept():
        done = CliRunner(catch_exceptions=False).invoke(thoth_storage, words)
    check_document(words, done.stdout)
    return Said(done.exit_code, done.stdout, done.stderr)


@contextmanager
def levels_kept() -> Iterator[None]:
    """Verbs set the levels of loggers, as programs may; the tests after them want to see what is logged."""
    before = {logger: logger.level for logger in _loggers()}
    yield
    for logger in _loggers():
        logger.setLevel(before.get(logger, logging.NOTSET))


def _loggers() -> list[logging.Logger]:
    others = logging.root.manager.loggerDict.values()
    return [logging.root, *(each for each in others if isinstance(each, logging.Logger))]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's, without what would configure a store or credentials."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in (*SETTINGS, *KEYS) and not name.startswith(("AWS_", "GOOGLE_", "PYTEST"))
    }
    return {**kept, **(more or {})}


def program(*arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Said:
    """The program, in a process of its own."""
    command = [*PROGRAM, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, env=environment(env), capture_output=True, text=True, timeout=120, check=False
    )
    check_document(command[len(PROGRAM) :], done.stdout)
    return Said(done.returncode, done.stdout, done.stderr)


def stop(process: subprocess.Popen[str], signal: int) -> Said:
    """Send a signal and wait for the end."""
    process.send_signal(signal)
    out, err = process.communicate(timeout=120)
    return Said(process.returncode, out, err)


def make_tree(folder: Path) -> Path:
    """A small directory worth a snapshot."""
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("alpha")
    (folder / "sub" / "b.bin").write_bytes(bytes(range(256)) * 100)
    return folder
