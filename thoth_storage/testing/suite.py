"""Every obligation of the contract as a test. A subclass says where, and inherits them all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import configuration
from hypothesis.stateful import run_state_machine_as_test

from thoth_storage.backend import Backend
from thoth_storage.testing.stateful import BackendMachine
from thoth_storage.testing.suite_atomicity import Atomicity
from thoth_storage.testing.suite_deletes import Deletes
from thoth_storage.testing.suite_keys import Keys
from thoth_storage.testing.suite_lifecycle import Lifecycle
from thoth_storage.testing.suite_listing import Listing
from thoth_storage.testing.suite_processes import Processes
from thoth_storage.testing.suite_races import Races
from thoth_storage.testing.suite_reads import Reads
from thoth_storage.testing.suite_replies import Replies
from thoth_storage.testing.suite_writes import Writes

__all__ = ["BackendSuite"]


class BackendSuite(Reads, Writes, Listing, Deletes, Keys, Atomicity, Races, Processes, Lifecycle, Replies):
    """Give a ``url`` or a ``backend`` fixture (see ``SuiteBase``); the numbers that may be lowered are there, too.

    Nothing is skipped. What a backend does not claim (``atomic_create``) or cannot have (other processes, when it is
    ``process_local``) is not asked of it; that is for its capabilities to say, and they are shown to its users.
    """

    def test_any_sequence_of_verbs(self, backend: Backend, second: Backend, tmp_path: Path) -> None:
        machine = BackendMachine.for_backend(lambda: backend, lambda _: second)
        settings = BackendMachine.bounded(self.examples, self.steps, shrink=self.shrink)
        with _hypothesis_home(tmp_path):
            run_state_machine_as_test(machine, settings=settings)


@contextmanager
def _hypothesis_home(folder: Path) -> Iterator[None]:
    """Hypothesis keeps what it learns from sources below the working directory; a plugin's checkout stays clean."""
    module: Any = configuration
    before = getattr(module, "__hypothesis_home_directory", None)
    module.set_hypothesis_home_dir(folder)
    try:
        yield
    finally:
        module.set_hypothesis_home_dir(before)
