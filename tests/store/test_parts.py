"""Texts cut into parts: bounded, in order, nothing lost, of Markdown by headings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoth_storage.store.parts import PART_SIZE, Part, split_text

GUIDE = """\
Before all.

# Guide

## Install

One line.

Another line.

### On Linux ##

```sh
# no heading

apt install it
```

## Use

"""


def test_markdown_by_headings() -> None:
    assert split_text(GUIDE, markdown=True) == [
        Part("", "Before all."),
        Part("Guide > Install", "# Guide\n\n## Install\n\nOne line.\n\nAnother line."),
        Part("Guide > Install > On Linux", "### On Linux ##\n\n```sh\n# no heading\n\napt install it\n```"),
        Part("Guide > Use", "## Use"),
    ]


def test_plain_text_has_no_headings() -> None:
    [part] = split_text("# one\ntwo\n\n\n  three  \n")
    assert part == Part("", "# one\ntwo\n\n  three")


@pytest.mark.parametrize("text", ["", " \n\n\t\n"])
def test_nothing(text: str) -> None:
    assert split_text(text) == split_text(text, markdown=True) == []


def test_a_long_section_begins_each_part_with_its_heading() -> None:
    paragraphs = [f"Paragraph {number} " + "x" * 60 for number in range(6)]
    parts = split_text("# A\n\n## B\n\n" + "\n\n".join(paragraphs), 200, markdown=True)
    assert [part.title for part in parts] == ["A > B"] * 3
    assert parts[0].text == "# A\n\n## B\n\n" + "\n\n".join(paragraphs[:2])
    assert parts[1].text == "## B\n\n" + "\n\n".join(paragraphs[2:4])


def test_a_long_paragraph_is_cut_where_it_reads_best() -> None:
    lines = [" ".join(["word"] * 15) + "." for _ in range(4)]
    assert [part.text for part in split_text("\n".join(lines), 100)] == lines
    sentences = [part.text for part in split_text(" ".join(lines), 100)]
    assert sentences == lines
    assert [len(part.text) for part in split_text("x" * 250, 100)] == [100, 100, 50]


def test_a_heading_that_is_too_long_to_be_said_twice() -> None:
    parts = split_text(f"# {'h' * 90}\n\n{'b' * 90}\n\n{'c' * 90}", 100, markdown=True)
    assert [part.text for part in parts] == [f"# {'h' * 90}", "b" * 90, "c" * 90]


@pytest.mark.parametrize(("length", "count"), [(48, 1), (49, 2)])
def test_paragraphs_go_together_where_there_is_room(length: int, count: int) -> None:
    assert len(split_text(f"{'a' * length}\n\n{'b' * 50}", 100)) == count


def test_a_fence_that_is_never_closed() -> None:
    [part] = split_text("~~~\n# a\n```\n\n~~\n# b", markdown=True)
    assert part.text == "~~~\n# a\n```\n\n~~\n# b"


def test_a_heading_in_the_place_of_an_inner_one() -> None:
    titles = [part.title for part in split_text("## A\na\n### B\nb\n# C\nc\n### D\nd", markdown=True)]
    assert titles == ["A", "A > B", "C", "C > D"]


WORDS = st.text("ab#`~ .\n\u3002\u00e9", max_size=400)


@given(WORDS, st.integers(10, 80))
def test_no_part_is_too_long_and_nothing_is_lost_of_plain_text(text: str, size: int) -> None:
    parts = split_text(text, size)
    assert all(part.text.strip() and len(part.text) <= size for part in parts)
    assert squeezed("".join(part.text for part in parts)) == squeezed(text)


@given(WORDS, st.integers(10, 80))
def test_no_part_is_too_long_and_nothing_is_lost_of_markdown(text: str, size: int) -> None:
    parts = split_text(text, size, markdown=True)
    assert all(part.text.strip() and len(part.text) <= size for part in parts)
    told = squeezed("".join(part.text for part in parts))
    position = -1
    for each in squeezed(text):  # headings may be said again, so it is a part of what is told
        position = told.find(each, position + 1)
        assert position >= 0


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_the_size_if_nothing_is_said() -> None:
    assert max(len(part.text) for part in split_text("word " * 1000)) <= PART_SIZE
