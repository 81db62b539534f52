"""Finds what is damaged before somebody needs it: structure always, and every byte where asked."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing

from thoth_storage.backend import Backend
from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository.checks import checked_blocks, checked_files
from thoth_storage.repository.fetch import fetch
from thoth_storage.repository.layout import PACKS, SnapshotKey, pack_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.reports import Problem, Progress, ProgressCallback, VerifyReport
from thoth_storage.repository.snapshots import read_snapshot

__all__ = ["verify"]


class _Findings:
    """What is needed by whom, and what is wrong with it."""

    def __init__(self) -> None:
        self.problems: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.blocks: dict[Block, None] = {}
        self.users: dict[str, set[str]] = defaultdict(set)

    def snapshot(self, backend: Backend, key: SnapshotKey) -> None:
        """Read one manifest and note what it needs."""
        try:
            _, body = read_snapshot(backend, key)
            blocks = checked_blocks(body, url=backend.url, key=key.key)
            checked_files(body, blocks, url=backend.url, key=key.key)
        except (CorruptionError, FormatError, NotFoundError) as error:
            self.problems[key.key, error.message].add(key.id)
            return
        for block in blocks:
            self.users[block.pack].add(key.id)
            self.blocks[block] = None

    def pack(self, pack: str, message: str) -> None:
        """Something is wrong with a pack, and so with every snapshot that needs it."""
        self.problems[pack_key(pack), message] |= self.users[pack]

    def sizes(self, backend: Backend) -> set[str]:
        """Note the packs that are missing or too short; they are given back."""
        sizes = {info.key: info.size for info in backend.list(PACKS)}
        needs: dict[str, int] = defaultdict(int)
        for block in self.blocks:
            needs[block.pack] = max(needs[block.pack], block.offset + block.stored)
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


def verify(
    backend: Backend,
    keys: Iterable[SnapshotKey],
    *,
    read_data: bool,
    progress: ProgressCallback | None,
    problems: Iterable[Problem] = (),
) -> VerifyReport:
    """Check that each snapshot can be read and is sound, that the packs which it needs are there and long enough and,
    with ``read_data``, that each of their blocks gives the bytes that its name promises.

    Damage is reported, not raised; what keeps the check itself from going on (no permission, service away) is raised.
    ``problems`` are those known before; they join the report.
    """
    began = time.perf_counter()
    findings = _Findings()
    for known in problems:
        findings.problems[known.key, known.message].update(known.snapshots)
    every = list(keys)
    for key in every:
        findings.snapshot(backend, key)
    bad = findings.sizes(backend)
    blocks = checked = 0
    if read_data:
        todo = [block for block in findings.blocks if block.pack not in bad]
        total = sum(block.plain for block in todo)
        if progress:
            progress(Progress("verify", 0, total))
        with closing(fetch(backend, todo, lambda _block, _plain: None)) as results:
            for fetched in results:
                blocks += 1
                checked += fetched.block.plain
                if fetched.error:
                    findings.pack(fetched.block.pack, fetched.error.message)
                if progress:
                    progress(Progress("verify", checked, total))
    return VerifyReport(
        snapshots=len(every),
        packs=len(findings.users),
        blocks=blocks,
        bytes=checked,
        seconds=time.perf_counter() - began,
        problems=[Problem(key, message, tuple(sorted(ids))) for (key, message), ids in findings.problems.items()],
    )
