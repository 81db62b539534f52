"""More rows than Chroma reads or writes in one call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.helpers import random_vectors
from thoth_storage import VectorStore

COUNT = 12_345
IDS = [f"{number:05}" for number in range(COUNT)]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorStore]:
    folder: Path = tmp_path_factory.mktemp("many")
    store = VectorStore("memory://tests/many", "tests", "lexical", cache_dir=folder)
    added = store.add_documents(
        [f"text {number}" for number in range(COUNT)],
        metadatas=[{"number": number, "file_path": f"{number % 2}.md"} for number in range(COUNT)],
        ids=IDS,
        embeddings=random_vectors(COUNT, 4, seed=5).tolist(),
    )
    assert added == IDS
    yield store
    store.close()


def test_all_of_them_once(many: VectorStore) -> None:
    found = many.get_documents()
    assert many.get_document_count() == COUNT
    assert sorted(found["ids"]) == IDS
    assert all(
        document == f"text {int(each)}" and metadata["number"] == int(each)
        for each, document, metadata in zip(found["ids"], found["documents"], found["metadatas"], strict=True)
    )


@pytest.mark.parametrize("limit", [4_999, 5_000, 5_001, 10_000, 12_344, 12_345, 99_999])
def test_limits_around_the_size_of_a_page(many: VectorStore, limit: int) -> None:
    ids = many.get_documents(limit=limit)["ids"]
    assert len(ids) == len(set(ids)) == min(limit, COUNT)


def test_more_ids_than_a_page(many: VectorStore) -> None:
    assert sorted(many.get_documents(ids=IDS[3:9_000])["ids"]) == IDS[3:9_000]
    assert len(many.get_documents(ids=IDS, limit=6_500)["ids"]) == 6_500
    assert many.get_documents(ids=[*IDS[:5], *IDS[:5]])["ids"] == IDS[:5]


def test_more_ids_than_sqlite_has_variables(many: VectorStore) -> None:
    assert len(many.get_documents(ids=[*IDS, *(f"missing {number}" for number in range(25_000))])["ids"]) == COUNT


def test_a_filter_that_matches_more_than_a_page(many: VectorStore) -> None:
    found = many.get_documents(where={"file_path": "1.md"})
    assert sorted(found["ids"]) == IDS[1::2]


def test_the_whole_collection_in_one_search(many: VectorStore) -> None:
    assert sorted(many.search_similar(None, COUNT + 1, query_embedding=[1.0, 0.5, 0.0, 0.0])["ids"]) == IDS


def test_delete_more_than_a_batch(many: VectorStore) -> None:
    """Last in this file, as the store is shared."""
    assert many.delete_by_file_path("1.md") == COUNT // 2
    many.delete_documents(ids=[*IDS[0::4], *(f"missing {number}" for number in range(35_000))])
    assert sorted(many.get_documents()["ids"]) == IDS[2::4]
    many.delete_documents(where={"number": {"$gte": 0}})
    assert many.get_document_count() == 0
