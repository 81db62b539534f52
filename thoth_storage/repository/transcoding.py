"""Stores blocks that were read from one repository in another, as they were compressed, under its names and its key.

What a zstd frame or a delta holds is the same whatever the key, so nothing is compressed again: the payload is sealed
anew, and a delta gets the target's name of its base. Only a delta whose base the target lacks becomes a full block.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping

from thoth_storage.repository.block_names import BlockNames
from thoth_storage.repository.blocks import Codec, Frame, build_frame, full_frame
from thoth_storage.repository.deltas import CHAIN
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.packs import PackWriter
from thoth_storage.repository.present import Present
from thoth_storage.repository.vault import Vault

__all__ = ["Transcoder", "with_bases"]

Place = tuple[str, int]


def with_bases(blocks: Iterable[Block]) -> list[Block]:
    """The blocks and all that they stand on, each place once: a delta can be kept only if its base was seen."""
    asked = {block.place: block for block in blocks}
    for block in list(asked.values()):
        for link in block.chain[1:]:
            asked.setdefault(link.place, link)
    return list(asked.values())


class Transcoder:
    """``use`` is for ``fetch_frames``, on several threads: a base comes before what stands on it. ``missing`` are the
    source's places of the blocks to store, each with its row; ``stored`` fills."""

    def __init__(
        self, target: Vault, names: BlockNames, present: Present, writer: PackWriter, missing: Mapping[Place, int]
    ) -> None:
        self._target = target
        self._names = names
        self._present = present
        self._writer = writer
        self._missing = missing
        self._lock = threading.Lock()
        self._placed: dict[Place, Block] = {}
        self.found: dict[int, Block] = {}
        self.stored = 0

    def use(self, block: Block, frame: Frame, plain: bytes | memoryview) -> None:
        name = self._names.name(block.digest, plain)
        with self._lock:
            self._names.note(block.digest, name)
            there = self._present.get(name, len(plain))
            base = self._placed.get(block.base.place) if block.base else None
        row = self._missing.get(block.place)
        if there is None and row is not None:
            data, base = self._encode(name, frame, plain, base)
            # The writer is for one thread at a time; who waits here for an upload keeps all from reading on.
            with self._lock:
                there = self._writer.add(name, data, len(plain), base)
                self._present.add(there)
                self.stored += 1
        if there is None:
            return
        with self._lock:
            self._placed[block.place] = there
            if row is not None:
                self.found[row] = there

    def plan(self, block: Block, overhead: int, bases: Mapping[Place, Block], *, trusting: bool) -> None:
        """Do as ``use`` does without having the block, for who asks what a copy takes: so many zeros are stored as it
        would be long. ``overhead``: what the source's encryption adds to a frame; ``bases``: where the target has what
        earlier snapshots have. For one thread.

        Of a delta whose base the target lacks it is a guess, that the full block shrinks as the one below it did. Where
        no file has the base any more, its name is not known, and who is ``trusting`` takes the target to have it.
        """
        name = self._names.get(block.digest)
        there = self._present.get(name, block.plain)
        row = self._missing.get(block.place)
        if there is None and row is not None:
            size = block.stored - overhead + self._target.cipher.overhead
            base = None
            if block.base:
                base = self._placed.get(block.base.place) or bases.get(block.base.place)
                is_there = base is not None or (trusting and not block.base.digest)
                if not is_there or (base and base.depth >= CHAIN):
                    size, base = round(block.plain * block.root.stored / max(block.root.plain, 1)), None
            # What is called otherwise in the target is called anything here.
            name = name or os.urandom(32)
            self._names.note(block.digest, name)
            there = self._writer.add(name, bytes(size), block.plain, base)
            self._present.add(there)
            self.stored += 1
        if there is not None:
            self._placed[block.place] = there
            if row is not None:
                self.found[row] = there

    @property
    def placed(self) -> Mapping[Place, Block]:
        """By place in the source, where the target has what was seen."""
        return self._placed

    def take_stored(self) -> list[Block]:
        """What ``PackWriter.take_stored`` gives, beside the threads that store."""
        with self._lock:
            return self._writer.take_stored()

    def _encode(
        self, name: bytes, frame: Frame, plain: bytes | memoryview, base: Block | None
    ) -> tuple[bytes, Block | None]:
        cipher = self._target.cipher
        if frame.codec != Codec.DELTA:
            return build_frame(name, frame.codec, frame.payload, len(plain), cipher), None
        if base is None or base.depth >= CHAIN:
            return full_frame(name, plain, cipher), None
        payload = b"".join([base.digest, frame.payload[len(base.digest) :]])
        return build_frame(name, Codec.DELTA, payload, len(plain), cipher), base
