"""infra/ against the recorded schema of the provider, where there is no terraform: what is set exists, what has to be
set is, and what is named is declared. With terraform, scripts/check_terraform.sh tells more."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.infra.hcl import INFRA, Block, blocks, everything

SCHEMA = json.loads((INFRA / "tests/provider/schema.json").read_text(encoding="utf-8"))
GOOGLE = SCHEMA["provider_schemas"]["registry.terraform.io/hashicorp/google"]
META = {"count", "for_each", "depends_on", "provider"}
RESOURCES = [block for block in everything() if block.kind in {"resource", "data"}]
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in sorted(INFRA.glob("*.tf")))


def problems(block: Block, schema: dict[str, Any], meta: frozenset[str] = frozenset()) -> list[str]:
    attributes, nested = schema.get("attributes", {}), schema.get("block_types", {})
    found = [
        f"{block.place}: there is no attribute {name}" for name in block.attributes if name not in {*attributes, *meta}
    ]
    found += [
        f"{block.place}: {name} is for the provider to say" for name in block.attributes if read_only(name, attributes)
    ]
    found += [
        f"{block.place}: {name} has to be set"
        for name, attribute in attributes.items()
        if attribute.get("required") and name not in block.attributes
    ]
    have: dict[str, int] = {}
    for each in block.blocks:
        if each.kind == "lifecycle":
            continue
        name, content = each.kind, each
        if name == "dynamic":
            (name,), (content,) = each.labels, each.blocks
            assert content.kind == "content", each.place
        if name not in nested:
            found.append(f"{each.place}: there is no block {name}")
            continue
        have[name] = have.get(name, 0) + 1
        found += problems(content, nested[name]["block"])
    found += [
        f"{block.place}: block {name} has to be there"
        for name, kind in nested.items()
        if kind.get("min_items", 0) > have.get(name, 0)
    ]
    found += [
        f"{block.place}: more than {kind['max_items']} of block {name}"
        for name, kind in nested.items()
        if kind.get("max_items") and have.get(name, 0) > kind["max_items"]
    ]
    return found


def read_only(name: str, attributes: dict[str, Any]) -> bool:
    attribute = attributes.get(name, {})
    return bool(attribute.get("computed")) and not attribute.get("optional") and not attribute.get("required")


@pytest.mark.parametrize("block", RESOURCES, ids=lambda block: ".".join(block.labels))
def test_what_is_set_exists_and_what_has_to_be_set_is(block: Block) -> None:
    schemas = GOOGLE["resource_schemas" if block.kind == "resource" else "data_source_schemas"]
    assert block.labels[0] in schemas, "add the type to infra/tests/provider/schema.json"
    assert problems(block, schemas[block.labels[0]]["block"], frozenset(META)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('format = "DOCKER"\nrepository_id = "x"\nrepository = "x"', "there is no attribute repository"),
        ('format = "DOCKER"', "repository_id has to be set"),
        ('format = "DOCKER"\nrepository_id = "x"\ndocker {\n}', "there is no block docker"),
        ('format = "DOCKER"\nrepository_id = "x"\ncreate_time = "x"', "create_time is for the provider to say"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "x.tf").write_text(f'resource "google_artifact_registry_repository" "x" {{\n{text}\n}}\n')
    (block,) = blocks(tmp_path / "x.tf")
    found = problems(block, GOOGLE["resource_schemas"]["google_artifact_registry_repository"]["block"])
    assert [each.partition(": ")[2] for each in found] == [problem]


def test_the_schema_holds_no_type_that_is_not_used() -> None:
    used = {block.labels[0] for block in RESOURCES}
    assert used == {*GOOGLE["resource_schemas"], *GOOGLE["data_source_schemas"]}


def test_variables_are_declared_used_typed_and_told() -> None:
    declared = {block.labels[0]: block for block in everything() if block.kind == "variable"}
    used = set(
        re.findall(r"\bvar\.(\w+)", "\n".join(line for line in TEXT.splitlines() if "error_message" not in line))
    )
    assert used == set(declared)
    assert [name for name, block in declared.items() if not {"type", "description"} <= set(block.attributes)] == []
    assert [name for name, block in declared.items() if "default" not in block.attributes] == ["project_id"]


def test_names_of_others_are_declared() -> None:
    declared = {".".join(block.labels) for block in everything() if block.kind == "resource"}
    named = set(re.findall(r"(?<![\w.\"])(google_\w+\.\w+)", TEXT))
    assert named <= declared


def test_each_variable_with_a_choice_is_refused_somewhere() -> None:
    checked = {
        block.labels[0]
        for block in everything()
        if block.kind == "variable" and any(each.kind == "validation" for each in block.blocks)
    }
    refused = set(re.findall(r"^\s+var\.(\w+),$", (INFRA / "tests/refused.tftest.hcl").read_text(), re.MULTILINE))
    assert refused == checked
