"""The scripts that documents tell of are there, and have the options that are shown."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.docs.pages import PAGES, ROOT, blocks

SHOWN = {
    (script, option)
    for page in PAGES
    for block in blocks(page)
    if block.language == "sh"
    for script, rest in re.findall(
        r"^(?:\./)?(scripts/\w+\.sh)([^#\n|]*)", block.code.replace("\\\n", " "), re.MULTILINE
    )
    for option in ["", *re.findall(r" (--[a-z-]+)", rest)]
}


def test_there_are_scripts() -> None:
    assert len(SHOWN) >= 5


@pytest.mark.parametrize("script", sorted({script for script, _ in SHOWN}))
def test_a_script_has_the_options_that_are_shown(script: str) -> None:
    options = sorted(option for name, option in SHOWN if name == script and option)
    assert (ROOT / script).is_file()
    if options:
        told = subprocess.run([ROOT / script, "--help"], capture_output=True, text=True, check=True, timeout=30).stdout
        assert [option for option in options if not re.search(rf"{option}\b", told)] == []
