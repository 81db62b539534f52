"""Fresh repositories, and a look at their stored objects past the repository's own code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from thoth_storage.backend import Backend
from thoth_storage.memory import MemoryBackend
from thoth_storage.repository import Repository
from thoth_storage.repository.cipher import PLAIN
from thoth_storage.repository.settings import create_settings, new_settings
from thoth_storage.repository.vault import Vault

__all__ = ["BLOCK", "SMALL", "fresh_backend", "new_repository", "objects", "over", "pack_bytes", "put_back"]

BLOCK = 256 * 1024
"""Bytes in a block of a repository as people make it."""
SMALL = 4096
"""Bytes in a block of the smallest repository that the format allows: quick, and with many blocks."""


def fresh_backend() -> MemoryBackend:
    """An empty store that no other test knows."""
    return MemoryBackend(f"memory://repository-{uuid4().hex}/store")


def new_repository(where: Backend | Path | None = None, block: int = SMALL) -> Repository:
    """An empty repository on a backend (or a folder) with a block size of the test's choice."""
    backend = Repository.open(where, create=True).backend if isinstance(where, Path) else where or fresh_backend()
    backend.delete("repository.json")
    return Repository(Vault(backend, PLAIN, create_settings(backend, new_settings(block))))


def over(repository: Repository, backend: Backend) -> Repository:
    """The same repository through another backend."""
    return Repository(replace(repository.vault, backend=backend))


def objects(backend: Backend, prefix: str = "") -> dict[str, bytes]:
    """All that is stored."""
    return {info.key: backend.get(info.key) for info in backend.list(prefix)}


def put_back(backend: Backend, stored: dict[str, bytes]) -> None:
    """Make the store hold exactly this."""
    backend.delete(*(info.key for info in backend.list() if info.key not in stored))
    for key, data in stored.items():
        backend.put(key, data)


def pack_bytes(backend: Backend) -> int:
    """Bytes in all packs, as the listing tells."""
    return sum(info.size for info in backend.list("packs/"))
