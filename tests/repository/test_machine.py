"""Random work of two clients on one store, with failures in between, against a model that is a dict a snapshot."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.repository.stores import SMALL, fresh_backend, new_repository, over
from tests.repository.trees import contents, noise, text
from tests.repository.wrappers import AtRequest, LosesReply, Refuses
from thoth_storage.errors import StorageError
from thoth_storage.repository import Repository

_paths = st.sampled_from(["a", "b", "dir/a", "dir/deep/b", "dir/c", "Ü", "other/x"])
_sizes = st.sampled_from([0, 1, 100, SMALL - 1, SMALL, SMALL + 1, 3 * SMALL, 5 * SMALL + 3])
_data = st.builds(lambda make, size, seed: make(size, seed), st.sampled_from([noise, text]), _sizes, st.integers(0, 2))
_who = st.integers(0, 1)
_kinds = st.sampled_from([Refuses, LosesReply])


class Machine(RuleBasedStateMachine):
    """The model knows what each snapshot must give back; it learns of a snapshot by its id alone."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="thoth-machine-"))
        self.source = self.folder / "source"
        self.source.mkdir()
        first = new_repository(fresh_backend())
        self.repositories = (first, Repository.open(first.url))
        self.now: dict[str, bytes] = {}
        self.snapshots: dict[str, dict[str, bytes]] = {}

    @initialize(data=_data)
    def begin(self, data: bytes) -> None:
        self.write("a", data)

    @rule(path=_paths, data=_data)
    def write(self, path: str, data: bytes) -> None:
        (self.source / path).parent.mkdir(parents=True, exist_ok=True)
        (self.source / path).write_bytes(data)
        self.now[path] = data

    @rule(path=_paths, at=st.integers(0, 6 * SMALL), byte=st.binary(min_size=1, max_size=1))
    def change_in_place(self, path: str, at: int, byte: bytes) -> None:
        data = self.now.get(path, b"")
        if at < len(data):
            with (self.source / path).open("r+b") as handle:
                handle.seek(at)
                handle.write(byte)
            self.now[path] = data[:at] + byte + data[at + 1 :]

    @rule(path=_paths)
    def remove(self, path: str) -> None:
        (self.source / path).unlink(missing_ok=True)
        self.now.pop(path, None)

    @rule(who=_who)
    def backup(self, who: int) -> None:
        self._made(self.repositories[who].backup(self.source).id)

    @rule(
        who=_who, number=st.integers(1, 12), kind=st.sampled_from([Refuses, LosesReply]), name=st.none() | st.just("n")
    )
    def backup_that_fails(self, who: int, number: int, kind: type[AtRequest], name: str | None) -> None:
        repository = self.repositories[who]
        try:
            made = over(repository, kind(repository.backend, number)).backup(self.source, name)
        except StorageError:
            new = {snapshot.id for snapshot in repository.snapshots()} - self.snapshots.keys()
            assert len(new) <= (kind is LosesReply)
            for id_ in new:
                self._made(id_)
        else:
            self._made(made.id)

    @precondition(lambda self: self.snapshots)
    @rule(who=_who, data=st.data())
    def restore(self, who: int, data: st.DataObject) -> None:
        wanted = data.draw(st.sampled_from(["latest", *self.snapshots]))
        self.repositories[who].restore(wanted, self.folder / "target", overwrite=True)
        expected = self.snapshots[[*self.snapshots][-1] if wanted == "latest" else wanted]
        assert contents(self.folder / "target") == expected

    @precondition(lambda self: self.snapshots)
    @rule(who=_who, number=st.integers(1, 6), data=st.data())
    def restore_that_fails(self, who: int, number: int, data: st.DataObject) -> None:
        wanted = data.draw(st.sampled_from([*self.snapshots]))
        before = contents(self.folder / "target") if (self.folder / "target").exists() else None
        repository = self.repositories[who]
        try:
            over(repository, Refuses(repository.backend, number)).restore(
                wanted, self.folder / "target", overwrite=True
            )
        except StorageError:
            after = contents(self.folder / "target") if (self.folder / "target").exists() else None
            assert after == before
        else:
            assert contents(self.folder / "target") == self.snapshots[wanted]

    @rule(who=_who)
    def verify(self, who: int) -> None:
        report = self.repositories[who].verify()
        assert report.problems == []
        assert report.snapshots == len(self.snapshots)

    @invariant()
    def the_list_is_right(self) -> None:
        for repository in self.repositories:
            assert [snapshot.id for snapshot in repository.snapshots()] == list(self.snapshots)[::-1]
        assert {path.name for path in self.folder.iterdir()} <= {"source", "target"}

    def teardown(self) -> None:
        for id_, expected in self.snapshots.items():
            self.repositories[0].restore(id_, self.folder / "target", overwrite=True)
            assert contents(self.folder / "target") == expected
        backend = self.repositories[0].backend
        backend.delete(*(info.key for info in backend.list()))
        shutil.rmtree(self.folder)

    def _made(self, id_: str) -> None:
        assert id_ not in self.snapshots
        self.snapshots[id_] = dict(self.now)


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
