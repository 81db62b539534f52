"""Programs of random steps on one store: writers, readers, kills, truncations, restores, bulk loads, against the states
that the store went through by the one order of its log.

A client shows the state at some entry, never one before what it showed, and it is known which: that of its own last
write, opening or refresh. One with ``refresh=0`` always shows the last.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, precondition, rule

from tests.shared import past
from tests.shared.past import State
from tests.shared.shop import contents
from tests.shared.steps import NAMES, WRITERS, WRITES, Bulk, Kept
from tests.shared.writing_steps import Writing
from thoth_storage import Repository
from thoth_storage.errors import ConflictError, NotFoundError


class Machine(Writing):
    # Ends and beginnings.

    @rule(name=st.sampled_from(["first", "second", "follower", "reader"]))
    def crash(self, name: str) -> None:
        self.shop.kill(self.clients[name])
        self.start(name)

    @rule(name=st.sampled_from(["first", "second", "follower", "reader"]))
    def reopen(self, name: str) -> None:
        self.start(name, self.shop.close(self.clients[name]))

    # Snapshots.

    @rule(writer=WRITERS)
    def checkpoint(self, writer: str) -> None:
        name = f"kept-{len(self.kept)}-{self.shop.last}"
        snapshot = self.clients[writer].checkpoint(name)
        assert snapshot.position is not None
        self.seen[writer] = snapshot.position
        self.kept[name] = Kept(snapshot.id, self.history.states[snapshot.position])

    @precondition(lambda self: self.kept)
    @rule(writer=WRITERS, data=st.data())
    def restore(self, writer: str, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.kept)))
        self.clients[writer].restore(name)
        self.wrote(writer, self.kept[name].state)
        self.history.last_set = self.shop.last

    @rule(writer=WRITERS, data=st.data())
    def restore_at(self, writer: str, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, self.shop.last))
        try:
            self.clients[writer].restore(at=self.history.moments[number])
        except NotFoundError:
            assert self.forgot or (self.truncated and self.is_before_all_that_is_kept(number)), "it is still kept"
            return
        self.wrote(writer, self.history.states[number])
        self.history.last_set = self.shop.last

    def is_before_all_that_is_kept(self, number: int) -> bool:
        """Also a time at which its state was that of the oldest checkpoint, if that was made later: when the entry was
        written went with it."""
        with Repository.open(self.shop.url) as repository:
            told = [(each.position, each.time) for each in repository.snapshots() if each.position is not None]
        return (number, self.history.moments[number]) < min(told)

    @rule(part=st.sampled_from([0.5, 1.0]))
    def truncate(self, part: float) -> None:
        self.truncated = self.shop.truncate(part)

    @rule(most=st.integers(1, 3))
    def forget(self, most: int) -> None:
        """All but the newest."""
        with Repository.open(self.shop.url) as repository:
            told = repository.snapshots()
            is_checkpoint = [each.position is not None and "conflict" not in each.tags for each in told]
            keep = max(most, is_checkpoint.index(True) + 1) if True in is_checkpoint else len(told)
            gone = {each.id for each in told[keep:]}
            if gone:
                repository.forget(sorted(gone))
                self.forgot = True
        self.kept = {name: each for name, each in self.kept.items() if each.id not in gone}

    # Work that is not logged.

    @precondition(lambda self: self.bulk is None)
    @rule()
    def bulk_begins(self) -> None:
        self.bulk = Bulk(self.shop.open(durability="checkpoint"), self.history.now, self.shop.last)

    @precondition(lambda self: self.bulk)
    @rule(name=NAMES, what=WRITES)
    def bulk_writes(self, name: str, what: tuple[str, dict[str, Any]]) -> None:
        assert self.bulk
        verb, rows = what
        if name not in self.bulk.state:
            self.bulk.client.create_collection(name, embedding_function=None)
            self.bulk.state = past.create(self.bulk.state, name, get=False)
        getattr(self.bulk.client.get_collection(name, embedding_function=None), verb)(**rows)
        self.bulk.state = past.write(self.bulk.state, name, verb, rows)
        self.bulk.is_pending = True

    @precondition(lambda self: self.bulk)
    @rule(by_close=st.booleans())
    def bulk_publishes(self, by_close: bool) -> None:
        assert self.bulk
        bulk, last, state = self.bulk, self.shop.last, self.bulk.state
        if by_close and not bulk.is_pending:
            self.shop.close(bulk.client)
            self.bulk = None
            assert self.shop.last == last
            return
        name = f"bulk-{len(self.kept)}-{last}"
        publish = bulk.client.close if by_close else lambda: bulk.client.checkpoint(name)
        if last != bulk.began:
            with pytest.raises(ConflictError) as lost:
                publish()
            assert self.shop.last == last
            assert lost.value.hint is not None
            name = lost.value.hint.split("'")[1]
            if not by_close:
                assert bulk.client.refresh()
                bulk.state = self.history.now
        else:
            publish()
            self.wrote(None, bulk.state)
            self.history.last_set = self.shop.last
        self.keep_by_name(name, state)
        bulk.began, bulk.is_pending = self.shop.last, False
        if by_close:
            self.bulk = None

    @precondition(lambda self: self.bulk and self.kept)
    @rule(data=st.data())
    def bulk_restores(self, data: st.DataObject) -> None:
        """Which decides about all that others did so far, once it is published."""
        assert self.bulk
        name = data.draw(st.sampled_from(sorted(self.kept)))
        last = self.shop.last
        self.bulk.client.restore(name)
        if self.shop.last != last:  # what it had before is published first, where it may be
            assert self.bulk.is_pending
            assert last == self.bulk.began
            self.wrote(None, self.bulk.state)
            self.history.last_set = self.shop.last
        self.bulk.state, self.bulk.began, self.bulk.is_pending = self.kept[name].state, self.shop.last, True

    @precondition(lambda self: self.bulk)
    @rule()
    def bulk_crashes(self) -> None:
        assert self.bulk
        self.shop.kill(self.bulk.client)
        self.bulk = None

    def keep_by_name(self, name: str, state: State) -> None:
        """If it was made under that name."""
        with Repository.open(self.shop.url) as repository:
            found = [each.id for each in repository.snapshots() if each.name == name]
        if found:
            self.kept[name] = Kept(found[0], state)

    # What must hold.

    @invariant()
    def all_show_what_they_must(self) -> None:
        assert len(self.history.states) == self.shop.last + 1
        self.seen["follower"] = self.shop.last
        for name, client in self.clients.items():
            assert contents(client) == told(self.history.states[self.seen[name]]), name
        if self.bulk:
            assert contents(self.bulk.client) == told(self.bulk.state)


def told(state: State) -> dict[str, Any]:
    return {name: (each.metadata, {key: tuple(row) for key, row in each.rows.items()}) for name, each in state.items()}


class LongMachine(Machine):
    """The same for longer."""


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=5, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLongMachine = pytest.mark.soak(LongMachine.TestCase)
TestLongMachine.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
