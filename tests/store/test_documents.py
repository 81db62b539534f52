"""Documents in and out: what is stored, replaced, removed, and what is refused before anything is stored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from tests.store.conftest import OpenStore
from tests.store.helpers import contents
from thoth_storage import VectorStore
from thoth_storage.errors import InvalidArgumentError

NAN, INFINITE = float("nan"), float("inf")


@pytest.fixture
def filled(store: VectorStore) -> VectorStore:
    store.add_documents(
        ["herring", "rain", "archive"],
        metadatas=[{"file_path": "fish.md", "page": 1}, {"file_path": "sky.md"}, None],
        ids=["h", "r", "a"],
    )
    return store


def test_what_goes_in_comes_out(filled: VectorStore) -> None:
    assert contents(filled) == {
        "h": ("herring", {"file_path": "fish.md", "page": 1}),
        "r": ("rain", {"file_path": "sky.md"}),
        "a": ("archive", None),
    }
    assert filled.get_document_count() == 3


def test_generated_ids_are_unique(store: VectorStore) -> None:
    ids = [each for _ in range(3) for each in store.add_documents(["the same"] * 50)]
    assert len(set(ids)) == 150 == store.get_document_count()
    assert set(store.get_documents()["ids"]) == set(ids)


@pytest.mark.parametrize("text", ["", " ", "a\0b", "苹果 🙂", "line\r\nend", "x" * 1_000_000])
def test_any_text_comes_back_as_it_was(store: VectorStore, text: str) -> None:
    [each] = store.add_documents([text], metadatas=[{"text": text[:1000]}])
    assert contents(store) == {each: (text, {"text": text[:1000]})}


@pytest.mark.parametrize("value", ["", "x", 0, -3, 2**53, 1.5, True, False, ["a", "b"], [1, 2]])
def test_values_of_metadata(store: VectorStore, value: Any) -> None:
    store.add_documents(["x"], metadatas=[{"value": value}], ids=["1"])
    [found] = store.get_documents()["metadatas"]
    assert found == {"value": value}
    assert type(found["value"]) is type(value)


def test_metadata_none_and_empty_mixed(store: VectorStore) -> None:
    store.add_documents(["a", "b", "c", "d"], metadatas=[{}, None, {"k": 1}, {"k": None}], ids=["1", "2", "3", "4"])
    assert [metadata for _, metadata in contents(store).values()] == [None, None, {"k": 1}, None]


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ([{"page": 2}], {"page": 2}),
        ([{"file_path": "new.md", "x": 1}], {"file_path": "new.md", "x": 1}),
        ([{}], None),
        ([None], None),
        (None, None),
    ],
)
def test_an_id_that_exists_is_replaced_whole(filled: VectorStore, new: Any, found: Any) -> None:
    assert filled.add_documents(["pike"], metadatas=new, ids=["h"]) == ["h"]
    assert contents(filled)["h"] == ("pike", found)
    assert filled.get_document_count() == 3
    assert filled.search_similar("pike", 1)["ids"] == ["h"]
    if found is None:
        assert filled.get_documents(where={"file_path": "fish.md"})["ids"] == []
        assert filled.delete_by_file_path("fish.md") == 0


def test_old_and_new_ids_in_one_call(filled: VectorStore) -> None:
    filled.add_documents(["b", "c", "d"], metadatas=[{"n": 1}, None, {"n": 3}], ids=["r", "new", "h"])
    assert contents(filled) == {
        "h": ("d", {"n": 3}),
        "r": ("b", {"n": 1}),
        "a": ("archive", None),
        "new": ("c", None),
    }


def test_arrays_tuples_and_other_sequences(store: VectorStore) -> None:
    store.add_documents(("a", "b"), metadatas=({"n": 1}, None), ids=("1", "2"), embeddings=np.eye(2))  # type: ignore[arg-type]
    assert store.search_similar(None, 1, query_embedding=np.array([0.1, 1]))["ids"] == ["2"]  # type: ignore[arg-type]
    assert store.get_documents(ids=("2",))["documents"] == ["b"]
    store.delete_documents(ids=("1",))
    assert store.get_document_count() == 1


def test_nothing_to_add(store: VectorStore) -> None:
    assert store.add_documents([]) == []
    assert store.add_documents([], metadatas=[], ids=[], embeddings=[]) == []
    assert store.get_document_count() == 0
    assert store.sync()["changed"] is False


BAD: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "fewer metadatas": ((["a", "b"],), {"metadatas": [{}]}, "2 documents but 1 metadatas"),
    "no metadatas": ((["a"],), {"metadatas": []}, "1 documents but 0 metadatas"),
    "more ids": ((["a"],), {"ids": ["1", "2"]}, "1 documents but 2 ids"),
    "fewer embeddings": ((["a", "b"],), {"embeddings": [[1.0]]}, "2 documents but 1 embeddings"),
    "an id twice": ((["a", "b"],), {"ids": ["1", "1"]}, "stands twice"),
    "one string": (("document",), {}, "not one str; pass"),
    "one string as ids": ((["a", "b"],), {"ids": "ab"}, "ids are a list"),
    "one mapping as metadatas": ((["a"],), {"metadatas": {"k": 1}}, "metadatas are a list"),
    "nothing": ((None,), {}, "documents are a list, not NoneType"),
    "bytes": (([b"a"],), {}, "document 0 is bytes"),
    "a number as document": ((["a", 5],), {}, "document 1 is int"),
    "a number as id": ((["a", "b"],), {"ids": ["1", 2]}, "id 1 is int"),
    "an empty id": ((["a"],), {"ids": [""]}, "id 0 is empty"),
    "half a character": ((["\ud800"],), {}, "surrogate"),
    "a nested metadata": ((["a"],), {"metadatas": [{"k": {"l": 1}}]}, "metadata 0 cannot be stored"),
    "an empty list in metadata": ((["a"],), {"metadatas": [{"k": []}]}, "metadata 0 cannot be stored"),
    "a key that is no string": ((["a"],), {"metadatas": [{5: 1}]}, "metadata 0 cannot be stored"),
    "a string as metadata": ((["a"],), {"metadatas": ["k"]}, "metadata 0 is str"),
    "NaN": ((["a"],), {"embeddings": [[1.0, NAN, 0.0]]}, "embedding 0 has a value that is no finite number"),
    "infinity": ((["a"],), {"embeddings": [[1.0, -INFINITE, 0.0]]}, "no finite number"),
    "what overflows": ((["a"],), {"embeddings": [[1.0, 1e300, 0.0]]}, "no finite number"),
    "mixed dimensions": ((["a", "b"],), {"embeddings": [[1.0, 2.0], [1.0]]}, "embedding 1 has 1 dimensions"),
    "other dimensions": ((["a"],), {"embeddings": [[1.0, 2.0]]}, "dimension of 3, got 2"),
    "no dimensions": ((["a"],), {"embeddings": [[]]}, r"shape \(0,\)"),
    "a matrix": ((["a"],), {"embeddings": [[[1.0]]]}, r"shape \(1, 1\)"),
    "text as embedding": ((["a"],), {"embeddings": [["x"]]}, "these are no embeddings"),
}


@pytest.mark.parametrize("case", BAD)
def test_refused_before_anything_is_stored(open_store: OpenStore, case: str) -> None:
    store = open_store(embedder=lambda texts: [[1.0, 2.0, 3.0] for _ in texts])
    store.add_documents(["old"], ids=["old"], metadatas=[{"k": 1}])
    documents, options, told = BAD[case]
    with pytest.raises(InvalidArgumentError, match=told):
        store.add_documents(*documents, **options)
    assert contents(store) == {"old": ("old", {"k": 1})}


@pytest.mark.parametrize("case", ["metadatas", "ids", "embeddings", "documents"])
def test_a_bad_entry_behind_the_first_thousand(store: VectorStore, case: str) -> None:
    count = 2001
    arguments: dict[str, list[Any]] = {
        "documents": ["x"] * count,
        "metadatas": [{"n": n} for n in range(count)],
        "ids": [str(n) for n in range(count)],
        "embeddings": [[1.0, float(n)] for n in range(count)],
    }
    arguments[case][-1] = {"metadatas": {"k": object()}, "ids": 5, "embeddings": [NAN, 1.0], "documents": "\udfff"}[
        case
    ]
    with pytest.raises(InvalidArgumentError, match="2000"):
        store.add_documents(**arguments)
    assert store.get_document_count() == 0


def test_delete_by_id_and_filter(filled: VectorStore) -> None:
    filled.delete_documents(ids=["r", "not there"])
    assert set(contents(filled)) == {"h", "a"}
    filled.delete_documents(where={"page": {"$gte": 1}})
    assert set(contents(filled)) == {"a"}
    filled.delete_documents(where={"page": 99})
    filled.delete_documents(ids=[])
    assert set(contents(filled)) == {"a"}


def test_delete_needs_to_know_what(filled: VectorStore) -> None:
    nothing: list[dict[str, Any]] = [{}, {"where": {}}, {"ids": None, "where": None}]
    for arguments in nothing:
        with pytest.raises(InvalidArgumentError, match="needs ids or a filter"):
            filled.delete_documents(**arguments)
    with pytest.raises(InvalidArgumentError, match="ids are a list"):
        filled.delete_documents(ids="h")
    assert filled.get_document_count() == 3


def test_delete_by_file_path(filled: VectorStore) -> None:
    filled.add_documents(["pike", "cod"], metadatas=[{"file_path": "fish.md"}, {"file_path": "fish.md.bak"}])
    assert filled.delete_by_file_path("fish.md") == 2
    assert filled.delete_by_file_path("fish.md") == 0
    assert sorted(document for document, _ in contents(filled).values()) == ["archive", "cod", "rain"]
    assert filled.search_similar("herring", 9)["ids"] != []


def test_delete_by_file_path_counts_what_it_removes(filled: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where another thread adds to that file between the look and the removal: it waits."""
    look = filled.get_documents

    def look_and_try_to_write(**arguments: Any) -> Any:
        found = look(**arguments)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(filled._live.gate.writers.acquire, blocking=False).result() is False
        return found

    monkeypatch.setattr(filled, "get_documents", look_and_try_to_write)
    assert filled.delete_by_file_path("fish.md") == 1


