"""README.md and docs/, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PAGES", "ROOT", "Block", "all_text", "blocks"]

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)")
_NOT_RUN = re.compile(r"^ *<!-- not run:(?P<reason>.*)-->")


@dataclass(frozen=True)
class Block:
    """A fenced block. ``line`` is that of its first line of code; ``reason`` tells why it is not run, if it is not."""

    language: str
    code: str
    line: int
    reason: str | None


def blocks(page: str) -> list[Block]:
    """All fenced blocks of a page. A fence that is never closed, or a mark with no block behind it, is an error."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    found: list[Block] = []
    marks = {number for number, line in enumerate(lines) if _NOT_RUN.match(line)}
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        if fence:
            end = next(n for n in range(number + 1, len(lines)) if lines[n].strip() == "```")
            mark = _NOT_RUN.match(lines[number - 1]) if number else None
            code = "\n".join(line.removeprefix(fence["indent"]) for line in lines[number + 1 : end])
            found.append(Block(fence["language"], f"{code}\n", number + 2, mark["reason"].strip() if mark else None))
            marks.discard(number - 1)
            number = end
        number += 1
    assert not marks, f"{page}: marked as not run, but no block follows: lines {sorted(n + 1 for n in marks)}"
    return found


def all_text() -> str:
    return "\n".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES)
