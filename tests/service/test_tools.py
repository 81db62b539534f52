"""What a client of MCP can do with a store, over a real connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.service.helpers import Hosted, call, call_all, client, hosted
from thoth_storage import VectorStore

READS = {"search", "get_documents", "list_collections", "status", "list_backups"}
WRITES = {"add_documents", "delete_documents", "backup", "restore"}


def tool_names(address: str) -> set[str]:
    async def ask() -> set[str]:
        async with client(address) as connected:
            return {each.name for each in (await connected.list_tools()).tools}

    return anyio.run(ask)


def test_documents_come_and_are_found_and_go(running: Hosted) -> None:
    added, found, got, _, left = call_all(
        running.address,
        (
            "add_documents",
            {"documents": ["a red apple", "a blue sky"], "ids": ["t1", "t2"], "metadatas": [{"t": 1}, {"t": 2}]},
        ),
        ("search", {"query": "apple", "n_results": 1, "where": {"t": {"$gte": 1}}}),
        ("get_documents", {"ids": ["t2"]}),
        ("delete_documents", {"ids": ["t1"]}),
        ("get_documents", {"where": {"t": {"$in": [1, 2]}}, "limit": 5}),
    )
    assert added.data == {"ids": ["t1", "t2"], "count": 2}
    (best,) = found.data["results"]
    assert (best["id"], best["document"], best["metadata"]) == ("t1", "a red apple", {"t": 1})
    assert 0 <= best["distance"] < 1
    sky = {"id": "t2", "document": "a blue sky", "metadata": {"t": 2}}
    assert got.data == {"documents": [sky]}
    assert left.data == {"documents": [sky]}


def test_what_was_acknowledged_is_at_the_url(running: Hosted, tmp_path: Path) -> None:
    assert call(running.address, "add_documents", documents=["durable"], ids=["durable"]).data["count"] == 1
    with VectorStore(running.url, embedder="lexical", cache_dir=tmp_path, mode="r") as other:
        assert other.get_documents(ids=["durable"])["documents"] == ["durable"]


def test_a_request_that_is_sent_again_stores_nothing_twice(running: Hosted) -> None:
    once = {"documents": ["same", "same", "same"], "metadatas": [{"retry": 1}, {"retry": 2}, {"retry": 1}]}
    first, second, got = call_all(
        running.address,
        ("add_documents", once),
        ("add_documents", once),
        ("get_documents", {"where": {"retry": {"$gte": 1}}}),
    )
    assert first.data == second.data
    assert first.data["ids"][0] == first.data["ids"][2] != first.data["ids"][1]
    assert first.data["count"] == len(got.data["documents"]) == 2


def test_many_documents_in_one_call(running: Hosted) -> None:
    """All is checked before any is stored."""
    texts = [f"number {number}" for number in range(450)]
    metadatas = [{"many": number} for number in range(450)]
    good, twice, short, got = call_all(
        running.address,
        (
            "add_documents",
            {"documents": texts, "ids": [f"many{number}" for number in range(450)], "metadatas": metadatas},
        ),
        ("add_documents", {"documents": texts, "ids": [f"bad{number % 449}" for number in range(450)]}),
        ("add_documents", {"documents": texts, "ids": ["bad"]}),
        ("get_documents", {"where": {"many": {"$gte": 0}}, "limit": 1000}),
    )
    assert good.data["count"] == len(got.data["documents"]) == 450
    assert "an id stands twice in one call; give each document an id of its own" in twice.text
    assert short.error
    assert call(running.address, "get_documents", ids=["bad0", "bad1", "bad"]).data == {"documents": []}


def test_backups_and_going_back(tmp_path: Path) -> None:
    with hosted("memory://tools", tmp_path) as started:
        _, saved, _, names, back, got, told, listed = call_all(
            started.address,
            ("add_documents", {"documents": ["before"], "ids": ["1"]}),
            ("backup", {"name": "good"}),
            ("add_documents", {"documents": ["after"], "ids": ["2"]}),
            ("list_backups", {}),
            ("restore", {"name": "good"}),
            ("get_documents", {}),
            ("status", {}),
            ("list_collections", {}),
        )
    assert saved.data["name"] == "good"
    assert saved.data["files"] > 0
    assert names.data == {"backups": ["good"]}
    assert back.data["documents"] == 1
    assert [each["id"] for each in got.data["documents"]] == ["1"]
    assert told.data["mode"] == "rw"
    assert (told.data["documents"], told.data["behind"]) == (1, 0)
    assert "local_path" not in told.data
    assert listed.data == {"collections": [{"name": "thoth_documents", "documents": 1}]}


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("restore", {"name": "nope"}, "no snapshot"),
        ("delete_documents", {}, "delete_documents needs ids or a filter; "),
        ("search", {"query": "x", "n_results": 0}, "n_results is 0; a number from 1 to 1000"),
        ("get_documents", {"limit": 1001}, "limit is 1001; a number from 0 to 1000"),
        ("search", {"query": "x", "where": {"a": {"$no": 1}}}, "$no"),
        ("restore", {"name": " "}, "restore needs a name; list_backups tells them"),
        ("add_documents", {"documents": "text"}, "documents: input should be a valid list"),
        ("add_documents", {"documents": ["a"], "metadatas": ["b"]}, "metadatas.0: input should be a valid dictionary"),
        (
            "add_documents",
            {"documents": ["a"], "metadata": [{"kept": True}]},
            "add_documents has no parameter 'metadata'; it has: documents, ids, metadatas",
        ),
        ("status", {"verbose": True}, "status has no parameter 'verbose'; it has: none"),
    ],
)
def test_errors_are_told_with_what_to_do(running: Hosted, tool: str, arguments: dict[str, Any], told: str) -> None:
    answer = call(running.address, tool, **arguments)
    assert answer.error
    assert told in answer.text
    assert "Error executing" not in answer.text
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text


def test_every_tool_says_what_it_does(running: Hosted) -> None:
    async def ask() -> None:
        async with client(running.address) as connected:
            for tool in (await connected.list_tools()).tools:
                assert tool.description
                assert tool.output_schema
                assert tool.input_schema["additionalProperties"] is False
                assert tool.annotations is not None
                assert tool.annotations.read_only_hint == (tool.name in READS)

    anyio.run(ask)
    assert tool_names(running.address) == READS | WRITES


def test_a_read_only_service_has_no_tools_that_write(tmp_path: Path) -> None:
    with VectorStore(tmp_path / "store", embedder="lexical", cache_dir=tmp_path / "c") as store:
        store.add_documents(["readable"], ids=["1"])
        with hosted(tmp_path / "store", tmp_path / "cache", read_only=True) as started:
            assert tool_names(started.address) == READS
            assert call(started.address, "search", query="readable").data["results"][0]["id"] == "1"
            store.add_documents(["later"], ids=["2"])
            assert len(call(started.address, "get_documents").data["documents"]) == 2
            assert "Unknown tool" in call(started.address, "add_documents", documents=["x"]).text
