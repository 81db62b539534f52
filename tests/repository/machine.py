"""What the rules of the machine stand on: two actors whose requests fail on purpose, and what must hold at all times.

An action that raises has been done or not, as the request that failed allows, and nothing between. A torn write is the
exception, since the contract of a backend rules it out: half an object stays under its key. What must hold even then:
all snapshots stay whole, verification names that object and no other, no restore gives a wrong byte, and a repair
removes it (or a prune, where only its age tells that nobody needs it).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.repository.copies import make
from tests.repository.model import Model
from tests.repository.pruning import Ages
from tests.repository.stores import SMALL, objects, over
from tests.repository.trees import contents
from tests.repository.wrappers import AtRequest
from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import CorruptionError, InvalidArgumentError, StorageError
from thoth_storage.repository import Repository, labels, packs, partials, scan, summaries, sweep
from thoth_storage.testing import FaultyBackend
from thoth_storage.testing.faults import Injected

__all__ = ["Armed", "Base", "together"]

_T = TypeVar("_T")
Doing = Callable[[Repository], object]


class Aging(Ages):
    """Also while several threads store and list."""

    def _aged(self, info: ObjectInfo) -> ObjectInfo:
        # Listed by one thread before the other, which has just stored it, could note its age.
        self._born.setdefault(info.key, self._shift)
        return super()._aged(info)


@dataclass(frozen=True)
class Armed:
    """A fault for the ``number``-th of the coming requests of these verbs."""

    kind: str
    verbs: tuple[str, ...]
    number: int


class Turns(AtRequest):
    """One of two actors who take turns, each for so many requests as is told, and then to the end."""

    def __init__(self, inner: Backend, who: int, order: Order) -> None:
        super().__init__(inner, 0)
        self._who = who
        self._order = order

    def _through(self, verb: str, key: str, do: Callable[[], _T]) -> _T:
        with self._order.changed:
            self._order.changed.wait_for(lambda: self._order.turn == self._who or self._order.ended)
            try:
                return do()
            finally:
                self._order.count()


class Order:
    """Whose turn it is, and for how many requests yet."""

    def __init__(self, turns: Iterable[int]) -> None:
        self.changed = threading.Condition()
        self.turn = 0
        self.ended = False
        self._turns = iter(turns)
        self._left = next(self._turns)

    def count(self) -> None:
        self._left -= 1
        if not self._left:
            self._left = next(self._turns, -1)
            self.turn = 1 - self.turn
            self.changed.notify_all()

    def end(self) -> None:
        """One of them is through, and the other need not wait any more."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()


def together(
    repositories: list[Repository], store: Backend, doings: list[Doing], turns: list[int]
) -> list[Future[None]]:
    """Two actors do their work at once, request by request in a given order."""
    order = Order(turns)

    def run(who: int) -> None:
        try:
            doings[who](over(repositories[who], Turns(store, who, order)))
        finally:
            order.end()

    with ThreadPoolExecutor(2) as pool:
        return [pool.submit(run, who) for who in (0, 1)]


@dataclass(frozen=True)
class Outcome:
    """Whether an action came to its end, and the fault that struck it, if one did."""

    done: bool
    struck: Injected | None

    @property
    def verb(self) -> str:
        return self.struck.verb if self.struck else ""

    @property
    def lost_reply(self) -> bool:
        """Whether something was created, and the action was told that it may not be."""
        return self.struck is not None and (self.struck.kind, self.struck.verb) == ("after", "create")

    @property
    def torn(self) -> str | None:
        """The key of an object of which half is stored."""
        torn = self.struck and self.struck.kind == "torn" and self.struck.verb in {"put", "create"}
        return self.struck.keys[0] if self.struck and torn else None


