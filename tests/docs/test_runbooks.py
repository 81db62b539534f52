"""Runbooks tell errors that the package really has, and each leads from what is seen to the end of it."""

from __future__ import annotations

import re

import pytest

from tests.docs.messages import HOLE, templates
from tests.docs.pages import ROOT, blocks

PAGE = "docs/runbooks.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)+)", TEXT, re.MULTILINE))
ERRORS = [
    line.removeprefix("error: ")
    for block in blocks(PAGE)
    for line in block.code.splitlines()
    if line.startswith("error: ")
]
FOREIGN = ("Cannot connect to host",)
"""What the network's library says."""


@pytest.mark.parametrize("name", SECTIONS)
def test_a_runbook_leads_to_an_end(name: str) -> None:
    places = [SECTIONS[name].find(part) for part in ("**You see**", "**It means**", "**Do this", "**It is over when**")]
    assert -1 not in places
    assert places == sorted(places)
    assert "```sh\nthoth-storage " in SECTIONS[name]


def test_there_are_runbooks() -> None:
    assert len(SECTIONS) >= 8
    assert len(ERRORS) >= 10


@pytest.mark.parametrize("line", ERRORS)
def test_an_error_is_one_of_the_package(line: str) -> None:
    if not line.startswith(FOREIGN):
        patterns = (".+".join(re.escape(part) for part in text.split(HOLE)) for _, text in templates())
        assert any(re.match(pattern, line) for pattern in patterns)
