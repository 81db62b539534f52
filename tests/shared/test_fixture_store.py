"""What was written opens for ever: the golden store under tests/fixtures/store_v1, whose log has every kind of
operation."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.store_v1.make import describe
from tests.live.conftest import OpenClient
from tests.log import second_reader
from tests.shared import second_decoder

FIXTURE = Path(__file__).parent.parent / "fixtures" / "store_v1"
EXPECTED: dict[str, Any] = json.loads((FIXTURE / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A copy, whose entries are as old as they say."""
    shutil.copytree(FIXTURE / "store", tmp_path / "store")
    for each in second_reader.log(tmp_path / "store"):
        path = tmp_path / "store" / f"log/{each.number // 1000:09d}/{each.number:012d}"
        os.utime(path, (each.time / 1e6, each.time / 1e6))
    return f"file://{tmp_path}/store"


@pytest.mark.parametrize("mode", ["r", "rw"])
def test_it_opens(connect: OpenClient, mode: str) -> None:
    client: Any = connect(mode=mode)
    assert client.status().position == EXPECTED["last"]
    assert describe(client) == EXPECTED["now"]
    assert {each["name"] for each in client._admin_client.list_databases()} == {"default_database", "archive"}
    assert (
        client.get_collection("renamed", embedding_function=None)._model.configuration_json["hnsw"]["space"] == "cosine"
    )
    nearest = client.get_collection("notes", embedding_function=None).query(query_embeddings=[[6.0, 6.0]], n_results=2)
    assert nearest["ids"] == [["6", "5"]]


def test_it_goes_back(connect: OpenClient) -> None:
    client = connect()
    client.restore("golden")
    assert describe(client) == EXPECTED["golden"]
    for moment, expected in EXPECTED["moments"].items():
        client.restore(at=datetime.fromisoformat(moment))
        assert describe(client) == expected


def test_it_goes_on(connect: OpenClient) -> None:
    client: Any = connect()
    other = connect()
    client.get_collection("notes", embedding_function=None).add(ids=["new"], embeddings=[[7.0, 7.0]])
    assert client.status().position == EXPECTED["last"] + 1
    assert other.refresh()
    assert describe(other) == describe(client)
    assert "new" in describe(client)["notes"]["rows"]


def test_another_reader_finds_every_kind() -> None:
    entries = list(second_reader.log(FIXTURE / "store"))
    assert [each.number for each in entries] == list(range(1, EXPECTED["last"] + 1))
    assert {each.writer for each in entries} == {"fixture:1"}
    told = [each for entry in entries for each in second_decoder.operations(entry.payload)[1]]
    assert {each["kind"] for each in told} == {*second_decoder.NAMES, *second_decoder.BARE}
    [upsert] = [each for each in told if each["kind"] == "upsert"]
    assert upsert == {
        "kind": "upsert",
        "tenant": "default_tenant",
        "database": "default_database",
        "collection": "notes",
        "ids": ["2", "5"],
        "embeddings": [(9.0, 9.0), (5.0, 5.0)],
        "metadatas": None,
        "documents": ["second", None],
        "uris": None,
    }
