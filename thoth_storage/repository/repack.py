"""Packs that are mostly unneeded, packed anew: their live frames go into new packs, byte for byte.

A frame is read, checked and copied as it is stored: nothing is unpacked or encrypted again. Manifests keep naming the old
places; a record of moves tells the new ones, and is stored before the old packs may go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository.blocks import parse_frame
from thoth_storage.repository.layout import pack_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.moves import Place
from thoth_storage.repository.packs import PackWriter, check_pack_header
from thoth_storage.repository.ranges import Node, ranges
from thoth_storage.repository.reports import Progress, ProgressCallback
from thoth_storage.repository.survey import Survey
from thoth_storage.repository.vault import Vault

__all__ = ["Repacked", "repack"]


class Repacked(NamedTuple):
    """``places``: where each frame was, with the block at its new place; ``problems``: packs that were left as they
    are, since they are damaged."""

    packs: set[str]
    places: dict[Place, Block]
    stored: int
    problems: list[str]


def repack(vault: Vault, packs: Iterable[str], survey: Survey, progress: ProgressCallback | None) -> Repacked:
    """Store the live frames of ``packs`` in new packs. Nothing refers to these yet when this returns."""
    wanted = sorted(packs)
    total = sum(block.stored for pack in wanted for block in survey.live[pack].values())
    places: dict[Place, Block] = {}
    moved: set[str] = set()
    problems: list[str] = []
    done = 0
    with PackWriter(vault) as writer:
        for pack in wanted:
            try:
                frames = list(_read(vault, survey.live[pack].values()))
            except (CorruptionError, FormatError, NotFoundError) as error:
                problems.append(str(error))
                continue
            for block, frame in frames:
                places[block.place] = writer.add(block.digest, frame, block.plain, block.base)
                done += block.stored
            moved.add(pack)
            if progress:
                progress(Progress("prune", done, total, stored=writer.stored))
        writer.finish()
    return Repacked(moved, places, writer.stored, problems)


def _read(vault: Vault, blocks: Iterable[Block]) -> Iterator[tuple[Block, bytes]]:
    """The frames of one pack, checked as far as that goes without unpacking them."""
    for run in ranges(Node(block) for block in blocks):
        key = pack_key(run.pack)
        data = memoryview(vault.backend.get(key, run.start, run.end))
        if run.start == 0:
            check_pack_header(data, url=vault.url, key=key)
        for node in run.nodes:
            block = node.block
            frame = data[block.offset - run.start :][: block.stored]
            parse_frame(frame, vault.cipher, name=block.digest or None, plain=block.plain, url=vault.url, key=key)
            yield block, bytes(frame)
