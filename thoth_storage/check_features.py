"""What will work on a bucket, from what was proved there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from thoth_storage.check_access import PERMISSIONS

__all__ = ["Feature", "features_of"]

_READ = (PERMISSIONS["list"], PERMISSIONS["read"])
_READS = (*_READ, "ranges", "missing objects")
_WRITE = (*_READ, PERMISSIONS["create"], PERMISSIONS["conditional"])
_WRITES = (*_WRITE, "read after write", "ranges", "listing", "listing across pages", "create", "missing objects")
_DELETES = (*_WRITES, PERMISSIONS["delete"], "delete")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "restore and verify": _READS,
    "read-only replica": _READS,
    "drill": _READS,
    "drill that is recorded": (*_READS, *_WRITE, "create"),
    "snapshots": _WRITES,
    "live store, saved by checkpoints": _WRITES,
    "live store with a log, many writers": (*_WRITES, "atomic create"),
    "new encrypted repository": (*_WRITES, "atomic create"),
    "forget and prune": _DELETES,
}
_MUST_BE_PROVED = {*PERMISSIONS.values(), "atomic create"}
"""The others may be left out, where nothing can be written: then they are not known to be wrong."""


@dataclass(frozen=True)
class Feature:
    """``why`` tells what it lacks; empty where it works."""

    name: str
    works: bool
    why: str


def features_of(kept: Mapping[str, bool]) -> tuple[Feature, ...]:
    """``kept``: the steps that were made, and whether each was."""
    found = []
    for name, needs in _NEEDS.items():
        lacks = [step for step in dict.fromkeys(needs) if not kept.get(step, step not in _MUST_BE_PROVED)]
        found.append(Feature(name, not lacks, f"it needs: {', '.join(lacks)}" if lacks else ""))
    return tuple(found)
