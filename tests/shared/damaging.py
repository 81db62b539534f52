"""Stores with a log that is not whole any more, and what those who have them open are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.live.conftest import OpenClient
from thoth_storage.errors import StorageError
from thoth_storage.log import list_all, truncate
from thoth_storage.log.layout import entry_key
from thoth_storage.registry import open_backend
from thoth_storage.repository.records import list_keys
from thoth_storage.store.client import LiveClient

__all__ = ["DAMAGES", "Damage", "Shop", "add", "rows", "told"]


def notes(client: LiveClient) -> Any:
    return client.get_collection("notes", embedding_function=None)


def add(client: LiveClient, *names: str) -> None:
    """An entry for each."""
    for name in names:
        notes(client).add(ids=[name], embeddings=[[1.0, 1.0]])


def rows(client: LiveClient) -> set[str]:
    return set(notes(client).get(include=[])["ids"])


def told(call: Callable[[], object]) -> StorageError | None:
    """What went wrong, if anything."""
    try:
        call()
    except StorageError as error:
        return error
    return None


class Shop:
    """A store with entries 1 (the collection), 2 and 3, a checkpoint ``first`` of them, and entries 4 to 8. ``reader``
    and ``writer`` have come to entry 4."""

    def __init__(self, connect: OpenClient, folder: Path) -> None:
        self.connect = connect
        self.folder = folder
        self.backend = open_backend(f"file://{folder}")
        self.author = connect()
        self.author.create_collection("notes", embedding_function=None)
        add(self.author, "2", "3")
        self.first = self.author.checkpoint("first").id
        add(self.author, "4")
        self.reader, self.follower, self.writer = connect(refresh=0), connect(mode="r"), connect()
        assert rows(self.reader) == rows(self.follower) == rows(self.writer) == {"2", "3", "4"}

    def go_on(self) -> None:
        add(self.author, "5", "6", "7", "8")

    def entry(self, sequence: int) -> Path:
        return self.folder / entry_key(sequence)

    def last(self) -> int:
        return list_all(self.backend).last

    def drop(self, *snapshots: str) -> None:
        """As by somebody who deletes objects by hand."""
        gone = [key.key for key in list_keys(self.backend) if key.id in snapshots]
        assert len(gone) == len(snapshots)
        self.backend.delete(*gone)


@dataclass(frozen=True)
class Damage:
    """What ``wound`` does to a shop; gives a snapshot that is still there. ``names`` has to be in the error's key or
    message; ``left`` are the rows that those who were open may still show. ``is_gone``: an entry is missing."""

    wound: Callable[[Shop], str]
    names: str
    left: frozenset[str]
    is_gone: bool = False


def _flip(shop: Shop) -> str:
    shop.go_on()
    data = bytearray(shop.entry(6).read_bytes())
    data[len(data) // 2] ^= 1
    shop.entry(6).write_bytes(data)
    return shop.first


def _cut(shop: Shop) -> str:
    shop.go_on()
    shop.entry(6).write_bytes(shop.entry(6).read_bytes()[:-1])
    return shop.first


def _miss(shop: Shop) -> str:
    shop.go_on()
    shop.entry(6).unlink()
    return shop.first


def _swap(shop: Shop) -> str:
    shop.go_on()
    shop.entry(6).write_bytes(shop.entry(7).read_bytes())
    return shop.first


def _truncate(shop: Shop) -> str:
    shop.go_on()
    gone = shop.author.checkpoint("second").id
    truncate(shop.backend, 8, datetime.now(UTC) + timedelta(hours=1))
    shop.drop(gone)
    return shop.first


def _forget(shop: Shop) -> str:
    """The state is that of a snapshot that was deleted, and no later one holds it."""
    shop.author.checkpoint("wanted")
    add(shop.author, "5")
    shop.author.restore("wanted")
    kept = {"first"}
    shop.drop(*(each.id for each in shop.author.snapshots() if each.name not in kept))
    return shop.first


DAMAGES = {
    "a bit": Damage(_flip, entry_key(6), frozenset("2345")),
    "cut": Damage(_cut, entry_key(6), frozenset("2345")),
    "missing": Damage(_miss, entry_key(6), frozenset("2345"), is_gone=True),
    "another": Damage(_swap, entry_key(6), frozenset("2345")),
    "truncated": Damage(_truncate, "truncated up to entry 8", frozenset("234"), is_gone=True),
    "no state": Damage(_forget, "log entry 6", frozenset("2345")),
}
