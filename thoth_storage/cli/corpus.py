"""The demo's texts: markdown files, a document for each section."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from thoth_storage.errors import NotFoundError

__all__ = ["Section", "handbook", "sections"]

_HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)


class Section(NamedTuple):
    """``id`` is the same at each reading, so that reading again replaces; ``text`` begins with the title."""

    id: str
    title: str
    file: str
    text: str


def handbook() -> Path:
    """The handbook that comes with the package; in a source tree, the one under ``examples``."""
    installed = Path(str(files("thoth_storage") / "handbook"))
    for folder in (installed, Path(__file__).parents[2] / "examples" / "handbook"):
        if folder.is_dir():
            return folder
    raise NotFoundError("the handbook is not installed", hint="pass a folder of markdown files with --corpus")


def sections(folder: Path) -> list[Section]:
    """Every ``##`` section of the markdown files in ``folder``. Raises NotFoundError where there is none."""
    found = []
    for file in sorted(folder.glob("*.md")):
        parts = _HEADING.split(file.read_text(encoding="utf-8"))
        for title, body in zip(parts[1::2], parts[2::2], strict=True):
            found.append(Section(f"{file.name}#{title}", title, file.name, f"{title}\n\n{body.strip()}"))
    if not found:
        raise NotFoundError(f"{folder} has no markdown file with '## ' sections")
    return found
