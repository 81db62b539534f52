"""Random work of two actors on one repository, with failures in between and each other in the way, against a model.

What is drawn never depends on what is stored: threads race, and a replay must draw the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.repository.copies import KEYS
from tests.repository.machine import Armed, Base, together
from tests.repository.pruning import NOW
from tests.repository.stores import SMALL, objects
from tests.repository.trees import contents, noise, text
from thoth_storage.errors import NotFoundError, StorageError
from thoth_storage.repository import Repository

pytestmark = pytest.mark.exhaustive

_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=25)

_paths = st.sampled_from(["a", "b", "dir/a", "dir/deep/b", "dir/c", "Ü", "other/x"])
_sizes = st.sampled_from([0, 1, 100, SMALL - 1, SMALL, SMALL + 1, 3 * SMALL, 5 * SMALL + 3])
_data = st.builds(lambda make, size, seed: make(size, seed), st.sampled_from([noise, text]), _sizes, st.integers(0, 2))
_who = st.integers(0, 1)
_which = st.integers(0, 9)
_names = st.sampled_from(["n", "m"])
_tags = st.lists(st.sampled_from(["t", "u", "v"]), max_size=2, unique=True)
_graces = st.sampled_from([NOW, _HOUR, _DAY])
_unused = st.sampled_from([0.0, 0.1, 0.5, 1.0])
_armed = st.one_of(
    st.builds(Armed, st.sampled_from(["before", "after", "slow"]), st.just(()), st.integers(1, 20)),
    *(
        st.builds(Armed, st.sampled_from(["before", "after", "torn"]), st.just((verb,)), st.integers(1, most))
        for verb, most in (("put", 4), ("create", 4), ("list", 8), ("delete", 4))
    ),
)
_maybe = st.none() | _armed
_Change = tuple[int, str, bytes]
_changes = st.lists(st.tuples(_who, _paths, _data), max_size=1)
_turns = st.lists(st.integers(1, 20), min_size=1, max_size=4)


class Machine(Base):
    """Each rule is one verb, and what the model makes of it."""

    @initialize(seed=st.integers(0, 2))
    def begin(self, seed: int) -> None:
        """Some blocks that both have, and some that each has by itself."""
        for who in (0, 1):
            self.write(who, "a", noise(4 * SMALL + 5, seed))
            self.write(who, "dir/c", noise(3 * SMALL, who))

    def write(self, who: int, path: str, data: bytes) -> None:
        (self.sources[who] / path).parent.mkdir(parents=True, exist_ok=True)
        (self.sources[who] / path).write_bytes(data)
        self.now[who][path] = data

    @rule(who=_who, path=_paths, at=st.integers(0, 6 * SMALL), byte=st.binary(min_size=1, max_size=1))
    def change_in_place(self, who: int, path: str, at: int, byte: bytes) -> None:
        data = self.now[who].get(path, b"")
        if at < len(data):
            self.write(who, path, data[:at] + byte + data[at + 1 :])

    @rule(who=_who, path=_paths)
    def remove(self, who: int, path: str) -> None:
        (self.sources[who] / path).unlink(missing_ok=True)
        self.now[who].pop(path, None)

    @rule(by=st.sampled_from([_HOUR, _DAY]))
    def time_passes(self, by: timedelta) -> None:
        self.store.later(by)

    @rule(
        who=_who,
        change=st.none() | st.tuples(_paths, _data),
        name=st.none() | _names,
        tags=_tags,
        deltas=st.booleans(),
        armed=_maybe,
    )
    def backup(
        self,
        who: int,
        change: tuple[str, bytes] | None,
        name: str | None,
        tags: list[str],
        deltas: bool,
        armed: Armed | None,
    ) -> None:
        if change:
            self.write(who, *change)

        def act(repository: Repository) -> None:
            made = repository.backup(self.sources[who], name, tags, deltas=deltas)
            self.model.made(made, self.now[who], name, tags)

        outcome = self.act(who, act, armed)
        self.recover(outcome)
        new = [snapshot for snapshot in self.actors[who].snapshots() if snapshot.id not in self.model.images]
        assert len(new) <= (not outcome.done)
        for snapshot in new:
            # The reply to the commit was lost, or the look behind it failed.
            assert outcome.lost_reply or outcome.verb in {"list", "get"}
            self.model.made(snapshot, self.now[who], name, tags)

    @rule(who=_who, last=st.integers(0, 5), daily=st.integers(0, 2), tags=_tags, dry=st.booleans(), armed=_maybe)
    def forget(self, who: int, last: int, daily: int, tags: list[str], dry: bool, armed: Armed | None) -> None:
        kept = self.model.kept(last, daily, tags)
        refused = not (last or daily or tags) or (bool(self.model.images) and not kept)
        gone = [image.id for image in reversed(self.model.newest_first) if image.id not in kept]

        def act(repository: Repository) -> object:
            return repository.forget(keep_last=last, keep_daily=daily, keep_tags=tags, dry_run=dry)

        self.forgets(who, act, armed, [] if refused or dry else gone, refused)

    @rule(who=_who, which=st.lists(_which, min_size=1, max_size=2), armed=_maybe)
    def forget_these(self, who: int, which: list[int], armed: Armed | None) -> None:
        wanted = {image.id for image in map(self.model.pick, which) if image}
        refused = any(map(self.model.relied_on, wanted))
        gone = [image.id for image in reversed(self.model.newest_first) if image.id in wanted]
        self.forgets(who, lambda repository: repository.forget(wanted), armed, [] if refused else gone, refused)

    @rule(who=_who, grace=_graces, unused=_unused, dry=st.booleans(), armed=_maybe)
    def prune(self, who: int, grace: timedelta, unused: float, dry: bool, armed: Armed | None) -> None:
        before = objects(self.store)
        self.recover(self.act(who, lambda repository: repository.prune(dry, grace, unused), armed))
        assert not dry or objects(self.store) == before

    @rule(who=_who, part=st.sampled_from([True, False, 0.5, "1/2", "2/2"]))
    def verify(self, who: int, part: bool | float | str) -> None:
        report = self.actors[who].verify(part)
        assert report.problems == []
        assert report.snapshots == len(self.model.images)

    @rule(who=_who, drop=st.booleans())
    def repair(self, who: int, drop: bool) -> None:
        """There is nothing to do."""
        before = objects(self.store)
        assert self.actors[who].repair(drop=drop, source=self.sources[who]).ok
        assert objects(self.store) == before

    @rule(who=_who, which=_which, name=_names, armed=_maybe)
    def give_name(self, who: int, which: int, name: str, armed: Armed | None) -> None:
        image = self.model.pick(which)
        if image:
            self.tells(
                who,
                lambda repository: repository.set_name(name, image.id),
                lambda: self.model.named(name, image.id),
                armed,
            )

    @rule(who=_who, name=_names, armed=_maybe)
    def take_name(self, who: int, name: str, armed: Armed | None) -> None:
        if self.model.given.get(name, (None,))[0]:
            self.tells(
                who, lambda repository: repository.remove_name(name), lambda: self.model.named(name, None), armed
            )

    @rule(who=_who, which=_which, add=_tags, remove=_tags, armed=_maybe)
    def tag(self, who: int, which: int, add: list[str], remove: list[str], armed: Armed | None) -> None:
        image = self.model.pick(which)
        remove = [tag for tag in remove if tag not in add]
        if image:
            self.tells(
                who,
                lambda repository: repository.tag(image.id, add, remove),
                lambda: self.model.tagged(image.id, add, remove),
                armed,
            )

    @rule(who=_who, which=_which, by=st.sampled_from(["id", "latest", "at", "n", "m"]), dry=st.booleans(), armed=_maybe)
    def restore(self, who: int, which: int, by: str, dry: bool, armed: Armed | None) -> None:
        image = self.model.pick(0 if by == "latest" else which)
        wanted = image.id if image and by == "id" else None if by == "at" else by
        if by in {"n", "m"}:
            image = self.model.images.get(self.model.meaning(by) or "")
        before = contents(self.target)

        def act(repository: Repository) -> None:
            at = image.time if image and by == "at" else None
            repository.restore(wanted, self.target, overwrite=True, at=at, dry_run=dry)

        if image is None:
            with pytest.raises(NotFoundError):
                act(self.actors[who])
            return
        done = self.act(who, act, armed).done
        assert contents(self.target) == (image.contents if done and not dry else before)

    @rule(who=_who, which=_which)
    def restore_a_part(self, who: int, which: int) -> None:
        image = self.model.pick(which)
        if image is None:
            return
        part = {path: data for path, data in image.contents.items() if path.startswith("dir/") or path.endswith("b")}
        before = contents(self.target) if self.target.exists() else {}
        try:
            self.actors[who].restore(image.id, self.target, ["dir", "*b"], overwrite=True)
        except NotFoundError:
            # Of both patterns one matches nothing.
            assert not (any(path.startswith("dir/") for path in part) and any(path.endswith("b") for path in part))
            assert (contents(self.target) if self.target.exists() else {}) == before
        else:
            assert contents(self.target) == {**before, **part}

    @rule(
        mine=st.sampled_from(["backup", "restore", "prune"]),
        theirs=st.sampled_from(["backup", "prune", "prune at once", "forget"]),
        changes=_changes,
        turns=_turns,
        which=_which,
    )
    def at_once(self, mine: str, theirs: str, changes: list[_Change], turns: list[int], which: int) -> None:
        """Both work at once, each some requests and then the other."""
        self.race(mine, theirs, changes, turns, which)

    @rule(races=st.lists(st.tuples(st.integers(3, 14), st.integers(8, 45)), min_size=3, max_size=3))
    def overtaken(self, races: list[tuple[int, int]]) -> None:
        """What a backup builds on is forgotten and deleted beside it: of all races the one that could do most harm."""
        for begun, meanwhile in races:
            for who in (0, 1):
                self.doings(who, 0)["backup"](self.actors[who])
            self.race("backup", "forget", [], [begun, meanwhile], 0)
            self.all_is_well()

    def race(self, mine: str, theirs: str, changes: list[_Change], turns: list[int], which: int) -> None:
        for change in changes:
            self.write(*change)
        image = self.model.pick(which)
        if mine == "restore" and image is None:
            return
        before = contents(self.target)
        doings = [self.doings(0, which)[mine], self.doings(1, which)[theirs]]
        first, second = together(self.actors, self.store, doings, turns)
        second.result()
        if mine == "restore" and isinstance(first.exception(), StorageError):
            # Who reads what is forgotten, or deleted without grace, may find it gone: and then has done nothing.
            assert theirs in {"forget", "prune at once"}
            assert contents(self.target) == before
        else:
            first.result()
            assert mine != "restore" or (image and contents(self.target) == image.contents)

    def doings(self, who: int, which: int) -> dict[str, Callable[[Repository], object]]:
        image = self.model.pick(which)
        others = [each.id for each in self.model.newest_first if each != image and not self.model.relied_on(each.id)]

        def backup(repository: Repository) -> None:
            self.model.made(repository.backup(self.sources[who]), self.now[who], None, ())

        def forget(repository: Repository) -> None:
            repository.forget(others)
            self.model.gone(others)
            repository.prune(grace=NOW, max_unused=0)

        return {
            "backup": backup,
            "forget": forget,
            "prune": lambda repository: repository.prune(grace=_DAY, max_unused=0),
            "prune at once": lambda repository: repository.prune(grace=NOW, max_unused=0),
            "restore": lambda repository: repository.restore(image.id if image else "", self.target, overwrite=True),
        }


class EncryptedMachine(Machine):
    key = KEYS[0]


class LongMachine(Machine):
    """For the night."""


class LongEncryptedMachine(EncryptedMachine):
    """So is this."""


few = settings(
    max_examples=3,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
TestMachine, TestEncryptedMachine = Machine.TestCase, EncryptedMachine.TestCase
TestLongMachine = pytest.mark.soak(LongMachine.TestCase)
TestMachine.settings = few
TestEncryptedMachine.settings = settings(few, max_examples=2)
TestLongEncryptedMachine = pytest.mark.soak(LongEncryptedMachine.TestCase)
TestLongMachine.settings = TestLongEncryptedMachine.settings = settings(few, max_examples=30)
