"""Vectors on their way into Chroma: what is refused, and that Chroma reads them as it reads arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import chromadb
import numpy as np
import pytest
from chromadb.config import Settings
from numpy.typing import DTypeLike

from tests.live.conftest import OpenClient
from thoth_storage.errors import InvalidArgumentError
from thoth_storage.store.vectors import Readable, check_vectors, heads, readable

LARGE = 1e30
"""A finite number whose square is not, in the four bytes of Chroma's numbers."""


def vectors(count: int, *, seed: int = 1) -> list[np.ndarray[Any, Any]]:
    return list(np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32))


@pytest.mark.parametrize("field", ["embeddings", "query_embeddings"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, list])
def test_the_vector_that_is_no_number_is_named(field: str, number: float, kind: Any) -> None:
    bad = [1.0, number, 2.0]
    given = [[1.0, 2.0, 3.0], bad] if kind is list else [np.ones(3, kind), np.array(bad, kind)]
    with pytest.raises(InvalidArgumentError, match="embedding 1 has"):
        check_vectors({field: given})


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_large_numbers_are_numbers(kind: DTypeLike) -> None:
    check_vectors({"embeddings": [np.array([LARGE, -LARGE], kind), None, np.array([np.finfo(kind).max] * 2, kind)]})


@pytest.mark.parametrize("arguments", [{}, {"embeddings": None}, {"embeddings": []}, {"query_embeddings": None}])
def test_no_vectors_are_left_as_they_are(arguments: dict[str, Any]) -> None:
    check_vectors(arguments)
    told = readable(arguments)
    assert {name: value if value is None else list(value) for name, value in told.items()} == arguments


def test_a_sequence_of_lists() -> None:
    arrays = vectors(5)
    told = Readable([*arrays, None, [1.0]])
    lists = [*(each.tolist() for each in arrays), None, [1.0]]
    assert (len(told), list(told), told[-2], told[3]) == (7, lists, None, lists[3])
    assert list(told[1:6:2]) == lists[1:6:2]
    with pytest.raises(IndexError):
        told[7]


def test_lists_are_made_one_at_a_time() -> None:
    arrays = vectors(2)
    told = iter(Readable(arrays))
    assert next(told) == arrays[0].tolist()
    arrays[1][:] = 0
    assert next(told) == [0.0] * 8


def test_heads_are_the_first_numbers_of_arrays() -> None:
    assert heads({"ids": ["a"], "embeddings": [np.array([1.0, 2.0]), [3.0, 4.0], None]})["embeddings"] == [
        np.array([1.0]),
        [3.0, 4.0],
        None,
    ]


@pytest.mark.parametrize("shape", [(2, 2), (2, 3)])
def test_a_matrix_is_no_vector(connect: OpenClient, shape: tuple[int, int]) -> None:
    collection: Any = connect().create_collection("vectors", embedding_function=None)
    with pytest.raises(InvalidArgumentError, match="embedding 0 is an array of shape"):
        collection.add(ids=["a"], embeddings=[np.ones(shape, np.float32)])
    with pytest.raises(InvalidArgumentError, match="embedding 0 is an array of shape"):
        collection.query(query_embeddings=[np.ones(shape, np.float32)])
    assert collection.count() == 0


def test_chroma_reads_the_same_numbers(connect: OpenClient, tmp_path: Path) -> None:
    """Bit by bit, whatever type they are given in, and in one call and in slices alike."""
    mine = connect().create_collection("vectors", embedding_function=None)
    bare = chromadb.PersistentClient(str(tmp_path / "bare"), Settings(anonymized_telemetry=False))
    its = bare.create_collection("vectors", embedding_function=None)
    extremes = [np.array([np.finfo(np.float32).max, np.finfo(np.float32).tiny, -0.0, 1 / 3] * 2, np.float32)]
    given: list[Any] = [vectors(1200), extremes, [[1, 2, 3, 4, 5, 6, 7, 8]], [np.array([0.1] * 8)]]
    for number, embeddings in enumerate(given):
        ids = [f"{number}-{row}" for row in range(len(embeddings))]
        for collection in (mine, its):
            collection.add(ids=ids, embeddings=embeddings)
    found = [collection.get(include=["embeddings"]) for collection in (mine, its)]
    assert found[0]["ids"] == found[1]["ids"]
    assert np.asarray(found[0]["embeddings"]).tobytes() == np.asarray(found[1]["embeddings"]).tobytes()
    asked: list[Any] = [vectors(3, seed=2), [[1.0] * 8], np.ones(8, np.float32)]
    for query in asked:
        answers = [collection.query(query_embeddings=query, n_results=5) for collection in (mine, its)]
        assert (answers[0]["ids"], answers[0]["distances"]) == (answers[1]["ids"], answers[1]["distances"])
