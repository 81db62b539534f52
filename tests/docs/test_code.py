"""The code in the documents runs, and the commands in them can be typed."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from tests.cli.helpers import environment
from tests.docs.pages import PAGES, ROOT, Block, blocks
from thoth_storage.cli.group import thoth_storage

RUN = """
import json, sys, warnings
warnings.simplefilter("error")
namespace = {"__name__": "__main__"}
for page, line, code in json.load(sys.stdin):
    exec(compile("\\n" * (line - 1) + code, page, "exec"), namespace)
"""

LEFT_OUT = 0
"""How many blocks of python are marked as not run. Whoever adds one sees that it is one more."""


def of_language(page: str, *languages: str) -> list[Block]:
    return [block for block in blocks(page) if block.language in languages]


@pytest.mark.parametrize("page", [page for page in PAGES if of_language(page, "python", "py", "pycon")])
def test_the_python_of_a_page_runs_from_top_to_bottom(page: str, tmp_path: Path) -> None:
    code = [(page, block.line, block.code) for block in of_language(page, "python") if block.reason is None]
    env = {
        "THOTH_STORAGE_EMBEDDER": "lexical",
        "THOTH_STORAGE_CACHE_DIR": str(tmp_path / "cache"),
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
    }
    (tmp_path / "work").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(code),
        cwd=tmp_path / "work",
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_is_not_run_has_a_reason() -> None:
    reasons = {
        f"{page}:{block.line}": block.reason for page in PAGES for block in blocks(page) if block.reason is not None
    }
    assert all(reasons.values()), reasons
    assert len(reasons) == LEFT_OUT, reasons


def test_languages_are_named_and_known() -> None:
    """A block with another name for python would never be run."""
    found = {block.language for page in PAGES for block in blocks(page)}
    assert found <= {"", "python", "sh", "toml", "json", "text"}


def test_data_is_well_formed() -> None:
    for page in PAGES:
        for block in of_language(page, "toml"):
            tomllib.loads(block.code)
        for block in of_language(page, "json"):
            json.loads(block.code)


COMMANDS = [
    pytest.param(command, id=f"{page}:{block.line}: {command}")
    for page in PAGES
    for block in of_language(page, "sh")
    for command in re.findall(r"^thoth-storage (.*)$", block.code.replace("\\\n", " "), re.MULTILINE)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_can_be_typed(command: str) -> None:
    arguments = shlex.split(command, comments=True)
    context = click.Context(thoth_storage, **thoth_storage.context_settings)  # a verb keeps what it first sees of it
    if arguments[0].startswith("-"):
        return
    verb = thoth_storage.get_command(context, arguments[0])
    assert verb is not None, f"there is no verb {arguments[0]!r}"
    if isinstance(verb, click.Group):
        arguments = arguments[1:]
        verb = verb.get_command(context, arguments[0])
        assert verb is not None, f"there is no verb {arguments[0]!r}"
    if "--help" not in arguments:
        arguments = arguments[: arguments.index(">")] if ">" in arguments else arguments
        verb.make_context(arguments[0], arguments[1:], parent=context)


def test_there_are_commands_to_check() -> None:
    assert len(COMMANDS) >= 5


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        text = "\n".join(block.code for block in of_language(page, "sh"))
        assert set(re.findall(r"^make ([a-z]+)", text, re.MULTILINE)) <= targets
