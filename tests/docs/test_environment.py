"""docs/ENVIRONMENT_CONFIG.md has every variable that the package reads, as the code has it."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest

from tests.docs.pages import ROOT
from thoth_storage.config import SETTINGS, Setting

PAGE = ROOT / "docs" / "ENVIRONMENT_CONFIG.md"
EXAMPLES = [each for each in SETTINGS if each.variables and each.example]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("settings_table", ROOT / "scripts" / "settings_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_the_code_s(script: ModuleType) -> None:
    assert script.page(PAGE) == PAGE.read_text(encoding="utf-8"), "run scripts/settings_table.py --write"


def test_every_variable_that_is_read_has_a_row() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "thoth_storage" / "config").glob("*.py"))
    read = set(re.findall(r'environ\.get\("([A-Z_]+)"\)', source))
    read |= {name for each in SETTINGS for name in each.variables}
    rows = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(read) > 20
    assert read - rows == set()


def test_every_variable_that_terraform_gives_is_told(script: ModuleType) -> None:
    given = script._given_by_terraform()
    assert given["THOTH_STORAGE_URL"] == "store_url"
    assert given["THOTH_STORAGE_KEY"] == "encryption_key_secret"
    assert given["THOTH_STORAGE_READ_ONLY"] == "read_only"
    assert [name for name in given if f"| `{name}` |" not in PAGE.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("each", EXAMPLES, ids=lambda each: each.name)
def test_an_example_is_a_value(each: Setting) -> None:
    each.kind(each.example)
