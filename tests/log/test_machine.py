"""Several readers and writers of one log, lost replies, truncations and sleep, against a plain list.

What must hold: an acknowledged payload is in the list once, at its number; all see one order, which is the list's; and
nobody sees what a writer stored where entries had been truncated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.effort import NIGHT
from tests.log.logs import memory
from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import UnavailableError
from thoth_storage.log import Entry, FellBehindError, Log, Tail, clock, list_all, truncate, truncated
from thoth_storage.log.clock import GRACE
from thoth_storage.log.layout import parse_entry
from thoth_storage.testing import FaultyBackend
from thoth_storage.wrappers import RetryingBackend
from thoth_storage.wrappers.base import WrappedBackend

ACTORS = 4
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class World(WrappedBackend):
    """The service: its clock, and the list of what was stored where no truncation had been."""

    def __init__(self) -> None:
        super().__init__(memory())
        self.seconds = 1_000_000.0
        self.born: dict[str, float] = {}
        self.model: dict[int, bytes] = {}
        self.log = Log(self.inner, "model")

    @property
    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds)

    def create(self, key: str, data: bytes) -> None:
        self.inner.create(key, data)
        self.born[key] = self.seconds
        sequence = parse_entry(key)
        if sequence is not None and sequence > truncated(self.inner):
            entry = self.log.read(sequence)
            assert entry is not None
            assert sequence == len(self.model) + 1, "a hole, or a number that was given away before"
            self.model[sequence] = entry.payload

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        for info in self.inner.list(prefix):
            yield replace(info, mtime=EPOCH + timedelta(seconds=self.born[info.key]))


class Late(WrappedBackend):
    """An actor's way to the service, on which a create may be asleep for long, before it is sent or answered."""

    def __init__(self, inner: Backend, machine: LogMachine) -> None:
        super().__init__(inner)
        self._machine = machine
        self.before: list[float] = []
        self.after: list[float] = []

    def create(self, key: str, data: bytes) -> None:
        if self.before:
            self._machine.meanwhile(self.before.pop())
        try:
            self.inner.create(key, data)
        finally:
            if self.after:
                self._machine.meanwhile(self.after.pop())


@dataclass
class Actor:
    """One process. ``state`` is what it has applied: where it began, and the payloads since."""

    tail: Tail
    faulty: FaultyBackend
    late: Late
    acknowledged: list[tuple[int, bytes]] = field(default_factory=list)