def test_get_by_ids_filter_and_limit(filled: VectorStore) -> None:
    assert filled.get_documents(ids=["a"]) == {"ids": ["a"], "documents": ["archive"], "metadatas": [None]}
    assert filled.get_documents(ids=["a", "x"])["ids"] == ["a"]
    assert filled.get_documents(where={"file_path": "sky.md"})["ids"] == ["r"]
    assert filled.get_documents(ids=["h", "a"], where={"page": 1})["ids"] == ["h"]
    assert len(filled.get_documents(limit=2)["ids"]) == 2
    assert len(filled.get_documents(limit=99)["ids"]) == 3
    empty: dict[str, list[Any]] = {"ids": [], "documents": [], "metadatas": []}
    assert filled.get_documents(limit=0) == filled.get_documents(ids=[]) == filled.get_documents(ids=["x"]) == empty


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"limit": -1}, "limit is -1"),
        ({"ids": "h"}, "ids are a list"),
        ({"ids": [1]}, "id 0 is int"),
        ({"where": "page"}, "a filter is a mapping"),
        ({"where": {"page": {"$like": 1}}}, "Chroma refused"),
        ({"where": {"$nonsense": 1}}, "Chroma failed"),
    ],
)
def test_a_get_that_is_refused(filled: VectorStore, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidArgumentError, match=told):
        filled.get_documents(**arguments)


def test_reset(filled: VectorStore) -> None:
    filled.reset()
    assert filled.get_document_count() == 0
    assert filled.search_similar("herring")["ids"] == []
    filled.add_documents(["new"], ids=["h"])
    assert contents(filled) == {"h": ("new", None)}


def test_reset_leaves_other_collections_alone(open_store: OpenStore) -> None:
    other = open_store(collection_name="others")
    other.add_documents(["theirs"], ids=["1"])
    other.close()
    mine = open_store(collection_name="tests")
    mine.add_documents(["mine"])
    mine.reset()
    mine.close()
    assert contents(open_store(collection_name="others")) == {"1": ("theirs", None)}
    assert contents(open_store(collection_name="tests")) == {}


def test_reset_makes_room_for_other_dimensions(filled: VectorStore) -> None:
    filled.reset()
    filled.add_documents(["x"], embeddings=[[1.0, 2.0]])
    assert filled.search_similar(None, query_embedding=[1.0, 2.0])["documents"] == ["x"]


@pytest.mark.parametrize("name", ["", "ab", "no spaces please", "x" * 600, "-x-"])
def test_a_collection_name_that_chroma_refuses(open_store: OpenStore, name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="Chroma"):
        open_store(collection_name=name)
