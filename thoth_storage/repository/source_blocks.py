"""A directory that may still hold what a repository has lost: its files, cut as a backup cuts them, by block name."""

from __future__ import annotations

import os
from pathlib import Path

from thoth_storage.errors import NotFoundError
from thoth_storage.repository.vault import Vault

__all__ = ["SourceBlocks"]


class SourceBlocks:
    """Where in the directory each block is. What cannot be read, or is no file, is passed over: it may not matter."""

    def __init__(self, vault: Vault, directory: str | os.PathLike[str]) -> None:
        """Raises NotFoundError where there is no such directory."""
        self._vault = vault
        self._places: dict[bytes, tuple[Path, int]] = {}
        root = Path(directory)
        if not root.is_dir():
            raise NotFoundError(f"no such directory: {root}", hint="nothing was repaired")
        for folder, _, names in os.walk(root):
            for name in names:
                self._cut(Path(folder, name))

    def get(self, name: bytes) -> bytes | None:
        """The bytes of a block, if they are still as they were when the directory was looked at."""
        if name not in self._places:
            return None
        path, offset = self._places[name]
        data = self._read(path, offset)
        return data if data and self._vault.cipher.name(data) == name else None

    def _cut(self, path: Path) -> None:
        offset = 0
        while data := self._read(path, offset):
            self._places.setdefault(self._vault.cipher.name(data), (path, offset))
            offset += len(data)

    def _read(self, path: Path, offset: int) -> bytes | None:
        try:
            # Neither a link is followed, nor the other end of a pipe waited for.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                return os.pread(descriptor, self._vault.settings.block_size, offset)
            finally:
                os.close(descriptor)
        except OSError:
            return None