class LogMachine(RuleBasedStateMachine):
    """Each rule is one call of one actor; what happens beside it happens within its requests."""

    @initialize(retrying=st.lists(st.booleans(), min_size=ACTORS, max_size=ACTORS))
    def begin(self, retrying: list[bool]) -> None:
        self.world = World()
        self.patch = mock.patch.object(clock, "now", self._now)
        self.patch.start()
        self.numbers = count(1)
        self.busy = False
        self.actors: list[Actor] = []
        for number, retries in enumerate(retrying):
            faulty = FaultyBackend(self.world)
            late = Late(faulty, self)
            way = RetryingBackend(late, first_pause=0, longest_pause=0) if retries else late
            self.actors.append(Actor(Tail(Log(way, f"actor {number}"), 0), faulty, late))

    def _now(self) -> clock.Moment:
        return self.world.seconds, self.world.seconds

    def teardown(self) -> None:
        if hasattr(self, "patch"):
            self.patch.stop()
            self.world.inner.delete(*(info.key for info in self.world.inner.list()))

    @rule(who=st.integers(0, ACTORS - 1))
    def read(self, who: int) -> None:
        self._read(self.actors[who])

    @rule(who=st.integers(0, ACTORS - 1), part=st.integers(1, 3))
    def read_and_take_a_part(self, who: int, part: int) -> None:
        self._read(self.actors[who], part)

    @rule(who=st.integers(0, ACTORS - 1))
    def append(self, who: int) -> None:
        self._append(self.actors[who])

    @rule(who=st.integers(0, ACTORS - 1), times=st.integers(2, 9))
    def append_many(self, who: int, times: int) -> None:
        for _ in range(times):
            self._append(self.actors[who])

    @rule(
        who=st.integers(0, ACTORS - 1),
        kind=st.sampled_from(["before", "after"]),
        verb=st.sampled_from(["create", "create", "get", "list", "delete"]),
    )
    def arm(self, who: int, kind: str, verb: str) -> None:
        self.actors[who].faulty.add(kind, verb)

    @rule(who=st.integers(0, ACTORS - 1), seconds=st.sampled_from([60.0, GRACE, 30 * GRACE]), answer=st.booleans())
    def append_asleep(self, who: int, seconds: float, answer: bool) -> None:
        late = self.actors[who].late
        (late.after if answer else late.before).append(seconds)
        self._append(self.actors[who])
        late.before.clear()
        late.after.clear()

    @rule(seconds=st.sampled_from([1.0, GRACE / 4, GRACE, 30 * GRACE]))
    def pass_time(self, seconds: float) -> None:
        self.world.seconds += seconds

    @rule(keep=st.integers(0, 3), lost=st.booleans())
    def truncate(self, keep: int, lost: bool) -> None:
        backend = FaultyBackend(self.world)
        if lost:
            backend.add("torn", "delete")
        through = len(self.world.model) - keep
        try:
            truncate(backend, through, self.world.now - timedelta(seconds=GRACE))
        except UnavailableError:
            assert lost

    def meanwhile(self, seconds: float) -> None:
        """An actor sleeps within a request, and the others go on."""
        if self.busy:
            return
        self.busy = True
        other = Actor(
            Tail(Log(self.world, "other"), truncated(self.world)), FaultyBackend(self.world), self.actors[0].late
        )
        for _ in range(2):
            self._append(other)
        self.world.seconds += seconds
        self._append(other)
        self.truncate(keep=1, lost=False)
        self.busy = False

    def _read(self, actor: Actor, most: int | None = None) -> None:
        try:
            entries = actor.tail.read()
        except UnavailableError:
            assert actor.faulty.injected
        except FellBehindError:
            self._renew(actor)
        else:
            for each in entries[:most]:
                self._take(actor, each)

    def _append(self, actor: Actor) -> None:
        payload = b"%d" % next(self.numbers)
        try:
            entry, ours = actor.tail.append(payload)
        except UnavailableError:
            return  # it may be in the list or not, and once at most: see the invariant
        except FellBehindError:
            assert payload not in self.world.model.values()
            self._renew(actor)
            return
        assert (entry.payload == payload) == ours
        if ours:
            actor.acknowledged.append((entry.sequence, payload))
        self._take(actor, entry)

    def _take(self, actor: Actor, entry: Entry) -> None:
        """Everybody sees what the list has at that number, one after the other."""
        assert entry.sequence == actor.tail.position + 1
        assert self.world.model.get(entry.sequence) == entry.payload
        actor.tail.take(entry)

    def _renew(self, actor: Actor) -> None:
        """From a checkpoint: everything that was truncated is in it."""
        behind = truncated(self.world)
        assert behind > actor.tail.position
        actor.tail = Tail(actor.tail.log, behind)

    @invariant()
    def the_list_is_what_was_acknowledged_and_each_once(self) -> None:
        if not hasattr(self, "world"):
            return
        payloads = list(self.world.model.values())
        assert len(set(payloads)) == len(payloads)
        for actor in self.actors:
            for sequence, payload in actor.acknowledged:
                assert self.world.model[sequence] == payload

    @invariant()
    def what_is_kept_is_the_end_of_the_list(self) -> None:
        if not hasattr(self, "world"):
            return
        extent = list_all(self.world)
        kept = [each.sequence for each in extent.entries if each.sequence > extent.truncated]
        assert kept == list(range(extent.truncated + 1, len(self.world.model) + 1))

    @precondition(lambda self: hasattr(self, "world") and self.world.model)
    @rule()
    def all_come_to_the_end(self) -> None:
        for actor in self.actors:
            actor.faulty.clear()
            for _ in range(len(self.world.model) + 2):
                if actor.tail.position < len(self.world.model):
                    self._read(actor)
            assert actor.tail.position == len(self.world.model)


TestLog = pytest.mark.exhaustive(LogMachine.TestCase)
TestLog.settings = settings(max_examples=80 if NIGHT else 15, stateful_step_count=40, deadline=None)
