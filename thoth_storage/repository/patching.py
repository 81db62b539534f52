"""Blocks that are a delta upon what the old target has at their place: only the delta is read, not what it stands on.

A percent of change makes a delta of nearly every block. Who follows a store from checkpoint to checkpoint has the
blocks that those stand on, and would else read all of the store again for a few percent of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from thoth_storage.errors import CorruptionError, FormatError, StorageError
from thoth_storage.repository.blocks import Frame, parse_frame
from thoth_storage.repository.deltas import apply_delta, base_name
from thoth_storage.repository.fetch import read_frames
from thoth_storage.repository.layout import pack_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.ranges import Node, Range, ranges
from thoth_storage.repository.vault import Vault
from thoth_storage.telemetry import ThreadPool

__all__ = ["Patch", "patch"]

_AT_ONCE = 3
_HELD = 8 * 1024 * 1024
"""Stored bytes of deltas that are tried together."""


@dataclass(slots=True)
class Patch:
    """A block that is wanted, the name of what the old target has at its place, and how to read that (None: it cannot
    be read any more)."""

    block: Block
    old: bytes
    read: Callable[[], bytes | None]
    link: Block = field(init=False)
    frames: list[Frame] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.link = self.block


def patch(
    vault: Vault, patches: Iterable[Patch], use: Callable[[Block, bytes], None]
) -> Generator[tuple[Range, list[Block]]]:
    """Try each, and give those blocks to ``use`` that could be made and are what their names say; yields what was read,
    and which came of it. Of the others nothing is said: they are to be fetched, and what is damaged shows then."""
    batch: list[Patch] = []
    held = 0
    for each in patches:
        batch.append(each)
        held += each.block.stored
        if held >= _HELD:
            yield from _try(vault, batch, use)
            batch, held = [], 0
    yield from _try(vault, batch, use)


def _try(vault: Vault, batch: list[Patch], use: Callable[[Block, bytes], None]) -> Iterator[tuple[Range, list[Block]]]:
    """A link of each chain at a time, from the top, until one stands on what is there."""
    with ThreadPool(_AT_ONCE, thread_name_prefix="thoth-patch") as pool:
        while batch:
            standing: dict[tuple[str, int], list[Patch]] = defaultdict(list)
            for each in batch:
                standing[each.link.place].append(each)
            runs = list(ranges(Node(found[0].link) for found in standing.values()))
            batch = []
            read = partial(_read, vault, standing=standing, use=use)
            for run, (done, further) in zip(runs, pool.map(read, runs), strict=True):
                yield run, done
                batch += further


def _read(
    vault: Vault, run: Range, *, standing: dict[tuple[str, int], list[Patch]], use: Callable[[Block, bytes], None]
) -> tuple[list[Block], list[Patch]]:
    """The blocks that are made, and those whose next link is to be looked at."""
    done: list[Block] = []
    further: list[Patch] = []
    for place, stored in read_frames(vault, run).items():
        if isinstance(stored, StorageError):
            continue
        for each in standing[place]:
            try:
                made = _step(vault, each, stored[: each.link.stored])
            except (CorruptionError, FormatError, ValueError):
                continue
            if made is not None:
                use(each.block, made)
                done.append(each.block)
            elif each.link.base and each.link.base.base:
                each.link = each.link.base
                further.append(each)
    return done, further


def _step(vault: Vault, each: Patch, stored: memoryview) -> bytes | None:
    """The plain bytes, if this frame is a delta upon what is there. Raises what a damaged frame raises."""
    link = each.link
    name = link.digest or None
    frame = parse_frame(stored, vault.cipher, name=name, plain=link.plain, url=vault.url, key=pack_key(link.pack))
    each.frames.append(frame)
    if base_name(frame) != each.old:
        return None
    plain = each.read()
    if plain is None:
        return None
    for upper in reversed(each.frames):
        plain = apply_delta(upper, base_name(upper), plain)
    if len(plain) != each.block.plain or vault.cipher.name(plain) != each.block.digest:
        raise ValueError("it is not what its name says")
    return plain
