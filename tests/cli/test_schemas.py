"""The JSON Schemas in docs/schemas: one a verb, sound, and held against what the verb really says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.helpers import invoke
from tests.cli.schemas import FOLDER, GROUPS, check_document, schema_name, validator
from tests.cli.test_help import GROUPS as ALL_GROUPS
from tests.cli.test_help import VERBS
from tests.docs.pages import ROOT

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def test_groups_are_known() -> None:
    assert sorted(GROUPS) == sorted(ALL_GROUPS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_schema(verb: str) -> None:
    assert schema_name(verb.split()) in NAMES, "describe what it says with --json in docs/schemas"


COMMANDS = """
add notes.md --url store
query --url store tea
checkpoint store --name covered
status store
log store
drill store
health store
export store out
import out imported
snapshots store
show store covered
backup tree repository --name first
name repository good first
name repository good --remove
tag repository first --add t
backup notes repository --name second
diff repository first second
restore repository restored --snapshot first
copy repository copied
forget repository --keep-last 1
prune repository --grace 0
verify repository
repair repository
check scratch
completion bash
config show store
plugins
key generate
"""
ENCRYPTED = """
backup tree encrypted
key list encrypted
key add encrypted --new-key file://{folder}/second
key remove encrypted {added}
key rotate encrypted --new-key file://{folder}/second
"""
ELSEWHERE = {"demo": "cli/test_demo.py", "serve": "service/helpers.py"}
"""What takes long is held to its schema where it is tried anyhow."""


def test_what_every_verb_says_is_what_its_schema_allows(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``invoke`` looks at each document. In order, since some work on what others made."""
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("THOTH_STORAGE_EMBEDDER", "lexical")
    (tmp_path / "notes").mkdir()
    for note in (tmp_path / "notes.md", tmp_path / "notes" / "a.txt"):
        note.write_text("# Tea\n\nGreen tea is steamed.\n")
    (tmp_path / "second").write_text("another password")
    known = {schema_name(verb.split()) for verb in VERBS}
    done, added = set(), ""
    for commands in (COMMANDS, ENCRYPTED):
        for line in commands.split("\n")[1:-1]:
            words = line.format(folder=tmp_path, added=added).split()
            said = invoke(*words, "--json")
            assert said.code == 0 or words[0] == "health", (line, said.err)
            assert "error" not in said.document
            if words[:2] == ["key", "add"]:
                added = said.document["key"]
            done.add(schema_name(words))
        monkeypatch.setenv("THOTH_STORAGE_KEY", "a password")
    assert done | set(ELSEWHERE) == known
    for verb, file in ELSEWHERE.items():
        called = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert f'"{verb}"' in called
        assert '"--json"' in called
        assert "invoke" in called or "check_document" in called


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_sound(name: str) -> None:
    schema = validator(name).schema
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    titles = {schema_name(verb.split()): f"thoth-storage {verb} --json" for verb in VERBS}
    assert schema["title"] == {**titles, "error": "thoth-storage: an error, with --json"}[name]


def test_what_two_schemas_call_alike_is_alike() -> None:
    """Each file stands by itself, so what is shared is in several."""
    known: dict[str, object] = {}
    for name in NAMES:
        for part, schema in validator(name).schema.get("$defs", {}).items():
            assert known.setdefault(part, schema) == schema, f"{part} of {name}"


@pytest.mark.parametrize("name", NAMES)
def test_a_key_more_is_seen(name: str) -> None:
    assert not validator(name).is_valid({"unheard of": 1})
    assert list(validator(name).iter_errors({"unheard of": 1}))


def test_drift_fails() -> None:
    check_document(["key", "generate", "--json"], '{"key": "base64:x"}')
    error = {"type": "E", "message": "m", "url": None, "key": None, "hint": None, "exit_code": 1}
    check_document(["key", "generate", "--json"], json.dumps({"error": error}))
    check_document(["key", "generate"], "base64:x")
    for document in ('{"key": 1}', "{}", '{"key": "a", "more": 1}', '{"error": {}}'):
        with pytest.raises(AssertionError, match="does not allow"):
            check_document(["key", "generate", "--json"], document)


def test_a_schema_is_a_file_of_the_docs() -> None:
    page = Path(ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert "](schemas/error.json)" in page
