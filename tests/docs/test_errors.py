"""docs/errors.md has each class with its exit code, and messages that the package really has."""

from __future__ import annotations

import re

import pytest

from tests.cli.test_exit_codes import CODES
from tests.docs.messages import HOLE, templates
from tests.docs.pages import ROOT
from thoth_storage.errors import StorageError

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
SECTIONS = {part.split("\n", 1)[0]: part.split("\n", 1)[1] for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]}
MESSAGES = [
    pytest.param(name, message, id=f"{name}: {message}")
    for name, text in SECTIONS.items()
    for message in re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
]


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.__name__)
def test_every_class_has_its_section_and_its_exit_code(kind: type[StorageError]) -> None:
    assert SECTIONS[kind.__name__].lstrip().startswith(f"Exit code {CODES[kind]}")
    assert re.search(rf"[├└]── {kind.__name__} +{CODES[kind]}\b|^{kind.__name__}$", PAGE, re.MULTILINE)


def test_there_are_no_other_sections() -> None:
    assert sorted(SECTIONS) == sorted(kind.__name__ for kind in CODES)


@pytest.mark.parametrize(("name", "message"), MESSAGES)
def test_a_message_is_one_of_the_package(name: str, message: str) -> None:
    pattern = re.compile(".+".join(re.escape(part) for part in message.split("…")), re.DOTALL)
    assert any(kind == name and pattern.fullmatch(text) for kind, text in templates()), _near(name, message)


def test_many_messages_are_told() -> None:
    assert len(MESSAGES) >= 50


def _near(name: str, message: str) -> list[str]:
    first = message.split("…", maxsplit=1)[0][:15]
    return [text.replace(HOLE, "…") for kind, text in templates() if kind == name and first in text]
