"""The command that a report was made with, without the names of folders and files of this machine."""

from __future__ import annotations

import shlex
import sys

__all__ = ["shown"]

_HIDDEN = {"--work": "DIR", "--json": "FILE", "--memory": "DIR"}


def shown(module: str) -> str:
    """This process's command, which runs ``module``."""
    words = sys.argv[1:]
    told = [_without_place(before, word) for before, word in zip(["", *words], words, strict=False)]
    return shlex.join(["python", "-m", module, *told])


def _without_place(before: str, word: str) -> str:
    name, equals, _ = word.partition("=")
    return _HIDDEN.get(before) or (f"{name}={_HIDDEN[name]}" if equals and name in _HIDDEN else word)
