"""What Chroma refuses is an error for its caller alone, and changes nothing on any replica; large calls; the first
entry of a store that was there before its log; and how fresh a reader is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.programs import add, ids
from tests.shared.shop import Shop, contents
from tests.store.helpers import bare_chroma, wait_until
from thoth_storage import Repository
from thoth_storage.log import Log
from thoth_storage.store import journal, recording
from thoth_storage.store.operations import State, decode


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    with made.open_hours():
        yield made


def notes(client: Any) -> Any:
    return client.get_collection("notes", embedding_function=None)


REFUSED: dict[str, Callable[[Any], Any]] = {
    "a wrong dimension": lambda client: notes(client).add(ids=["x"], embeddings=[[1.0, 2.0, 3.0]]),
    "a wrong dimension of some": lambda client: notes(client).upsert(
        ids=["x", "y"], embeddings=[[1.0, 2.0], [1.0, 2.0, 3.0]]
    ),
    "a name that is taken": lambda client: client.create_collection("notes", embedding_function=None),
    "a name that is none": lambda client: client._server.create_collection("?", get_or_create=False),
    "another's name": lambda client: notes(client).modify(name="other"),
    "a collection that is not there": lambda client: client.delete_collection("never"),
    "a database that is there": lambda client: client._server.create_database("default_database"),
    "a tenant that is there": lambda client: client._server.create_tenant("default_tenant"),
    "a reset": lambda client: client.reset(),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_alike(shop: Shop, tmp_path: Path, what: str) -> None:
    """As bare Chroma refuses it; replicas pass it over, those that replay it too."""
    with bare_chroma(tmp_path / "bare") as bare:
        add(bare, "a")
        add(bare, "b", collection="other")
        with pytest.raises(Exception, match=r".") as expected:
            REFUSED[what](bare)
        before = contents(bare)
    first, second = shop.open(), shop.open()
    add(first, "a")
    add(first, "b", collection="other")
    with pytest.raises(Exception, match=r".") as found:
        REFUSED[what](first)
    assert (type(found.value), str(found.value)) == (type(expected.value), str(expected.value))
    notes(first).upsert(ids=["a"], embeddings=[[1.0, 1.0]])
    second.refresh()
    for client in (first, second, shop.open()):
        assert contents(client) == before
        assert client.status().position == shop.last


def test_only_its_caller_hears_of_it(shop: Shop) -> None:
    """Also where others' writes are in the same entry."""
    client = shop.open()
    add(client, "a")
    collection = notes(client)
    errors: list[BaseException] = []

    def write(name: str, vector: list[float]) -> None:
        try:
            collection.add(ids=[name], embeddings=[vector], documents=[f"text {name}"])
        except Exception as error:
            errors.append(error)

    threads = [
        threading.Thread(target=write, args=[name, [1.0] * (3 if name == "bad" else 2)]) for name in ("b", "bad", "c")
    ]
    queue = client.live.journal._queue  # type: ignore[union-attr]
    before = shop.last
    with client.live.gate.writers:
        for each in threads:
            each.start()
        wait_until(lambda: len(queue) == 3, 30)
    for each in threads:
        each.join()
    assert [("dimension" in str(error)) for error in errors] == [True]
    assert shop.last == before + 1, "they went into one entry"
    assert ids(client) == ids(shop.open()) == {"a", "b", "c"}


def test_a_large_call_goes_into_several_entries(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (recording, journal):
        monkeypatch.setattr(module, "_MOST", 10_000)
    client = shop.open()
    add(client, "a")
    before = shop.last
    names = [f"{number:03}" for number in range(200)]
    add(client, *names)
    assert 4 <= shop.last - before <= 10
    assert ids(shop.open()) == {"a", *names}
    before = shop.last
    vectors = [[1.0, 1.0]] * 199 + [[1.0, 1.0, 1.0]]
    with pytest.raises(Exception, match="dimension"):
        notes(client).upsert(ids=names, embeddings=vectors)
    server: Any = client._server
    with pytest.raises(TypeError):
        server._add(
            collection_id=notes(client).id,
            ids=[f"new {name}" for name in names],
            embeddings=[[1.0, 1.0]] * 200,
            metadatas=[None] * 199 + [{"n": object()}],
            documents=["x" * 100] * 200,
            uris=None,
        )
    assert shop.last == before, "one row is refused, and nothing of the call is logged"
    assert ids(client) == {"a", *names}


def test_a_directory_that_was_there_is_named_by_the_first_entry(shop: Shop, tmp_path: Path) -> None:
    """Else one who begins with the log alone would have nothing of it."""
    with bare_chroma(tmp_path / "bare") as bare:
        add(bare, "old")
    with Repository.open(shop.url, create=True) as repository:
        stored = repository.backup(tmp_path / "bare").id
        assert repository.get(stored).position is None
    client = shop.open()
    assert ids(client) == {"old"}
    assert shop.last == 0, "nothing is written by looking"
    add(client, "new")
    log = Log(shop.backend, "")
    entry = log.read(1)
    assert entry is not None
    [told] = decode(entry.payload, url=shop.url, sequence=1)
    assert told.arguments == State(stored)
    assert ids(shop.open()) == ids(shop.open(mode="r")) == {"old", "new"}


def test_how_fresh_a_reader_is(shop: Shop) -> None:
    writer = shop.open()
    add(writer, "a")
    as_opened, soon, always = shop.open(mode="r"), shop.open(mode="r", refresh=0.05), shop.open(mode="r", refresh=0)
    add(writer, "b")
    assert ids(always) == {"a", "b"}
    wait_until(lambda: ids(soon) == {"a", "b"}, 30)
    assert ids(as_opened) == {"a"}
    assert as_opened.status().behind == 1
    assert as_opened.refresh()
    assert not as_opened.refresh()
    assert ids(as_opened) == {"a", "b"}


def test_a_reader_behind_a_truncation_begins_anew(shop: Shop) -> None:
    writer = shop.open()
    add(writer, "a")
    readers = [shop.open(mode="r"), shop.open(mode="r", refresh=0)]
    held = [notes(each) for each in readers]
    add(writer, "b")
    writer.checkpoint()
    add(writer, "c")
    assert shop.truncate() == 3
    assert readers[0].refresh()
    for reader, collection in zip(readers, held, strict=True):
        assert set(collection.get()["ids"]) == {"a", "b", "c"}
        assert reader.status().position == 4
        assert reader.status().behind == 0
