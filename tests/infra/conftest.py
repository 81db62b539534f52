"""A gcloud that writes down what it is asked and answers as told, first on the PATH; and the scripts, run with it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_STUB = """#!/bin/bash
printf '%q ' "{name}" "$@" >>"{log}"
echo >>"{log}"
while IFS=$'\\t' read -r code answer words; do
    if [[ "{name} $* " == *"$words "* ]]; then
        printf '%b' "$(cat "$answer")"
        exit "$code"
    fi
done <"{answers}"
exit 0
"""


class Stub:
    """``answer("run services describe", 1)``: a command with these words ends with 1; the last told wins. What nobody
    told about succeeds in silence."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log, self._answers = folder / "log", folder / "answers"
        self._told: list[tuple[int, str, str]] = []
        (folder / "bin").mkdir()
        self._log.touch()
        self._answers.touch()
        for name in ("gcloud", "terraform", "docker"):
            program = folder / "bin" / name
            program.write_text(_STUB.format(name=name, log=self._log, answers=self._answers))
            program.chmod(0o755)
        self.answer("gcloud version", 0, "Google Cloud SDK 528.0.0")
        self.answer("terraform version", 0, "Terraform v1.11.4")
        self.answer("docker --version", 0, "Docker version 28.2.2")
        self.answer("gcloud auth list", 0, "someone@example.com")

    def answer(self, words: str, code: int = 0, text: str = "") -> None:
        place = self.folder / f"answer-{len(self._told)}"
        place.write_text(text.replace("\\", "\\\\"))
        self._told.insert(0, (code, str(place), words))
        self._answers.write_text("".join(f"{code}\t{answer}\t{words}\n" for code, answer, words in self._told))

    def commands(self) -> list[list[str]]:
        return [shlex.split(line) for line in self._log.read_text().splitlines()]

    def asked(self, words: str) -> list[list[str]]:
        """Those commands that begin so."""
        return [command for command in self.commands() if " ".join(command).startswith(words)]


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    return Stub(tmp_path)


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(stub: Stub) -> Run:
    def _run(script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if not re.match("GC|THOTH|TF_|IMAGE_TAG", name)}
        env |= {
            "PATH": f"{stub.folder}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RETRY_SECONDS": "0",
            **variables,
        }
        return subprocess.run(
            [ROOT / "scripts" / script, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
        )

    return _run