class Base(RuleBasedStateMachine):
    """A repository of small packs, whose housekeeping is due after a few records."""

    key: bytes | None = None

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        for module, name, value in (
            (packs, "PACK_SIZE", 3 * SMALL),
            (partials, "_EVERY", 2),
            (summaries, "_BEHIND", 2),
            (sweep, "_MANY", 3),
            (labels, "_MANY", 2),
            # Nothing loses power here, and nobody changes a source while it is read.
            (os, "fsync", lambda _: None),
            (scan, "_TICK", 0),
        ):
            self.patch.setattr(module, name, value)
        self.folder = Path(tempfile.mkdtemp(prefix="thoth-machine-"))
        self.target = self.folder / "target"
        self.store = Aging()
        make(self.key, self.store)
        self.faulty = [FaultyBackend(self.store), FaultyBackend(self.store)]
        self.actors = [Repository.open(each, encryption_key=self.key) for each in self.faulty]
        self.sources = [self.folder / "source0", self.folder / "source1"]
        self.now: list[dict[str, bytes]] = [{}, {}]
        self.model = Model()

    def act(self, who: int, do: Doing, armed: Armed | None) -> Outcome:
        """Do something that a fault may strike. Nothing else may go wrong."""
        faulty = self.faulty[who]
        before = len(faulty.injected)
        if armed:
            faulty.add(armed.kind, armed.verbs, every=armed.number, seconds=0.001)
        done = False
        try:
            do(self.actors[who])
            done = True
        except StorageError:
            if len(faulty.injected) == before:
                raise
        finally:
            faulty.clear()
        struck = faulty.injected[before:]
        return Outcome(done, struck[0] if struck else None)

    def tells(self, who: int, do: Doing, told: Callable[[], None], armed: Armed | None) -> None:
        """An action that creates one record, in its last request."""
        outcome = self.act(who, do, armed)
        if outcome.done or outcome.lost_reply:
            told()
        self.recover(outcome)

    def forgets(self, who: int, do: Doing, armed: Armed | None, gone: list[str], refused: bool) -> None:
        """An action that deletes snapshots in its last request, the oldest first; or that is refused."""
        try:
            outcome = self.act(who, do, armed)
        except InvalidArgumentError:
            assert refused
            return
        assert not (outcome.done and refused)
        kind = outcome.struck.kind if outcome.struck and outcome.verb == "delete" else "before"
        count = len(gone) if outcome.done else {"before": 0, "torn": len(gone) // 2}.get(kind, len(gone))
        self.model.gone(gone[:count])

    def recover(self, outcome: Outcome) -> None:
        """Half an object does no harm, is found and goes again."""
        key = outcome.torn
        if key is None or key.startswith("packs/"):
            return
        repository = self.actors[0]
        assert {problem.key for problem in repository.verify().problems} == {key}
        self.restore_all()
        if key.startswith("snapshots/"):
            with pytest.raises(CorruptionError):
                repository.restore(key.rpartition("-")[2], self.folder / "all", overwrite=True)
        repository.repair(drop=True)
        if key in objects(self.store):
            assert key.startswith(("index/clock-", "index/claims-"))
            self.store.later(timedelta(hours=2))
            repository.prune(grace=timedelta(hours=25), max_unused=1)
        assert key not in objects(self.store)

    def restore_all(self) -> None:
        for image in self.model.newest_first:
            self.actors[0].restore(image.id, self.folder / "all", overwrite=True)
            assert contents(self.folder / "all") == image.contents

    @invariant()
    def all_is_told_as_it_is(self) -> None:
        for repository in self.actors:
            told = [(s.id, s.time, s.name, s.names, s.tags) for s in repository.snapshots()]
            assert told == [
                (image.id, image.time, image.name, self.model.names(image.id), tuple(image.tags))
                for image in self.model.newest_first
            ]

    @invariant()
    def all_is_well(self) -> None:
        assert self.actors[0].verify(read_data=False).problems == []
        assert {path.name for path in self.folder.iterdir()} <= {"source0", "source1", "target", "all"}

    def teardown(self) -> None:
        try:
            assert self.actors[1].verify().problems == []
            self.restore_all()
        finally:
            self.store.delete(*objects(self.store))
            shutil.rmtree(self.folder)
            self.patch.undo()
