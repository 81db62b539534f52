"""Packs that are mostly unneeded, packed anew: their live frames go into new packs, byte for byte.

A frame is read, checked and copied as it is stored: nothing is unpacked or encrypted again. Manifests keep naming the
old places; a record of moves tells the new ones, and is stored before the old packs may go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository.blocks import parse_frame
from thoth_storage.repository.claims import Claim
from thoth_storage.repository.index import Index
from thoth_storage.repository.layout import pack_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.moves import MOVES, Moves, Place, write_moves
from thoth_storage.repository.packs import PackWriter, check_pack_header
from thoth_storage.repository.ranges import Node, ranges
from thoth_storage.repository.reports import Progress, ProgressCallback
from thoth_storage.repository.state import State
from thoth_storage.repository.survey import Survey
from thoth_storage.repository.vault import Vault

__all__ = ["Read", "Repacked", "move_blocks", "read_checked"]

Read = Callable[[Vault, Iterable[Block]], Iterable[tuple[Block, bytes]]]
"""How the frames of one pack are read: a dry run does not."""

_ROUND = 64
"""Packs that are packed anew before the record of it is stored: up to a GiB."""


@dataclass
class Repacked:
    """``packs``: those whose live frames, ``stored`` bytes of packs, are elsewhere now. ``problems``: those that were
    left as they are, and why."""

    packs: set[str] = field(default_factory=set)
    stored: int = 0
    problems: list[str] = field(default_factory=list)


def move_blocks(
    vault: Vault, state: State, max_unused: float, claim: Claim, progress: ProgressCallback | None, read: Read
) -> Repacked:
    """Pack anew what is mostly unneeded, and keep the moves in one record: those that are in use and no others.

    In rounds, each of which is complete by itself: a kill loses one at most.
    """
    told = Repacked()
    wanted = sorted(state.mostly_unneeded(max_unused))
    total = sum(block.stored for pack in wanted for block in state.survey.live[pack].values())
    done = 0
    while wanted and claim.valid():
        packs, wanted = wanted[:_ROUND], wanted[_ROUND:]
        done += sum(block.stored for pack in packs for block in state.survey.live[pack].values())
        places = _store(vault, packs, state.survey, told, read)
        if not claim.valid():
            told.problems.append("repacking took too long; what was stored anew in the last round is not used")
            break
        if places:
            _record(vault, state.survey.move(places))
        if progress:
            progress(Progress("prune", done, total, stored=told.stored))
    if claim.valid() and Moves(state.survey.moved).places != state.moves.places and not told.packs:
        _record(vault, Moves(state.survey.moved))
    return told


def _record(vault: Vault, moves: Moves) -> None:
    """Store all moves in use, and then remove the records that say less."""
    index = Index(vault)
    if moves.places:
        write_moves(vault, moves, index)
    spent = [entry.key.key for entry in index.of(MOVES)]
    if spent:
        vault.backend.delete(*spent)


def _store(vault: Vault, packs: list[str], survey: Survey, told: Repacked, read: Read) -> dict[Place, Block]:
    """Store the live frames of ``packs`` in new packs, which nothing refers to yet."""
    places: dict[Place, Block] = {}
    with PackWriter(vault) as writer:
        for pack in packs:
            try:
                frames = list(read(vault, survey.live[pack].values()))
            except (CorruptionError, FormatError, NotFoundError) as error:
                told.problems.append(str(error))
                continue
            for block, frame in frames:
                places[block.place] = writer.add(block.digest, frame, block.plain, block.base)
            told.packs.add(pack)
        writer.finish()
    told.stored += writer.stored
    return places


def read_checked(vault: Vault, blocks: Iterable[Block]) -> Iterator[tuple[Block, bytes]]:
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
