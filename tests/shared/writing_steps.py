"""The steps of writers and readers upon one store, each done to the model too."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.shared import past
from tests.shared.past import Refused, State
from tests.shared.shop import Shop
from tests.shared.steps import NAMES, WRITERS, WRITES, Bulk, History, Kept, columns
from thoth_storage.errors import PermissionError_
from thoth_storage.store.client import LiveClient

__all__ = ["Writing"]


class Writing(RuleBasedStateMachine):
    """Two writers and two readers. The machine itself has what else happens."""

    @initialize()
    def open(self) -> None:
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="thoth-machine-")))
        self.shop = Shop(folder)
        self.stack.enter_context(self.shop.open_hours())
        self.history = History()
        self.kept: dict[str, Kept] = {}
        self.truncated = 0
        self.forgot = False
        self.clients: dict[str, LiveClient] = {}
        self.seen: dict[str, int] = {}
        """The entry at which a client is."""
        self.bulk: Bulk | None = None
        for name in ("first", "second"):
            self.start(name)
        self.create("first", "red", get=False, metadata={"k": 1})
        for name in ("follower", "reader"):
            self.start(name)

    def teardown(self) -> None:
        self.stack.close()

    # What is known.

    def start(self, name: str, cache: Path | None = None) -> None:
        readers: dict[str, dict[str, Any]] = {"follower": {"mode": "r", "refresh": 0}, "reader": {"mode": "r"}}
        more = readers.get(name, {})
        self.clients[name] = self.shop.open(cache, **more)
        self.seen[name] = self.shop.last

    def wrote(self, name: str | None, state: State) -> None:
        self.history.went_on(self.shop.last, state)
        if name:
            self.seen[name] = self.shop.last

    def is_far_behind(self, name: str) -> bool:
        """Whether it is not told what an object of a collection means to it after its next write: the collection may
        have another id in a state that comes from files."""
        seen = self.seen[name]
        return seen < self.history.last_set or seen < min(self.truncated, self.history.last_renamed)

    def bring_up(self, name: str) -> None:
        self.clients[name].refresh()
        self.seen[name] = self.shop.last

    # Writers.

    @rule(writer=WRITERS, name=NAMES, what=WRITES)
    def write(self, writer: str, name: str, what: tuple[str, dict[str, Any]]) -> None:
        verb, rows = what
        self.on_collection(
            writer,
            name,
            lambda collection: getattr(collection, verb)(**rows),
            lambda state, now: past.write(state, now, verb, rows),
        )

    @rule(writer=WRITERS, name=NAMES, what=WRITES, names=st.lists(WRITERS, min_size=1, max_size=3))
    def write_in_turn(self, writer: str, name: str, what: tuple[str, dict[str, Any]], names: list[str]) -> None:
        for each in names:
            self.write(each, name, what)

    @rule(writer=WRITERS, name=NAMES, rows=columns(), verb=st.sampled_from(["add", "upsert"]))
    def refused(self, writer: str, name: str, rows: dict[str, Any], verb: str) -> None:
        """Vectors of three numbers, among which none of the others'."""
        if (found := self.history.now.get(name)) and found.width is None:
            return
        rows = {**rows, "embeddings": [[*vector, 1.0] for vector in rows["embeddings"]]}
        self.write(writer, name, (verb, rows))

    @rule(writer=WRITERS, name=NAMES, rows=columns())
    def refused_at_once(self, writer: str, name: str, rows: dict[str, Any]) -> None:
        if name in self.history.states[self.seen[writer]]:
            before = self.shop.last
            twice = {column: values * 2 for column, values in rows.items()}
            with pytest.raises(Exception, match="duplicates"):
                self.clients[writer].get_collection(name).add(**twice)
            assert self.shop.last == before

    @rule(writer=WRITERS, name=NAMES, get=st.booleans(), metadata=st.none() | st.just({"k": 2}))
    def create(self, writer: str, name: str, get: bool, metadata: dict[str, Any] | None) -> None:
        client = self.clients[writer]
        if get and name in self.history.states[self.seen[writer]]:
            client.get_or_create_collection(name)
            return
        make = client.get_or_create_collection if get else client.create_collection
        try:
            state = past.create(self.history.now, name, get=get, metadata=None if get else metadata)
        except Refused:
            with pytest.raises(Exception, match="already exists"):
                make(name, embedding_function=None)
            self.wrote(writer, self.history.now)
            return
        made = make(name, embedding_function=None, **({} if get else {"metadata": metadata}))
        assert made.name == name
        self.wrote(writer, state)

    @rule(writer=WRITERS, name=NAMES)
    def drop(self, writer: str, name: str) -> None:
        try:
            state = past.drop(self.history.now, name)
        except Refused:
            with pytest.raises(Exception, match="does not exist"):
                self.clients[writer].delete_collection(name)
            self.wrote(writer, self.history.now)
            return
        self.clients[writer].delete_collection(name)
        self.wrote(writer, state)
        self.history.last_renamed = self.shop.last

    @rule(writer=WRITERS, name=NAMES, to=st.none() | NAMES, metadata=st.none() | st.just({"k": 3}))
    def modify(self, writer: str, name: str, to: str | None, metadata: dict[str, Any] | None) -> None:
        if to is None and metadata is None:
            return
        given = {"name": to, "metadata": metadata}
        changed = self.on_collection(
            writer,
            name,
            lambda collection: collection.modify(**{key: value for key, value in given.items() if value is not None}),
            lambda state, now: past.modify(state, now, to, metadata),
        )
        if changed and to:
            self.history.last_renamed = self.shop.last

    def on_collection(self, writer: str, name: str, call: Any, model: Any) -> bool:
        """A call on what the writer sees under that name, which may have another name by now, or none."""
        if self.is_far_behind(writer):
            self.bring_up(writer)
        client, view = self.clients[writer], self.history.states[self.seen[writer]]
        if name not in view:
            with pytest.raises(Exception, match="does not exist"):
                client.get_collection(name, embedding_function=None)
            return False
        collection = client.get_collection(name, embedding_function=None)
        now = past.named(self.history.now, view[name].number)
        try:
            state = None if now is None else model(self.history.now, now)
        except Refused:
            state = None
        if state is None:
            with pytest.raises(Exception, match=r"exist|dimension|not there|UNIQUE"):
                call(collection)
            self.wrote(writer, self.history.now)
            return False
        call(collection)
        self.wrote(writer, state)
        return True

    @rule(writer=WRITERS)
    def refresh(self, writer: str) -> None:
        is_behind = self.seen[writer] < self.shop.last
        assert self.clients[writer].refresh() == is_behind
        self.seen[writer] = self.shop.last

    # Readers.

    @rule()
    def reader_refreshes(self) -> None:
        is_behind = self.seen["reader"] < self.shop.last
        assert self.clients["reader"].refresh() == is_behind
        self.seen["reader"] = self.shop.last

    @rule(name=st.sampled_from(["follower", "reader"]))
    def readers_change_nothing(self, name: str) -> None:
        before = self.shop.last
        with pytest.raises(PermissionError_):
            self.clients[name].create_collection("mine")
        assert self.shop.last == before
