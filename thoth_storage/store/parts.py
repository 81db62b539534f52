"""Long texts as parts that an embedder reads whole: Chroma's own model takes in 256 word pieces, some 1,000 characters
of English, and leaves out the rest of a text without a word.

Of Markdown each part lies in one section, and begins with its heading, so that it can be understood alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["PART_SIZE", "Part", "split_text"]

PART_SIZE = 1000
"""Characters of a part, at most, if nothing is said."""

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*(?:#+[ \t]*)?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CUTS = ("\n", ". ", "\N{IDEOGRAPHIC FULL STOP}", " ")
"""Where a paragraph that is too long may be cut, best first."""


class Part(NamedTuple):
    """``title``: the headings that it stands below, outermost first; empty where there are none."""

    title: str
    text: str


class _Block(NamedTuple):
    """A paragraph, a fence with what is in it, or a heading, which has a ``level``."""

    text: str
    level: int = 0
    title: str = ""


def split_text(text: str, size: int = PART_SIZE, *, markdown: bool = False) -> list[Part]:
    """Parts of at most ``size`` characters, in order: whole paragraphs where they fit, nothing lost but blank lines.
    With ``markdown`` a heading (``#`` to ``######``, not in a fence) begins a part."""
    parts: list[Part] = []
    trail: list[tuple[int, str]] = []
    headings: list[str] = []
    body: list[str] = []

    def finish() -> None:
        title = " > ".join(name for _, name in trail if name)
        parts.extend(Part(title, piece) for piece in _pieces(headings, body, size))
        headings.clear()
        body.clear()

    for block in _blocks(text.splitlines(), markdown=markdown):
        if not block.level:
            body.append(block.text)
            continue
        if body:  # a heading right below another one belongs to the part of the inner one
            finish()
        trail[:] = [*(each for each in trail if each[0] < block.level), (block.level, block.title)]
        headings.append(block.text)
    finish()
    return parts


def _blocks(lines: Iterable[str], *, markdown: bool) -> Iterator[_Block]:
    paragraph: list[str] = []
    fence = ""
    for line in lines:
        opening = _FENCE.match(line) if markdown else None
        heading = _HEADING.fullmatch(line) if markdown and not fence else None
        if heading or (not line.strip() and not fence):
            if paragraph:
                yield _Block("\n".join(paragraph))
                paragraph = []
            if heading:
                yield _Block(line.strip(), len(heading[1]), heading[2])
            continue
        paragraph.append(line.rstrip())
        if fence:
            fence = "" if _closes(line, fence) else fence
        elif opening:
            fence = opening[1]
    if paragraph:
        yield _Block("\n".join(paragraph))


def _closes(line: str, fence: str) -> bool:
    """A fence ends with as many of its signs as it began with, or more, and nothing else."""
    word = line.strip()
    return len(word) >= len(fence) and set(word) == {fence[0]}


def _pieces(headings: list[str], body: list[str], size: int) -> Iterator[str]:
    first, later = "\n\n".join(headings), "".join(headings[-1:])
    if len(first) > size // 2:  # too long to be said again and again
        body, first, later = [*headings, *body], "", ""
    elif first and not body:
        yield first
        return
    for number, piece in enumerate(_packed(body, size - len(first) - 2 * bool(first))):
        lead = later if number else first
        yield f"{lead}\n\n{piece}" if lead else piece


def _packed(paragraphs: Iterable[str], room: int) -> Iterator[str]:
    """As many paragraphs together as there is room for."""
    piece = ""
    for paragraph in paragraphs:
        for bit in _cut(paragraph, room):
            joined = f"{piece}\n\n{bit}" if piece else bit
            if len(joined) > room:
                yield piece
                joined = bit
            piece = joined
    if piece:
        yield piece


def _cut(text: str, room: int) -> Iterator[str]:
    while len(text) > room:
        ends = (text.rfind(cut, room // 2, room) + len(cut) for cut in _CUTS if cut in text[room // 2 : room])
        end = next(ends, room)
        if bit := text[:end].rstrip():
            yield bit
        text = text[end:].lstrip("\n")
    if text.strip():
        yield text
