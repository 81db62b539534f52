"""The embedder without a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromadb.utils.embedding_functions import known_embedding_functions

from tests.store.conftest import OpenStore
from tests.store.helpers import bare_chroma
from tests.unit.helpers import run_python
from thoth_storage import LexicalEmbedder, Repository, VectorStore

WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "DURABLE")  # as in Japanese fonts
TEXTS = ["durable writes", "Äpfel 苹果 naïve", "", "🙂 ?!", "a" * 10_000, WIDE]
PINNED = {
    "durable writes": [0.61133885, 0.13473438, -0.66748726, 0, 0.24190716, 0.13473438, 0.26028153, 0.13473438],
    "": [1, 0, 0, 0, 0, 0, 0, 0],
}


def embed(text: str, dimensions: int = 512) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.asarray(LexicalEmbedder(dimensions)([text])[0])


def distance(one: str, other: str) -> float:
    return 1 - float(embed(one) @ embed(other))


@pytest.mark.parametrize("text", PINNED)
def test_vectors_never_change(text: str) -> None:
    """Stores hold vectors of old versions: a new one must put the same text in the same place."""
    assert embed(text, 8) == pytest.approx(PINNED[text], abs=1e-6)


def test_the_same_in_every_process() -> None:
    code = f"""
        import json
        from thoth_storage import LexicalEmbedder
        print(json.dumps([vector.tolist() for vector in LexicalEmbedder(64)({TEXTS!r})]))
    """
    here = [vector.tolist() for vector in np.asarray(LexicalEmbedder(64)(TEXTS))]
    for seed in ("0", "4711"):
        assert json.loads(run_python(code, env={"PYTHONHASHSEED": seed})) == here


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("dimensions", [1, 3, 512])
def test_every_text_has_a_direction(text: str, dimensions: int) -> None:
    vector = embed(text, dimensions)
    assert vector.dtype == np.float32
    assert vector.shape == (dimensions,)
    assert np.linalg.norm(vector.astype(np.float64)) == pytest.approx(1, abs=1e-6)


def test_case_and_width_do_not_count() -> None:
    assert embed(f"{WIDE} straße").tolist() == embed("durable STRASSE").tolist()


def test_texts_without_a_word_are_all_one() -> None:
    assert embed("").tolist() == embed(" ?! …").tolist()


@pytest.mark.parametrize(
    ("text", "related", "unrelated"),
    [
        ("restoring a backup", "how backups are restored", "the colour of herrings"),
        ("encryption of archives", "the archive is encrypted", "a walk in the rain"),
        ("Verschlüsselung", "verschlüsselte Daten", "Heringe im Regen"),
        ("replication", "replicatoin", "vegetables"),
    ],
)
def test_related_words_are_nearer(text: str, related: str, unrelated: str) -> None:
    assert distance(text, text) == pytest.approx(0, abs=1e-6)
    assert distance(text, related) < 0.8
    assert distance(text, unrelated) > 0.9


def test_repeating_a_word_does_not_drown_the_others() -> None:
    assert distance("herring " * 100 + "backup", "backup") < 0.9


@pytest.mark.parametrize("dimensions", [0, -1])
def test_no_dimensions_are_refused(dimensions: int) -> None:
    with pytest.raises(ValueError, match="at least one dimension"):
        LexicalEmbedder(dimensions)


def test_chroma_can_make_it_again_from_what_it_stores() -> None:
    embedder = LexicalEmbedder(48)
    known = known_embedding_functions[embedder.name()]
    again = known.build_from_config(json.loads(json.dumps(embedder.get_config())))
    assert isinstance(again, LexicalEmbedder)
    assert [v.tolist() for v in np.asarray(again(TEXTS))] == [v.tolist() for v in np.asarray(embedder(TEXTS))]
    assert embedder.default_space() == "cosine"


def test_its_index_has_more_links(open_store: OpenStore) -> None:
    """With Chroma's 16 a nearest text is not found in one of fifty indexes."""
    store = open_store(embedder="lexical")
    store.add_documents(["herring"])
    collection = store._client.get_collection("tests")
    hnsw = collection.configuration["hnsw"]
    assert hnsw is not None
    assert hnsw["max_neighbors"] == 32


def test_a_bare_chromadb_client_asks_by_text(open_store: OpenStore, url: str, tmp_path: Path) -> None:
    """Where thoth_storage was imported, Chroma finds the embedder by the name in the collection's configuration."""
    store = open_store(embedder=LexicalEmbedder(300))
    store.add_documents(["herring in the rain", "backups of archives"], ids=["h", "b"])
    mine = store.search_similar("archive backup", 2)
    store.close()
    Repository.open(url).restore("latest", tmp_path / "restored")
    with bare_chroma(tmp_path / "restored") as client:
        collection = client.get_collection("tests")
        theirs: Any = collection.query(query_texts=["archive backup"], n_results=2)
        configured = collection.configuration["embedding_function"]
    assert theirs["ids"] == [["b", "h"]] == [mine["ids"]]
    assert theirs["distances"] == [mine["distances"]]
    assert isinstance(configured, LexicalEmbedder)
    assert configured.dimensions == 300


def test_reopening_with_another_embedder_is_told(open_store: OpenStore, store: VectorStore) -> None:
    store.add_documents(["text"])
    store.close()
    with pytest.raises(Exception, match="mbedding function conflict") as told:
        open_store(embedder=lambda texts: [[1.0, 2.0] for _ in texts])
    assert type(told.value).__name__ == "InvalidArgumentError"
