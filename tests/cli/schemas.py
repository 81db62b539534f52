"""Every document that a test sees is held to the JSON Schema of its verb, so that no shape changes unnoticed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.docs.pages import ROOT
from thoth_storage.cli.ending import asks_for_json

__all__ = ["FOLDER", "GROUPS", "check_document", "schema_name", "validator"]

FOLDER = ROOT / "docs" / "schemas"
GROUPS = ("config", "key")
"""Verbs that have verbs of their own."""


def schema_name(words: Sequence[str]) -> str:
    """The file that is for a command, without its ending."""
    return "-".join(words[:2]) if words[0] in GROUPS else words[0]


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def check_document(arguments: Sequence[str], out: str) -> None:
    """Of a command that was to say one document: raises AssertionError for one that its schema does not allow."""
    if not asks_for_json(arguments) or not out:
        return
    document: Any = json.loads(out)
    is_error = isinstance(document, dict) and list(document) == ["error"]
    name = "error" if is_error else schema_name(arguments)
    problems = [f"{each.json_path}: {each.message:.200}" for each in validator(name).iter_errors(document)]
    assert not problems, f"docs/schemas/{name}.json does not allow: {problems}"
