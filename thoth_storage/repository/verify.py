"""Finds what is damaged before somebody needs it: structure always, and every byte where asked."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import closing

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository.checks import checked_files
from thoth_storage.repository.fetch import fetch
from thoth_storage.repository.index import Index
from thoth_storage.repository.layout import PACKS, REPOSITORY_KEY, SnapshotKey, pack_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.moves import Moves, load_moves
from thoth_storage.repository.records import list_keys, read_blocks, stray_objects
from thoth_storage.repository.reports import Problem, Progress, ProgressCallback, VerifyReport
from thoth_storage.repository.settings import read_settings
from thoth_storage.repository.vault import Vault

__all__ = ["verify"]


class _Findings:
    """What is needed by whom, and what is wrong with it."""

    def __init__(self) -> None:
        self.problems: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.blocks: dict[Block, None] = {}
        self.users: dict[str, set[str]] = defaultdict(set)

    def snapshot(self, vault: Vault, key: SnapshotKey, moves: Moves) -> None:
        """Read one manifest and note what it needs."""
        try:
            body, blocks = read_blocks(vault, key, moves)
            checked_files(body, blocks, url=vault.url, key=key.key)
        except (CorruptionError, FormatError, NotFoundError) as error:
            self.problems[key.key, error.message].add(key.id)
            return
        for block in blocks:
            for link in block.chain:
                self.users[link.pack].add(key.id)
            self.blocks[block] = None

    def pack(self, pack: str, message: str) -> None:
        """Something is wrong with a pack, and so with every snapshot that needs it."""
        self.problems[pack_key(pack), message] |= self.users[pack]

    def sizes(self, vault: Vault) -> set[str]:
        """Note the packs that are missing or too short; they are given back."""
        sizes = {info.key: info.size for info in vault.backend.list(PACKS)}
        needs: dict[str, int] = defaultdict(int)
        for link in {link for block in self.blocks for link in block.chain}:
            needs[link.pack] = max(needs[link.pack], link.offset + link.stored)
        bad = set()
        for pack, need in needs.items():
            size = sizes.get(pack_key(pack))
            if size is None:
                self.pack(pack, "the pack is missing")
            elif size < need:
                self.pack(pack, f"the pack has {size} bytes, its snapshots need {need}")
            else:
                continue
            bad.add(pack)
        return bad


def verify(vault: Vault, read_data: bool | float | str, progress: ProgressCallback | None) -> VerifyReport:
    """Check that each snapshot can be read and is sound, that the packs which it needs are there and long enough and,
    with ``read_data``, that each of their blocks gives the bytes that its name promises.

    Damage is reported, not raised; what keeps the check itself from going on (no permission, service away) is raised.
    """
    began = time.perf_counter()
    keys = list_keys(vault.backend)
    problems = stray_objects(vault.backend)
    damage = _damage_of_settings(vault)
    if damage:
        # No snapshot can be reached by who opens the repository next.
        problems.insert(0, Problem(REPOSITORY_KEY, damage, tuple(sorted(key.id for key in keys))))
    moves = load_moves(vault, Index(vault))
    findings = _Findings()
    for known in problems:
        findings.problems[known.key, known.message].update(known.snapshots)
    for key in keys:
        findings.snapshot(vault, key, moves)
    bad = findings.sizes(vault)
    blocks = checked = 0
    if read_data:
        todo = [block for block in findings.blocks if not any(link.pack in bad for link in block.chain)]
        total = sum(block.plain for block in todo)
        if progress:
            progress(Progress("verify", 0, total))
        with closing(fetch(vault, todo, lambda _block, _plain: None)) as results:
            for fetched in results:
                blocks += 1
                checked += fetched.block.plain
                if fetched.error:
                    findings.pack(fetched.block.pack, fetched.error.message)
                if progress:
                    progress(Progress("verify", checked, total))
    return VerifyReport(
        snapshots=len(keys),
        packs=len(findings.users),
        blocks=blocks,
        bytes=checked,
        seconds=time.perf_counter() - began,
        problems=[Problem(key, message, tuple(sorted(ids))) for (key, message), ids in findings.problems.items()],
    )


def _damage_of_settings(vault: Vault) -> str | None:
    try:
        found = read_settings(vault.backend)
    except (CorruptionError, FormatError, NotFoundError) as error:
        return error.message
    return None if found == vault.settings else "the settings are not those that the repository was opened with"
