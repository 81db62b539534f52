"""A directory of which not all is there: blocks that a repository has already are known by name and need not be read.

For a live store whose files are memory: a whole second copy has no place, but what changed since the last snapshot has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from thoth_storage.errors import ConflictError
from thoth_storage.repository.checks import checked_files
from thoth_storage.repository.index import Index
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.moves import load_moves
from thoth_storage.repository.records import list_keys, read_blocks
from thoth_storage.repository.vault import Vault

__all__ = ["Held", "HeldError", "check_held", "stored_names"]

Held = Mapping[str, Mapping[int, bytes]]
"""By path, the names of blocks by their number in the file: what the directory has at their places is not meant."""


def stored_names(vault: Vault, snapshot: str) -> dict[str, Sequence[bytes]]:
    """By path, the names of the blocks of each file of a snapshot. Raises CorruptionError, NotFoundError,
    FormatError."""
    key = next((key for key in list_keys(vault.backend) if key.id == snapshot), None)
    if key is None:
        return {}
    body, blocks = read_blocks(vault, key, load_moves(vault, Index(vault)))
    rows = checked_files(body, blocks, url=vault.url, key=key.key)
    return {file.path: [blocks[row].digest for row in mine] for file, mine in zip(body.files, rows, strict=True)}


class HeldError(ConflictError):
    """What was held is not stored any more: it was forgotten meanwhile, and there are no bytes to store it anew
    from."""


def check_held(stored: Block | None, length: int, *, path: str, url: str) -> None:
    """Raises HeldError for a block that is held, and that the repository has not."""
    if stored is None or stored.plain != length:
        raise HeldError(f"a block of {path} is not stored any more", url=url, hint="read all of the directory")
