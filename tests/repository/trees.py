"""Directories for the tests, made from plain data, and a walker that shares no code with the repository."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

__all__ = ["contents", "noise", "text", "trees", "walk", "write_tree"]

Seen = tuple[str, bytes, int, int]
"""Kind, content, permissions, and for files the time of the last change in nanoseconds."""


def noise(size: int, seed: object = 0) -> bytes:
    """Bytes that do not compress, the same each time."""
    return random.Random(f"{seed}").randbytes(size)


def text(size: int, seed: object = 0) -> bytes:
    """Bytes that compress, and differ from block to block."""
    line = f"{seed}: a line that says little, number %09d\n"
    return b"".join((line % n).encode() for n in range(size // (len(line) + 6) + 1))[:size]


def write_tree(root: Path, tree: Mapping[str, bytes | None]) -> Path:
    """Make ``root`` hold this and nothing is taken away: path to content, None for a folder."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        path = root / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return root


def walk(root: Path) -> dict[str, Seen]:
    """Everything below ``root``, as the operating system tells it. Links are never followed."""
    found: dict[str, Seen] = {}
    for parent, folders, files in os.walk(root):
        for name in [*folders, *files]:
            full = os.path.join(parent, name)  # noqa: PTH118 - the repository goes by pathlib, this does not
            status = os.lstat(full)
            mode = stat.S_IMODE(status.st_mode)
            path = os.path.relpath(full, root)
            if stat.S_ISDIR(status.st_mode):
                found[path] = ("folder", b"", mode, 0)
            elif stat.S_ISREG(status.st_mode):
                with open(full, "rb") as handle:  # noqa: PTH123 - as above
                    found[path] = ("file", handle.read(), mode, status.st_mtime_ns)
            else:
                found[path] = ("other", b"", mode, 0)
    return found


def contents(root: Path) -> dict[str, bytes]:
    """Only the files and what is in them."""
    return {path: content for path, (kind, content, _, _) in walk(root).items() if kind == "file"}


_names = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda name: name not in {".", ".."})


@st.composite
def trees(draw: st.DrawFn, block: int) -> dict[str, bytes | None]:
    """A tree: empty and nested folders, sizes around multiples of ``block``, equal files, odd names."""
    folders = draw(st.lists(_names, max_size=4, unique=True))
    nested = [f"{a}/{b}" for a in folders[:2] for b in draw(st.lists(_names, max_size=2, unique=True))]
    tree: dict[str, bytes | None] = dict.fromkeys([*folders, *nested])
    sizes = st.sampled_from([0, 1, 2, block - 1, block, block + 1, 2 * block, 5 * block + 7]) | st.integers(0, 99)
    for _ in range(draw(st.integers(0, 8))):
        folder = draw(st.sampled_from(["", *folders, *nested]))
        path = f"{folder}/{draw(_names)}".lstrip("/")
        if path in tree:
            continue
        make = draw(st.sampled_from([noise, text]))
        tree[path] = make(draw(sizes), draw(st.integers(0, 3)))
    return tree
