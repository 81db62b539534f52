"""docs/cli-reference.md is the code's, and complete."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import click
import pytest

from tests.cli.test_help import VERBS, command
from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cli_reference", ROOT / "scripts" / "cli_reference.py")
    assert spec is not None and spec.loader is not None  # noqa: PT018 - for the types alone
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sections(script: ModuleType) -> dict[str, str]:
    parts = re.split(r"^## (.+)\n", script.PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_is_the_code_s(script: ModuleType) -> None:
    assert script.page() == script.PAGE.read_text(encoding="utf-8"), "run scripts/cli_reference.py --write"


def test_all_verbs_are_there(sections: dict[str, str]) -> None:
    assert list(sections) == ["Exit codes", "Options of every verb", *VERBS]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_s_section(verb: str, sections: dict[str, str]) -> None:
    """By other means than the script's own: each option in a row, an example, the schema."""
    text = sections[verb]
    assert f"\nthoth-storage {verb} [OPTIONS]" in text
    assert re.search(rf"^```sh\nthoth-storage {verb}\b.*\n```$", text, re.MULTILINE)
    assert f"(schemas/{verb.replace(' ', '-')}.json)" in text
    for parameter in command(verb).params:
        if isinstance(parameter, click.Option):
            where = sections["Options of every verb"] if parameter.name in ("as_json", "quiet", "verbose") else text
            for name in parameter.opts:
                assert re.search(rf"^\|.*`{name}\b.*\|", where, re.MULTILINE), name


def test_defaults_are_told(sections: dict[str, str]) -> None:
    assert re.search(r"^\| `--last INTEGER( RANGE)?` \|.*\| `20` \|$", sections["log"], re.MULTILINE)
    assert re.search(r"^\| `--grace TEXT` \|.*\| `24h` \|$", sections["prune"], re.MULTILINE)
    assert re.search(r"^\| `--dry-run` \|.*\|  \|$", sections["prune"], re.MULTILINE)


def test_exit_codes(sections: dict[str, str]) -> None:
    rows = re.findall(r"^\| (\d+) \| (.*?) \| (.*?) ?\|$", sections["Exit codes"], re.MULTILINE)
    assert [int(code) for code, _, _ in rows] == [0, 1, 2, 3, 4, 5, 130, 143]
    told = {code: errors for code, _, errors in rows}
    assert told["3"] == "`NotFoundError`"
    assert told["5"] == "`CorruptionError`"
