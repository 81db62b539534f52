"""Objects of collections are found by name for as long as the program has them, and no longer."""

from __future__ import annotations

import gc

from tests.live.conftest import OpenClient
from tests.live.programs import add, ids
from thoth_storage.store.client import LiveClient


def remembered(client: LiveClient) -> int:
    gc.collect()
    return len(client.live._state.handles.names())


def test_collections_that_went_with_their_state_are_forgotten(connect: OpenClient) -> None:
    client = connect()
    held = add(client, "1")
    client.checkpoint("start")
    for number in range(5):
        for each in range(4):
            client.create_collection(f"passing-{number}-{each}", embedding_function=None)
        assert len(client.list_collections()) == 5
        client.restore("start")
    assert remembered(client) == 1
    assert held.count() == 1


def test_collections_that_others_delete_are_forgotten_by_a_replica(connect: OpenClient) -> None:
    writer = connect()
    add(writer, "1")
    writer.checkpoint()
    replica = connect(mode="r")
    for number in range(5):
        writer.create_collection(f"passing-{number}", embedding_function=None)
        writer.checkpoint()
        assert replica.refresh()
        assert len(replica.list_collections()) == 2
        writer.delete_collection(f"passing-{number}")
    assert remembered(replica) == 0


def test_one_of_two_objects_is_enough(connect: OpenClient) -> None:
    client = connect()
    add(client, "1")
    client.checkpoint("old")
    client.delete_collection("notes")
    first = add(client, "2")
    second = client.get_collection("notes", embedding_function=None)
    del first
    assert remembered(client) == 1
    client.restore("old")
    assert second.get()["ids"] == ["1"]
    assert remembered(client) == 1


def test_an_object_is_found_again_and_again_and_by_its_newest_name(connect: OpenClient) -> None:
    client = connect()
    add(client, "1")
    client.checkpoint("old")
    client.delete_collection("notes")
    held = add(client, "2")
    client.checkpoint("new")
    for _ in range(3):
        client.restore("old")
        assert held.get()["ids"] == ["1"]
        client.restore("new")
        assert held.get()["ids"] == ["2"]
    client.restore("old")
    held.modify(name="renamed")
    client.checkpoint("renamed")
    client.delete_collection("renamed")
    add(client, "3", collection="renamed")
    client.checkpoint("anew")
    client.restore("renamed")
    assert ids(client, "renamed") == {"1"}


def test_a_name_that_is_given_to_an_object_with_another_id_is_its_name(connect: OpenClient) -> None:
    client = connect()
    add(client, "1", collection="other")
    client.checkpoint("other")
    add(client, "1")
    client.checkpoint("old")
    client.delete_collection("notes")
    held = add(client, "2")
    client.restore("old")  # by name, so with another id
    client.delete_collection("other")
    held.modify(name="other")
    client.restore("other")
    assert held.count() == 1


def test_a_deleted_one_stays_deleted(connect: OpenClient) -> None:
    client = connect()
    held = [add(client, "1", collection=f"passing-{number}") for number in range(3)]
    for each in held:
        client.delete_collection(each.name)
    assert remembered(client) == 0
