"""The demo's texts: markdown files, a document for each section."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from thoth_storage.errors import NotFoundError

__all__ = ["Section", "corpus", "sections"]

_HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)


class Section(NamedTuple):
    """``id`` is the same at each reading, so that reading again replaces; ``text`` begins with the title."""

    id: str
    title: str
    file: str
    text: str


def corpus() -> list[Section]:
    """The project's own documents and the handbook, as they come with the package or lie in a source tree."""
    tree = Path(__file__).parents[2]
    found = []
    for name, source in (("handbook", tree / "examples" / "handbook"), ("docs", tree / "docs")):
        installed = Path(str(files("thoth_storage") / name))
        found.extend(sections(installed if installed.is_dir() else source))
    return found


def sections(folder: Path) -> list[Section]:
    """Every ``##`` section of the markdown files in ``folder``. Raises NotFoundError where there is none."""
    found: dict[str, Section] = {}
    for file in sorted(folder.glob("*.md")):
        parts = _HEADING.split(file.read_text(encoding="utf-8"))
        for title, body in zip(parts[1::2], parts[2::2], strict=True):
            section_id = f"{folder.name}/{file.name}#{title}"
            if section_id in found:
                section_id = f"{section_id} ({len(found)})"
            found[section_id] = Section(section_id, title, file.name, f"{title}\n\n{body.strip()}")
    if not found:
        raise NotFoundError(
            f"{folder} has no markdown file with '## ' sections", hint="pass a folder that has with --corpus"
        )
    return list(found.values())
