"""Whether the small records can be read: settings, keys, and all kinds of the index.

Readers pass over most of these where they are damaged, since another record or a slower way says the same. So nobody
would learn of the damage but here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from msgspec import Raw

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository.drill_records import DRILL
from thoth_storage.repository.index import Entry, Index, read_entry
from thoth_storage.repository.keyring import read_key
from thoth_storage.repository.labels import LABELS, load_labels
from thoth_storage.repository.layout import KEYS, REPOSITORY_KEY, SnapshotKey
from thoth_storage.repository.manifest import Header
from thoth_storage.repository.marks import DOOMED, MARKS, load_doomed, load_marks
from thoth_storage.repository.moves import MOVES, load_moves
from thoth_storage.repository.partials import PARTIAL, load_partials
from thoth_storage.repository.reports import Problem
from thoth_storage.repository.settings import read_settings
from thoth_storage.repository.summaries import CATALOGUE, read_catalogue
from thoth_storage.repository.vault import Vault

__all__ = ["check_index", "check_keys", "check_settings", "spent_records"]

_KINDS = {CATALOGUE, DOOMED, DRILL, LABELS, MARKS, MOVES, PARTIAL}
"""What this program knows of and that does harm, or no good, when it is damaged."""
_Check = Callable[[Vault, Index], object]
_CHECKS: dict[str, _Check] = {
    DOOMED: lambda vault, index: load_doomed(vault, index, strict=True),
    LABELS: lambda vault, index: load_labels(vault, index, strict=True),
    MARKS: lambda vault, index: load_marks(vault, index, strict=True),
    MOVES: lambda vault, index: load_moves(vault, index, strict=True),
    PARTIAL: lambda vault, index: load_partials(vault, index, strict=True),
}


def check_settings(vault: Vault, keys: Iterable[SnapshotKey]) -> list[Problem]:
    """No snapshot can be reached by who opens the repository next, where its settings are damaged."""
    try:
        message = (
            "" if read_settings(vault.backend) == vault.settings else "it is not what the repository was opened with"
        )
    except (CorruptionError, FormatError, NotFoundError) as error:
        message = error.message
    return [Problem(REPOSITORY_KEY, message, tuple(sorted(key.id for key in keys)))] if message else []


def check_keys(vault: Vault, keys: Iterable[SnapshotKey]) -> list[Problem]:
    """Each object below ``keys/``. Where none is left that can be read, no snapshot can be opened again."""
    problems, sound = [], 0
    for info in vault.backend.list(KEYS):
        try:
            read_key(vault.backend, info.key)
            sound += 1
        except (CorruptionError, FormatError) as error:
            problems.append(Problem(info.key, error.message))
        except NotFoundError:
            continue
    if vault.cipher.encrypts and not sound:
        ids = tuple(sorted(key.id for key in keys))
        problems.append(Problem(KEYS, "no readable key is left: once closed, nobody can open the repository", ids))
    return problems


def check_index(vault: Vault, index: Index, headers: Mapping[str, Header]) -> list[Problem]:
    """Each record of the index, and what lies there and is none. ``headers`` of the snapshots, which a catalogue has to
    tell as they are."""
    problems = [Problem(stray, "not the name of an index object") for stray in index.strays]
    for entry in index.entries:
        try:
            problems += _check(vault, index, entry, headers)
        except (CorruptionError, FormatError) as error:
            problems.append(Problem(error.key or entry.key.key, error.message))
        except NotFoundError:
            continue
    return problems


def spent_records(vault: Vault, index: Index, problems: Iterable[Problem], *, needed: bool) -> list[str]:
    """The records among the ``problems`` that nobody can use: those of a newer format are not, nor are moves while a
    snapshot is left that might need them."""
    keys = {problem.key for problem in problems}
    spent = []
    for entry in index.entries:
        if entry.key.key not in keys or entry.key.kind not in _KINDS or (entry.key.kind == MOVES and needed):
            continue
        with suppress(NotFoundError, FormatError):
            with suppress(CorruptionError):
                read_entry(vault, entry, Raw)
            spent.append(entry.key.key)
    return spent


def _check(vault: Vault, index: Index, entry: Entry, headers: Mapping[str, Header]) -> list[Problem]:
    if entry.key.kind == CATALOGUE:
        told = read_catalogue(vault, entry)
        wrong = sorted(id_ for id_, header in told.items() if headers.get(id_, header) != header)
        message = "it tells of a snapshot otherwise than that does"
        return [Problem(entry.key.key, message, tuple(wrong))] if wrong else []
    if entry.key.kind in _CHECKS:
        _CHECKS[entry.key.kind](vault, index.only(entry))
    else:
        # A newer program's, or one that tells by being there: whatever it says, it says it undamaged. No objects are
        # made of it: of a bomb's millions of empty maps, each would take 64 bytes.
        read_entry(vault, entry, Raw)
    return []
