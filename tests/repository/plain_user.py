"""Tests of permissions mean nothing to root, so they run as nobody."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["as_plain_user"]

_NOBODY = 65534


@contextmanager
def as_plain_user(folder: Path) -> Iterator[None]:
    """Give ``folder`` to a plain user, and be that user meanwhile. No change where we are no root to begin with."""
    if os.geteuid() != 0:
        yield
        return
    # Python imports late what this needs, and the plain user may not read where that lies.
    importlib.import_module("_strptime")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)
    closed = [parent for parent in folder.parents if not parent.stat().st_mode & 0o001]
    for parent in closed:
        parent.chmod(parent.stat().st_mode | 0o001)
    os.setegid(_NOBODY)
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        for parent in closed:
            parent.chmod(parent.stat().st_mode & ~0o001)
