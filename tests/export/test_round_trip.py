"""Out into a folder and back into a store: all is as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.export.samples import all_of, fill, made, rows_of, store
from tests.servers.s3 import S3Server
from thoth_storage.export import export_store, import_store
from thoth_storage.repository import Progress


@pytest.fixture
def original(tmp_path: Path) -> dict[str, Any]:
    with store(tmp_path / "db") as client:
        fill(client)
        found = all_of(client)
    assert sorted(found) == ["empty", "everything", "older", "schema", "tuned"]
    return found


@pytest.mark.parametrize("durability", ["checkpoint", "log"])
def test_everything_comes_back(tmp_path: Path, original: dict[str, Any], durability: str) -> None:
    out = export_store(tmp_path / "db", tmp_path / "out")
    back = import_store(tmp_path / "out", tmp_path / "again", durability=durability)
    with store(tmp_path / "again", mode="r") as client:
        assert all_of(client) == original
    assert (out.rows, back.rows, out.notes, back.notes) == (8, 8, (), ())
    assert {each.name: (each.rows, each.dimension) for each in back.collections}["everything"] == (6, 5)
    again = export_store(tmp_path / "again", tmp_path / "out again")
    assert [each.rows for each in again.collections] == [each.rows for each in out.collections]


def test_by_a_bucket_and_back(tmp_path: Path, original: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with S3Server() as s3:
        s3.create_bucket("exports")
        export_store(tmp_path / "db", "s3://exports/november", out_options=s3.options())
        import_store("s3://exports/november", "memory://tests/round-trip", source_options=s3.options())
    with store("memory://tests/round-trip", mode="r") as client:
        assert all_of(client) == original


def test_searches_find_the_same(tmp_path: Path, original: dict[str, Any]) -> None:
    export_store(tmp_path / "db", tmp_path / "out", collections=["tuned"])
    import_store(tmp_path / "out", tmp_path / "again")
    asked: dict[str, Any] = {"query_texts": ["when does it open"], "n_results": 2}
    with store(tmp_path / "db", mode="r") as one, store(tmp_path / "again", mode="r") as other:
        assert [each.name for each in other.list_collections()] == ["tuned"]
        assert other.get_collection("tuned").query(**asked) == one.get_collection("tuned").query(**asked)


def test_a_function_that_is_not_trusted_is_stored_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings come through; building it would fail, for its variable is not set."""
    from chromadb.utils.embedding_functions import HuggingFaceEmbeddingServer

    remote = HuggingFaceEmbeddingServer(url="http://127.0.0.1:9/embed")
    with store(tmp_path / "db") as client:
        made_by = client.create_collection("remote", embedding_function=remote)
        made_by.add(ids=["a"], embeddings=[[1.0, 2.0]])
    monkeypatch.setattr(HuggingFaceEmbeddingServer, "build_from_config", _never)
    export_store(tmp_path / "db", tmp_path / "out")
    import_store(tmp_path / "out", tmp_path / "again")
    with store(tmp_path / "db", mode="r") as one, store(tmp_path / "again", mode="r") as other:
        assert rows_of(other, "remote") == rows_of(one, "remote")
        from thoth_storage.store.plain_server import unhooked

        [told] = unhooked(other._server).list_collections()
        assert told.configuration_json["embedding_function"]["config"]["url"] == "http://127.0.0.1:9/embed"


def _never(_config: object) -> Any:
    raise AssertionError("the function was built")


def test_vectors_of_a_cosine_collection(tmp_path: Path) -> None:
    """Chroma keeps them normalised, with their length beside them: writing and reading one may change its last bit."""
    vectors = np.random.default_rng(3).normal(size=(200, 24)).astype(np.float32)
    with store(tmp_path / "db") as client:
        near = client.create_collection("near", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None)
        near.add(ids=[str(number) for number in range(200)], embeddings=list(vectors))
    export_store(tmp_path / "db", tmp_path / "out")
    import_store(tmp_path / "out", tmp_path / "again")
    with store(tmp_path / "db", mode="r") as one, store(tmp_path / "again", mode="r") as other:
        before, after = (
            np.asarray(each.get_collection("near", embedding_function=None).get(include=["embeddings"])["embeddings"])
            for each in (one, other)
        )
    assert np.allclose(before, after, rtol=3e-7, atol=0)


def test_more_than_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, row groups and parts have borders of their own, and nothing is lost at any."""
    from thoth_storage.export import folder, parquet
    from thoth_storage.store import portable

    monkeypatch.setattr(folder, "_PART", 6_000)
    monkeypatch.setattr(parquet, "_GROUP", 4_000)
    monkeypatch.setattr(parquet, "_ROWS", 7)
    monkeypatch.setattr(portable, "_TARGET", 40_000)
    original = made(tmp_path / "db", rows=1000)
    export_store(tmp_path / "db", tmp_path / "out")
    assert len(list((tmp_path / "out" / "collections" / "notes").iterdir())) > 2
    import_store(tmp_path / "out", tmp_path / "again")
    with store(tmp_path / "again", mode="r") as client:
        assert all_of(client) == original


def test_progress_begins_and_ends(tmp_path: Path) -> None:
    made(tmp_path / "db")
    told: list[Progress] = []
    export_store(tmp_path / "db", tmp_path / "out", progress=told.append)
    assert (told[0].done, told[0].total, told[0].files_total) == (0, 48, 1)
    assert (told[-1].done, told[-1].total, told[-1].files_done) == (48, 48, 1)


def test_names_that_differ_in_case_alone(tmp_path: Path) -> None:
    with store(tmp_path / "db") as client:
        for number, name in enumerate(["Notes", "notes", "n" * 500, "n" * 499 + "m"]):
            each = client.create_collection(name, embedding_function=None)
            each.add(ids=["a"], embeddings=[[float(number), 0.0]])
        original = all_of(client)
    export_store(tmp_path / "db", tmp_path / "out")
    folders = [each.name.casefold() for each in (tmp_path / "out" / "collections").iterdir()]
    assert len(set(folders)) == 4
    import_store(tmp_path / "out", tmp_path / "again")
    with store(tmp_path / "again", mode="r") as client:
        assert all_of(client) == original
