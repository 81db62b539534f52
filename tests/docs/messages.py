"""The texts of all errors that the package raises, from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.docs.pages import ROOT
from thoth_storage import errors

__all__ = ["HOLE", "templates"]

HOLE = "\0"
"""Stands in a template for what an f-string puts in."""
_KINDS = {name for name in errors.__all__ if name != "for_http_status"}
_MARKS = re.compile(rf"{HOLE}|\W")


@cache
def templates() -> tuple[tuple[str, str], ...]:
    """Pairs of class and message; only those of which at least eight letters are always the same."""
    files = [*(ROOT / "thoth_storage").rglob("*.py"), *(ROOT / "plugins").glob("*/thoth_storage_*/*.py")]
    found = {each for file in files for each in _raised(ast.parse(file.read_text(encoding="utf-8")))}
    return tuple(sorted((kind, text) for kind, text in found if len(_MARKS.sub("", text)) >= 8))


def _raised(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name) and node.func.id in _KINDS:
            for text in _texts(node.args[0]):
                yield node.func.id, text


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
