"""What is different between two snapshots, told from their manifests alone: no content is read.

Blocks are named by what they hold, so files with the same blocks in the same order are equal, whatever their times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from thoth_storage.repository.checks import checked_files
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.moves import Moves
from thoth_storage.repository.records import read_blocks
from thoth_storage.repository.vault import Vault

__all__ = ["Change", "DiffReport", "ModeChange", "compare"]


@dataclass(frozen=True)
class Change:
    """One file: its bytes ``before`` and ``after``, None where it is not there."""

    path: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class ModeChange:
    """A file or folder that is in both, with other permission bits."""

    path: str
    before: int
    after: int


@dataclass(frozen=True)
class DiffReport:
    """What ``b`` has otherwise than ``a``, both ids; lists in order of path.

    ``bytes_added`` and ``bytes_removed`` are of whole files, ``bytes_changed`` those that changed files have in ``b``.
    ``bytes_new`` are the plain bytes of blocks in ``b`` that ``a`` does not have: what a backup would have stored at
    most, before compression and deltas.
    """

    a: str
    b: str
    added: tuple[Change, ...]
    removed: tuple[Change, ...]
    changed: tuple[Change, ...]
    modes: tuple[ModeChange, ...]
    folders_added: tuple[str, ...]
    folders_removed: tuple[str, ...]
    files_equal: int
    bytes_equal: int
    bytes_added: int
    bytes_removed: int
    bytes_changed: int
    bytes_new: int

    @property
    def same(self) -> bool:
        """Whether both hold the same; times of files do not count."""
        lists = (self.added, self.removed, self.changed, self.modes, self.folders_added, self.folders_removed)
        return not any(lists)


@dataclass(frozen=True)
class _File:
    size: int
    mode: int
    digests: tuple[bytes, ...]


@dataclass(frozen=True)
class _Side:
    files: dict[str, _File]
    folders: dict[str, int]
    blocks: dict[bytes, int]


def compare(vault: Vault, key_a: SnapshotKey, key_b: SnapshotKey, moves: Moves) -> DiffReport:
    """Raises CorruptionError, FormatError, NotFoundError."""
    a = _read(vault, key_a, moves)
    b = a if key_b == key_a else _read(vault, key_b, moves)
    both = [path for path in b.files if path in a.files]
    changed = [path for path in both if a.files[path].digests != b.files[path].digests]
    equal = set(both).difference(changed)
    added, removed = _without(b.files, a.files), _without(a.files, b.files)
    return DiffReport(
        a=key_a.id,
        b=key_b.id,
        added=tuple(Change(path, None, b.files[path].size) for path in added),
        removed=tuple(Change(path, a.files[path].size, None) for path in removed),
        changed=tuple(Change(path, a.files[path].size, b.files[path].size) for path in sorted(changed)),
        modes=_modes(a, b),
        folders_added=tuple(_without(b.folders, a.folders)),
        folders_removed=tuple(_without(a.folders, b.folders)),
        files_equal=len(equal),
        bytes_equal=sum(b.files[path].size for path in equal),
        bytes_added=sum(b.files[path].size for path in added),
        bytes_removed=sum(a.files[path].size for path in removed),
        bytes_changed=sum(b.files[path].size for path in changed),
        bytes_new=sum(plain for digest, plain in b.blocks.items() if digest not in a.blocks),
    )


def _read(vault: Vault, key: SnapshotKey, moves: Moves) -> _Side:
    body, blocks = read_blocks(vault, key, moves)
    rows = checked_files(body, blocks, url=vault.url, key=key.key)
    return _Side(
        {
            file.path: _File(file.size, file.mode, tuple(blocks[row].digest for row in mine))
            for file, mine in zip(body.files, rows, strict=True)
        },
        {folder.path: folder.mode for folder in body.folders},
        {block.digest: block.plain for block in blocks},
    )


def _modes(a: _Side, b: _Side) -> tuple[ModeChange, ...]:
    before, after = ({**side.folders, **{path: file.mode for path, file in side.files.items()}} for side in (a, b))
    kinds_kept = (a.files.keys() & b.files.keys()) | (a.folders.keys() & b.folders.keys())
    return tuple(
        ModeChange(path, before[path], after[path]) for path in sorted(kinds_kept) if before[path] != after[path]
    )


def _without(paths: Iterable[str], others: Iterable[str]) -> list[str]:
    return sorted(set(paths).difference(others))
