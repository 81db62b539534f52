"""What a reader asks that misses a block: is it damaged, or did a prune or a forget get ahead of the reader?

A prune without grace deletes packs that readers are about to read. What was in them is elsewhere then, as the moves of
now tell, or nobody needs it any more, since the snapshot was forgotten. Only what is neither is damage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from thoth_storage.errors import ConflictError, CorruptionError, NotFoundError
from thoth_storage.repository.index import Index
from thoth_storage.repository.layout import PACKS, SnapshotKey
from thoth_storage.repository.moves import MOVES, Moves, load_moves
from thoth_storage.repository.vault import Vault

__all__ = ["ATTEMPTS", "have_moved", "is_listed", "look_again", "outrun", "with_moves"]

ATTEMPTS = 5
"""Each is overtaken only by a prune that packs anew what the one before had left."""
_T = TypeVar("_T")


def have_moved(vault: Vault, index: Index) -> bool:
    """Whether records of moves changed since ``index`` was listed."""
    return _moves(Index(vault)) != _moves(index)


def is_listed(vault: Vault, key: SnapshotKey) -> bool:
    """Whether a snapshot is there, or was forgotten."""
    return any(info.key == key.key for info in vault.backend.list(key.key))


def look_again(vault: Vault, key: SnapshotKey, index: Index, error: CorruptionError) -> Index:
    """The index as it is now, if that tells of other places for the blocks that a reader of the snapshot missed.

    Raises NotFoundError for a snapshot that was forgotten meanwhile; else it is damage, and ``error`` is raised.
    """
    if error.url != vault.url or not (error.key or "").startswith(PACKS):
        raise error
    # Packs go after what makes them useless: so both are to be seen by who missed one.
    now = Index(vault)
    if not is_listed(vault, key):
        raise NotFoundError(
            f"the snapshot {key.id} was forgotten while it was read", url=vault.url, key=key.key
        ) from error
    if _moves(now) == _moves(index):
        raise error
    return now


def with_moves(vault: Vault, key: SnapshotKey, index: Index, act: Callable[[Moves], _T]) -> _T:
    """Do something that reads the blocks of a snapshot, and do it anew where a prune has moved them meanwhile.

    Raises what ``look_again`` does, and ConflictError if prunes get ahead again and again.
    """
    for _ in range(ATTEMPTS):
        try:
            return act(load_moves(vault, index))
        except CorruptionError as error:
            index = look_again(vault, key, index, error)
    raise outrun(vault)


def outrun(vault: Vault) -> ConflictError:
    """What to raise after the last attempt."""
    return ConflictError(
        f"prunes moved blocks during each of {ATTEMPTS} attempts",
        url=vault.url,
        hint="let the prune end, then try again",
    )


def _moves(index: Index) -> list[str]:
    return [entry.key.key for entry in index.of(MOVES)]
