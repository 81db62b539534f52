"""The client does what chromadb's own does: collections, tenants and databases, settings, reset."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromadb.api import AdminAPI, ClientAPI
from chromadb.api.models.Collection import Collection
from chromadb.errors import ChromaError, InternalError, NotFoundError

from tests.live.drop_in import VERSION, Pair, Program, filled, plain
from thoth_storage import PersistentClient


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with Pair.opened(tmp_path) as pair:
        yield pair


NAMES = ("bbb", "aaa", "ddd", "ccc", "eee")


def make(client: Any, *names: str) -> list[Collection]:
    return [client.create_collection(name, embedding_function=None) for name in names]


def admin(client: Any) -> AdminAPI:
    found: AdminAPI = client._admin_client
    return found


def databases(client: Any) -> list[str]:
    return sorted(each["name"] for each in admin(client).list_databases(tenant="guest"))


def test_a_client_is_chromadbs(pair: Pair) -> None:
    assert isinstance(pair.ours, ClientAPI)
    assert type(make(pair.ours, "any")[0]) is Collection
    public = {name for name in dir(pair.theirs) if not name.startswith("_")}
    assert public <= set(dir(pair.ours))


def test_what_is_told_of_the_service(pair: Pair) -> None:
    pair.same(lambda client: client.get_version())
    assert pair.same(lambda client: client.get_max_batch_size()) > 1000
    pair.same(lambda client: vars(client.get_user_identity()))
    pair.same(lambda client: (client.get_settings().is_persistent, client.get_settings().allow_reset))
    before = time.time_ns()
    assert before <= pair.ours.heartbeat() <= time.time_ns()
    assert Path(pair.ours.get_settings().persist_directory, "chroma.sqlite3").exists()


def test_collections_come_and_go(pair: Pair) -> None:
    pair.same(lambda client: make(client, "one", "two", "three"))
    assert pair.same(lambda client: client.count_collections()) == 3
    pair.same(lambda client: client.get_collection("two"))
    pair.same(lambda client: client.get_or_create_collection("two", metadata={"other": 1}))
    pair.same(lambda client: client.create_collection("two", metadata={"more": 2}, get_or_create=True))
    assert pair.same(lambda client: client.delete_collection("two")) is None
    assert pair.same(lambda client: sorted(each.name for each in client.list_collections()))[1:] == ["one", "three"]
    pair.same(lambda client: client.get_or_create_collection("two", metadata={"new": True}, embedding_function=None))
    assert pair.same(lambda client: client.count_collections()) == 3


@pytest.mark.parametrize(
    "page", [(None, None), (2, None), (None, 1), (2, 1), (2, 4), (0, 0), (9, 9)], ids=lambda page: f"{page}"
)
def test_collections_are_listed_in_pages(pair: Pair, page: tuple[int | None, int | None]) -> None:
    """Chroma lists them in the order of their random ids."""
    pair.same(lambda client: make(client, *NAMES))
    pair.same(lambda client: len(client.list_collections(*page)))
    pair.same(lambda client: len(client.list_collections(limit=page[0], offset=page[1])))
    if page == (None, None):
        pair.same(lambda client: sorted(plain(client.list_collections())[1:], key=str))


def test_all_pages_together_have_every_collection_once(pair: Pair) -> None:
    make(pair.ours, *NAMES)
    assert sorted(each.name for start in (0, 2, 4) for each in pair.ours.list_collections(2, start)) == sorted(NAMES)


@pytest.mark.parametrize(
    "name", ["", "ab", "a b", "-abc", "abc-", "a..b", "x" * 513, "1.2.3.4", "äpfel", None, 7], ids=str
)
def test_names_that_chroma_takes_or_refuses(pair: Pair, name: Any) -> None:
    pair.both(lambda client: client.create_collection(name, embedding_function=None))
    pair.both(lambda client: client.get_or_create_collection(name, embedding_function=None))
    pair.both(lambda client: client.get_collection(name))
    pair.both(lambda client: client.delete_collection(name))


REFUSED: dict[str, tuple[Program, type[Exception]]] = {
    "a collection twice": (lambda client: make(client, "one", "one"), InternalError),
    "no such collection": (lambda client: client.get_collection("absent"), NotFoundError),
    "deleting none": (lambda client: client.delete_collection("absent"), NotFoundError),
    "an unknown tenant": (lambda client: client.set_tenant("absent"), ChromaError),
    "an unknown database": (lambda client: client.set_database("absent"), NotFoundError),
    "a database twice": (lambda client: admin(client).create_database("default_database"), InternalError),
    "a tenant twice": (lambda client: admin(client).create_tenant("default_tenant"), ChromaError),
    "deleting no database": (lambda client: admin(client).delete_database("absent"), NotFoundError),
    "a short name of a database": (lambda client: admin(client).create_database("x"), ChromaError),
    "a reset": (lambda client: client.reset(), ChromaError),
    "a fork": (lambda client: make(client, "one")[0].fork("two"), NotImplementedError),
    "a search": (lambda client: make(client, "one")[0].search([]), NotImplementedError),
    "an unknown argument": (lambda client: client.get_collection("one", colour="red"), TypeError),
    "a missing argument": (lambda client: client.create_collection(), TypeError),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_same_is_refused_with_the_same_words(pair: Pair, what: str) -> None:
    program, kind = REFUSED[what]
    raised = pair.same_refusal(program)
    assert issubclass(raised.kind, kind), raised


def test_tenants_and_databases(pair: Pair) -> None:
    pair.same(lambda client: make(client, "everywhere"))
    pair.same(lambda client: admin(client).create_tenant("guest"))
    pair.same(lambda client: admin(client).create_database("first", tenant="guest"))
    pair.same(lambda client: admin(client).create_database("second", tenant="guest"))
    pair.same(lambda client: admin(client).get_tenant("guest"))
    pair.same(lambda client: admin(client).get_database("first", tenant="guest"))
    pair.same(lambda client: len(admin(client).list_databases()))
    assert pair.same(databases)[1:] == ["first", "second"]
    assert pair.same(lambda client: len(admin(client).list_databases(5, 1, tenant="guest"))) == 1
    pair.same(lambda client: client.set_tenant("guest", "first"))
    assert pair.same(lambda client: client.count_collections()) == 0
    pair.same(lambda client: make(client, "everywhere")[0].add(ids=["1"], embeddings=[1.0, 2.0]))
    pair.same(lambda client: client.set_database("second"))
    assert pair.same_refusal(lambda client: client.get_collection("everywhere")).kind is NotFoundError
    pair.same(lambda client: (client.tenant, client.database))
    pair.reopen()
    pair.same(lambda client: (client.tenant, client.database))
    pair.same(lambda client: client.set_tenant("guest", "first"))
    pair.same(lambda client: client.get_collection("everywhere").get(include=["embeddings"]))
    pair.same(lambda client: admin(client).delete_database("second", tenant="guest"))
    assert pair.same(databases)[1:] == ["first"]
    pair.same(lambda client: client.set_tenant("default_tenant"))
    assert pair.same(lambda client: client.get_collection("everywhere").count()) == 0


def test_opening_in_a_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="absent"):
        PersistentClient(f"file://{tmp_path}/ours", database="absent", cache_dir=tmp_path / "cache")


def test_opening_in_a_database(pair: Pair, tmp_path: Path) -> None:
    admin(pair.ours).create_database("other")
    pair.ours.checkpoint()
    url = f"file://{tmp_path}/ours"
    with PersistentClient(url, None, "default_tenant", "other", cache_dir=tmp_path / "more", mode="r") as client:
        assert (client.tenant, client.database) == ("default_tenant", "other")


def test_a_reset_where_the_settings_allow_it(tmp_path: Path) -> None:
    with Pair.opened(tmp_path, allow_reset=True) as pair:
        pair.same(filled)
        assert pair.same(lambda client: client.reset()) is True
        assert pair.same(lambda client: client.count_collections()) == 0
        assert pair.same_refusal(lambda client: client.get_collection("filled")).kind is NotFoundError
        pair.same(lambda client: filled(client).get())
        pair.reopen()
        pair.same(lambda client: filled(client).get())


@pytest.mark.skipif(VERSION < (1, 5, 7), reason="this chromadb cannot do that yet")
def test_a_collection_by_its_id(pair: Pair) -> None:
    pair.same(filled)
    pair.same(lambda client: client.get_collection_by_id(client.get_collection("filled").id))
    unknown = pair.same_refusal(lambda client: client.get_collection_by_id("UUID"))
    assert unknown.kind is not AttributeError


def test_a_closed_client_can_be_closed_again_and_does_nothing_else(pair: Pair) -> None:
    pair.same(filled)
    pair.close()
    assert pair.same(lambda client: client.close()) is None
