"""Threads query without pause while another state is put in place: none of them fails, and each is answered of one
state."""

from __future__ import annotations

import time
from typing import Any

import pytest
from chromadb.errors import NotFoundError as ChromaNotFoundError

from tests.live.conftest import OpenClient
from tests.live.programs import add, ids, querying
from tests.store.helpers import wait_until
from thoth_storage.errors import InvalidArgumentError, NotFoundError

TIMES = 10


def answer(collection: Any) -> frozenset[str]:
    """By a search for all rows and by a read, which are asked one after the other."""
    found = collection.query(query_embeddings=[[1.0, 1.0]], n_results=10)
    return frozenset(found["ids"][0])


def test_no_query_fails_while_states_change(connect: OpenClient) -> None:
    client = connect()
    collection = add(client, "1")
    client.checkpoint("old")
    collection.add(ids=["2"], embeddings=[[1.0, 2.0]])
    client.checkpoint("new")
    states = {frozenset({"1"}), frozenset({"1", "2"})}
    with querying(lambda: answer(collection)) as answers:
        for _ in range(TIMES // 2):
            for name in ("old", "new"):
                client.restore(name)
                before = len(answers)
                wait_until(lambda before=before: len(answers) > before + 2)  # type: ignore[misc]
    assert set(answers) == states


def test_no_query_fails_where_the_collection_has_another_id(connect: OpenClient) -> None:
    """Made anew under its name, it is another one for Chroma, but not for the program."""
    client = connect()
    first = add(client, "1")
    client.checkpoint("old")
    client.delete_collection("notes")
    second = add(client, "2")
    client.checkpoint("new")
    assert first.id != second.id
    client.restore("old")
    with querying(lambda: answer(second)) as answers, querying(lambda: answer(first)) as others:
        for _ in range(TIMES):
            client.restore("new")
            client.restore("old")
    assert set(answers) <= {frozenset({"1"}), frozenset({"2"})}
    assert set(others) == {frozenset({"1"})} | (set(others) & {frozenset({"2"})})
    assert ids(client) == {"1"}
    second.add(ids=["3"], documents=["text 3"], embeddings=[[1.0, 3.0]])
    assert ids(client) == {"1", "3"}


def test_no_look_at_collections_fails_while_states_change(connect: OpenClient) -> None:
    client = connect()
    add(client, "1")
    client.checkpoint("old")
    add(client, "2")

    def look() -> tuple[str, ...]:
        client.get_or_create_collection("notes", embedding_function=None)
        assert client.get_collection("notes", embedding_function=None).count() in (1, 2)
        return tuple(each.name for each in client.list_collections())

    with querying(look) as answers:
        for _ in range(TIMES):
            client.restore("old")
    assert set(answers) == {("notes",)}


def test_a_refresh_leaves_no_gap(connect: OpenClient) -> None:
    writer = connect(durability="checkpoint")  # else the replica sees that the collection is gone for a while
    add(writer, "0")
    writer.checkpoint()
    replica = connect(mode="r")
    collection = replica.get_collection("notes", embedding_function=None)
    with querying(lambda: answer(collection)) as answers:
        for number in range(1, TIMES + 1):
            if number % 3 == 0:
                writer.delete_collection("notes")
                add(writer, "0", *(str(each) for each in range(1, number)))
            add(writer, str(number))
            writer.checkpoint()
            assert replica.refresh() is True
            assert replica.refresh() is False
            assert len(answer(collection)) == min(number + 1, 10)
    sizes = [len(each) for each in answers]
    assert sizes[0] == 1
    assert set(sizes) <= set(range(1, TIMES + 1))


def test_a_collection_that_is_missing_there_is_told_and_found_again(connect: OpenClient) -> None:
    client = connect()
    add(client, "1")
    client.checkpoint("old")
    later = add(client, "2", collection="later")
    client.checkpoint("new")
    client.restore("old")
    for use in (later.count, lambda: answer(later), lambda: later.add(ids=["3"], embeddings=[[1.0, 1.0]])):
        with pytest.raises(ChromaNotFoundError, match="does not exist"):
            use()
    with pytest.raises(ChromaNotFoundError, match="later"):
        client.get_collection("later", embedding_function=None)
    client.restore("new")
    assert answer(later) == {"2"}


def test_a_collection_that_was_renamed_is_the_same_one(connect: OpenClient) -> None:
    client = connect()
    collection = add(client, "1")
    client.checkpoint("old")
    collection.modify(name="renamed")
    add(client, "2")  # another of the first name
    client.checkpoint("new")
    client.restore("old")
    assert answer(collection) == {"1"}
    assert [each.name for each in client.list_collections()] == ["notes"]
    client.restore("new")
    assert answer(collection) == {"1"}
    assert ids(client, "renamed") == {"1"}
    assert ids(client) == {"2"}


def test_what_was_current_stays_restorable(connect: OpenClient) -> None:
    client = connect()
    add(client, "1")
    client.checkpoint("old")
    add(client, "2")
    assert client.restore("old").name == "old"
    assert ids(client) == {"1"}
    [kept] = [snapshot for snapshot in client.snapshots() if "before-restore" in snapshot.tags]
    client.restore(kept.id[:12])
    assert ids(client) == {"1", "2"}
    client.restore("old")
    client.close()
    assert ids(connect()) == {"1"}  # a restore is the newest state from then on


def test_a_restore_of_a_moment(connect: OpenClient) -> None:
    client = connect()
    moments = []
    for number in range(3):
        add(client, str(number))
        moments.append(client.checkpoint(f"state {number}").time)
        time.sleep(0.01)
    for number, moment in enumerate(moments):
        assert client.restore(at=moment).name == f"state {number}"
        assert ids(client) == {str(each) for each in range(number + 1)}
    with pytest.raises(NotFoundError, match="no snapshot is as old as"):
        client.restore(at=moments[0].replace(year=2001))
    with pytest.raises(InvalidArgumentError, match="both a snapshot"):
        client.restore("state 1", at=moments[0])
    assert ids(client) == {"0", "1", "2"}


def test_a_restore_of_what_is_not_there_changes_nothing(connect: OpenClient) -> None:
    client = connect()
    with pytest.raises(NotFoundError):
        client.restore()
    add(client, "1")
    with pytest.raises(NotFoundError):
        client.restore("never made")
    assert ids(client) == {"1"}
    assert client.status().pending == 1
    assert client.snapshots() == []
