"""Processes: a backend can be pickled, spawned into, forked with, and raced from several processes at once."""

from __future__ import annotations

import os
import pickle

from thoth_storage.backend import Backend
from thoth_storage.testing import children
from thoth_storage.testing.suite_base import SuiteBase, keys_of

__all__ = ["Processes"]


class Processes(SuiteBase):
    """A backend that says it is ``process_local`` has no other process to share with: there only what holds within
    one process is tested."""

    def test_a_pickled_copy_is_the_same_store(self, backend: Backend) -> None:
        backend.put("object", b"original")
        copy: Backend = pickle.loads(pickle.dumps(backend))
        assert (copy.url, copy.capabilities) == (backend.url, backend.capabilities)
        assert copy.get("object") == b"original"
        copy.put("object", b"copy")
        assert backend.get("object") == b"copy"
        copy.close()

    def test_one_of_many_processes_creates(self, backend: Backend) -> None:
        if backend.capabilities.process_local or not backend.capabilities.atomic_create:
            return
        keys = [f"race/{number:03d}" for number in range(self.process_rounds)]
        contents = [f"process {number}".encode() for number in range(self.processes)]
        won = children.run("spawn", children.race, [(backend, keys, data) for data in contents], self.patience)
        for round_, key in enumerate(keys):
            winners = [number for number in range(self.processes) if won[number][round_]]
            assert len(winners) == 1, f"{len(winners)} of {self.processes} processes created {key!r}"
            assert backend.get(key) == contents[winners[0]], "the object is not the winner's"
        assert keys_of(backend) == keys

    def test_use_in_a_spawned_process(self, backend: Backend) -> None:
        if backend.capabilities.process_local:
            return
        backend.put("from-parent", b"hello")
        (seen,) = children.run("spawn", children.look_and_leave, [(backend, "from-parent")], self.patience)
        assert seen == (b"hello", ["from-child", "from-parent"])
        assert backend.get("from-child") == b"hellohello"

    def test_use_after_a_fork(self, backend: Backend) -> None:
        """The parent has used it before, so threads and connections are there that the child does not have."""
        if not hasattr(os, "fork"):
            return
        backend.put("from-parent", b"hello")
        assert keys_of(backend) == ["from-parent"]
        (seen,) = children.run("fork", children.look_and_leave, [(backend, "from-parent")], self.patience)
        assert seen == (b"hello", ["from-child", "from-parent"])
        assert backend.get("from-parent") == b"hello"
        if not backend.capabilities.process_local:
            assert backend.get("from-child") == b"hellohello"
