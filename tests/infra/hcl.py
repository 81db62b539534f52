"""Enough of HCL to see which blocks and attributes a file of ``terraform fmt`` has. Expressions stay text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["INFRA", "Block", "blocks", "everything"]

INFRA = Path(__file__).parents[2] / "infra"

_OPENS = re.compile(r'^(?P<kind>\w+)(?P<labels>(?: "[^"]*")*) \{(?P<closed> ?\})?$')
_SETS = re.compile(r"^(?P<name>\w+)\s*= ?(?P<value>.*)$")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass
class Block:
    """``resource "google_x" "y" {``: kind ``resource``, labels ``google_x``, ``y``. ``attributes``: text by name."""

    kind: str
    labels: list[str]
    place: str
    attributes: dict[str, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)


def blocks(path: Path) -> list[Block]:
    """Those of a file. A line that is understood neither as a block nor as an attribute is an error."""
    top = Block("file", [], path.name)
    open_blocks = [top]
    lines = iter(enumerate(path.read_text(encoding="utf-8").splitlines(), 1))
    for number, raw in lines:
        line = _uncommented(raw)
        place = f"{path.name}:{number}"
        if not line:
            continue
        if line == "}":
            open_blocks.pop()
        elif opened := _OPENS.match(line):
            block = Block(opened["kind"], re.findall(r'"([^"]*)"', opened["labels"]), place)
            open_blocks[-1].blocks.append(block)
            if not opened["closed"]:
                open_blocks.append(block)
        elif given := _SETS.match(line):
            value = given["value"]
            while _depth(value) > 0:
                value += f"\n{_uncommented(next(lines)[1])}"
            open_blocks[-1].attributes[given["name"]] = value
        else:
            raise AssertionError(f"{place}: not understood: {line}")
    assert open_blocks == [top], f"{path.name}: a block is not closed"
    return top.blocks


def everything() -> list[Block]:
    return [block for path in sorted(INFRA.glob("*.tf")) for block in blocks(path)]


def _uncommented(line: str) -> str:
    bare = line.strip()
    return "" if bare.startswith("#") else re.sub(r'\s+#[^"]*$', "", bare)


def _depth(text: str) -> int:
    outside = _STRING.sub("", text)
    return sum(outside.count(each) for each in "([{") - sum(outside.count(each) for each in ")]}")
