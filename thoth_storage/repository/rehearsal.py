"""Verbs done for show: all that a real run would ask of a repository is asked, counted, and nothing of it is written.

So the figures of a dry run are no second reckoning that has to be kept in step with the verbs. Reading is what it
costs: a rehearsed backup reads what the real one would of manifests and of old blocks; a rehearsed copy or prune, no
block at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from thoth_storage.backend import Backend
from thoth_storage.prices import Estimate, Usage, estimate
from thoth_storage.repository.layout import PACKS
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.ranges import Node, Range, ranges
from thoth_storage.repository.vault import Vault
from thoth_storage.telemetry import Meters
from thoth_storage.wrappers import MeteredBackend, PretendBackend

__all__ = ["Rehearsal", "scheme_of"]


class Rehearsal:
    """One stage, for one action: ``backend`` to do it on, then ``usage`` or ``estimate``."""

    def __init__(self, backend: Backend) -> None:
        self._real = backend
        self._pretend = PretendBackend(backend, hollow=(PACKS,))
        self._meter = MeteredBackend(self._pretend)
        self._booked = Meters()
        self.backend: Backend = self._meter

    def vault(self, vault: Vault) -> Vault:
        """That repository, on this stage."""
        return replace(vault, backend=self.backend)

    def book(self, run: Range) -> None:
        """A range that the real run would read, and this one does not."""
        self._booked.note("get", 0.0, run.end - run.start)

    def read_nothing(self, vault: Vault, blocks: Iterable[Block]) -> Iterator[tuple[Block, bytes]]:
        """Frames of one pack as a repack reads them: of their lengths, and of zeros."""
        for run in ranges(Node(block) for block in blocks):
            self.book(run)
            for node in run.nodes:
                yield node.block, bytes(node.block.stored)

    def usage(self) -> Usage:
        """What was asked for until now."""
        meters = self._meter.meters
        booked = self._booked.read().get("get")
        requests = {verb: meter.requests for verb, meter in meters.items()}
        requests["list"] += self._pretend.pages
        return Usage(
            {**requests, "get": requests["get"] + (booked.requests if booked else 0)},
            sent=meters["put"].bytes + meters["create"].bytes,
            received=meters["get"].bytes + (booked.bytes if booked else 0),
            added=self._pretend.added,
            removed=self._pretend.removed,
        )

    def estimate(self) -> Estimate:
        """The same with its price. Raises ConfigurationError where the configured prices cannot be read."""
        return estimate(scheme_of(self._real), self.usage())


def scheme_of(backend: Backend) -> str:
    """What its price goes by."""
    return backend.url.partition("://")[0]
