"""A copy that reads no block: what would be read and stored follows from the manifests.

A frame keeps its length when it is stored in another repository, but for what encryption adds. Only a delta whose base
stays behind is unpacked: its full length is then taken to shrink as that of the block below it did.
"""

from __future__ import annotations

from thoth_storage.repository.manifest import Block
from thoth_storage.repository.packs import PackWriter
from thoth_storage.repository.partials import Notes
from thoth_storage.repository.ranges import batches
from thoth_storage.repository.rehearsal import Rehearsal
from thoth_storage.repository.snapshot_copy import Mover
from thoth_storage.repository.transcoding import Transcoder, with_bases

__all__ = ["planned"]


def planned(stage: Rehearsal) -> type[Mover]:
    """A mover that books at the source's ``stage`` what it would read."""
    bases: dict[tuple[str, int], Block] = {}

    class PlannedMover(Mover):
        def _move(self, missing: list[Block], store: Transcoder, writer: PackWriter, notes: Notes) -> None:
            asked = with_bases(missing)
            for batch in batches(asked):
                for run in (*batch.links, *batch.roots):
                    stage.book(run)
                    self.read += run.end - run.start
            # What a delta stands on comes first, as when it is read.
            for block in sorted(asked, key=lambda each: each.depth):
                store.plan(block, self._source.cipher.overhead, bases, trusting=bool(self._theirs))
                notes.take(store.take_stored())
            bases.update(store.placed)

    return PlannedMover
