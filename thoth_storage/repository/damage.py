"""What of the stored blocks is damaged, and whose it is: packs by their length always, their bytes where that is asked.

A delta is damaged with what it stands on. The object that is to blame is told, and each snapshot that has such a block.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field

from thoth_storage.errors import FormatError
from thoth_storage.repository.fetch import fetch
from thoth_storage.repository.gathered import Gathered
from thoth_storage.repository.layout import SnapshotKey, pack_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.marks import pack_sizes
from thoth_storage.repository.sampling import Part
from thoth_storage.repository.vault import Vault

__all__ = ["MISSING", "Damage", "Fault", "find_damage", "touched"]

Fault = tuple[str, str]
"""An object's key, and what is wrong with it."""
MISSING = "the pack is missing"


@dataclass
class Damage:
    """``faults``: the damaged blocks, each with whatever is wrong with it; ``newer`` of them are not damaged, but of a
    format that this program does not know. ``packs`` are needed; ``blocks`` and ``bytes`` (plain) were read."""

    faults: dict[Block, tuple[Fault, ...]] = field(default_factory=dict)
    newer: set[Block] = field(default_factory=set)
    packs: int = 0
    blocks: int = 0
    bytes: int = 0


def find_damage(vault: Vault, gathered: Gathered, part: Part, tell: Callable[[int, int], None]) -> Damage:
    """Look at all blocks that snapshots need, and read those whose packs are in ``part``, with what they stand on."""
    damage = Damage()
    _measure(vault, gathered, damage)
    todo = [block for block in gathered.blocks if block not in damage.faults and part.has(block.pack)]
    total = sum(block.plain for block in todo)
    tell(0, total)
    with closing(fetch(vault, todo, lambda _block, _plain: None)) as results:
        for fetched in results:
            damage.blocks += 1
            damage.bytes += fetched.block.plain
            if fetched.error:
                key = fetched.error.key or pack_key(fetched.block.pack)
                damage.faults[fetched.block] = ((key, fetched.error.message),)
                if isinstance(fetched.error, FormatError):
                    damage.newer.add(fetched.block)
            tell(damage.bytes, total)
    return damage


def touched(gathered: Gathered, keys: Iterable[SnapshotKey], damage: Damage) -> dict[Fault, set[str]]:
    """The ids of the snapshots that each fault touches."""
    users: dict[Fault, set[str]] = defaultdict(set)
    if damage.faults:
        for taken in gathered.again(keys):
            for block in taken.blocks:
                for fault in damage.faults.get(block, ()):
                    users[fault].add(taken.key.id)
    return users


def _measure(vault: Vault, gathered: Gathered, damage: Damage) -> None:
    """Note the blocks whose packs are missing or too short."""
    sizes = pack_sizes(vault.backend)
    ends: dict[str, int] = defaultdict(int)
    for block in gathered.blocks:
        for link in block.chain:
            ends[link.pack] = max(ends[link.pack], link.offset + link.stored)
    damage.packs = len(ends)
    if all(sizes.get(pack, -1) >= end for pack, end in ends.items()):
        return

    def fault(link: Block) -> Fault | None:
        size = sizes.get(link.pack)
        if size is None:
            return pack_key(link.pack), MISSING
        if link.offset + link.stored <= size:
            return None
        return pack_key(link.pack), f"the pack has {size} bytes, its snapshots need {ends[link.pack]}"

    for block in gathered.blocks:
        faults = tuple(filter(None, map(fault, block.chain)))
        if faults:
            damage.faults[block] = faults
