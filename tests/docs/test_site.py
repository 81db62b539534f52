"""The site has every page, and the API page every public name. That it builds is checked by `make docs`."""

from __future__ import annotations

import re

import pytest

import thoth_storage
from tests.docs.pages import ROOT


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_every_page_is_in_the_navigation(page: str) -> None:
    assert re.search(rf": {re.escape(page)}$", _text("mkdocs.yml"), re.MULTILINE)


@pytest.mark.parametrize("name", thoth_storage.__all__)
def test_every_public_name_is_on_the_api_page(name: str) -> None:
    assert re.search(rf"^::: thoth_storage\.{name}$", _text("docs/api.md"), re.MULTILINE)


def test_the_site_asks_nobody_else_for_anything() -> None:
    """A font or a script from elsewhere would tell strangers who reads here, and fail offline."""
    configuration = _text("mkdocs.yml")
    assert "font: false" in configuration
    assert not re.search(r"https?://|extra_javascript|analytics", configuration)
    assert not re.search(r"url\(|@import", _text("docs/site.css"))
