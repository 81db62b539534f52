"""Drops snapshots: those that people name, or those that no rule of a policy keeps.

Only the small objects that make a snapshot visible go. The bytes stay until a prune finds that nobody needs them, so
forgetting takes no lock and is done in a moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from shlex import quote

from thoth_storage.errors import CorruptionError, FormatError, InvalidArgumentError
from thoth_storage.repository.finding import find
from thoth_storage.repository.index import Index
from thoth_storage.repository.labels import Labels, load_labels
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.manifest import Header
from thoth_storage.repository.records import list_keys, read_header, to_snapshot
from thoth_storage.repository.reports import Snapshot
from thoth_storage.repository.retention import Decision, Policy, decide
from thoth_storage.repository.summaries import read_headers, read_stored
from thoth_storage.repository.vault import Vault

__all__ = ["ForgetReport", "drop", "forget"]

_AT_ONCE = 100
"""Snapshots in one call to the backend: many take few requests, and still the oldest go first."""


@dataclass(frozen=True)
class ForgetReport:
    """A decision for each snapshot that was asked about, newest first; those without reasons were forgotten (with
    ``dry_run``: would be). ``unreadable``: ids of damaged snapshots, which no policy ever forgets."""

    decisions: tuple[Decision, ...]
    unreadable: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def kept(self) -> list[Snapshot]:
        return [decision.snapshot for decision in self.decisions if decision.keep]

    @property
    def forgotten(self) -> list[Snapshot]:
        return [decision.snapshot for decision in self.decisions if not decision.keep]


def forget(vault: Vault, policy: Policy | None, wanted: Sequence[str] | None, dry_run: bool) -> ForgetReport:
    """All that is wrong is told before the first snapshot goes. Raises InvalidArgumentError, NotFoundError, and
    CorruptionError where a record of names and tags cannot be read: it might say that a snapshot is to be kept."""
    if policy is not None and wanted is not None:
        raise InvalidArgumentError("both snapshots and rules of what to keep were given", hint="give one of them")
    index = Index(vault)
    keys = list_keys(vault.backend)
    labels = load_labels(vault, index, strict=True)
    if policy is not None:
        report = _by_policy(vault, policy, keys, labels, dry_run)
    else:
        report = ForgetReport(_by_name(vault, wanted or (), keys, index, labels), dry_run=dry_run)
    if not dry_run:
        drop(vault, keys, report)
    return report


def drop(vault: Vault, keys: list[SnapshotKey], report: ForgetReport) -> None:
    """Do what a report says is to be done; ``keys`` are all that there are."""
    gone = {snapshot.id for snapshot in report.forgotten}
    doomed = [key.key for key in reversed(keys) if key.id in gone]
    for first in range(0, len(doomed), _AT_ONCE):
        vault.backend.delete(*doomed[first : first + _AT_ONCE])


def _by_policy(vault: Vault, policy: Policy, keys: list[SnapshotKey], labels: Labels, dry_run: bool) -> ForgetReport:
    """Only a snapshot whose header can be read now counts as kept: else the sound ones would go for its sake."""
    headers, unreadable = read_stored(vault, keys)
    decisions = decide([_named(header, headers, labels) for header in headers], policy)
    if decisions and not any(decision.keep for decision in decisions):
        raise InvalidArgumentError(
            f"these rules keep none of the {len(decisions)} snapshots",
            hint="keep at least one (keep_last=1), or name the snapshots that are to go",
        )
    return ForgetReport(tuple(decisions), tuple(key.id for key in unreadable), dry_run)


def _by_name(
    vault: Vault, wanted: Sequence[str], keys: list[SnapshotKey], index: Index, labels: Labels
) -> tuple[Decision, ...]:
    headers = cache(lambda: read_headers(vault, keys, index))
    found = {find(vault.url, keys, each, labels, headers) for each in wanted}
    snapshots = [_snapshot(vault, key, labels) for key in keys if key in found]
    every = headers() if any(snapshot.names for snapshot in snapshots) else []
    for snapshot in snapshots:
        names = _meaning(snapshot, every, labels)
        if names:
            raise InvalidArgumentError(
                f"the snapshot {snapshot.id[:12]} is what the name {names[0]!r} means; nothing was forgotten",
                hint=f"move or remove the name first: thoth-storage name {quote(names[0])} --remove",
            )
    return tuple(Decision(snapshot, ()) for snapshot in snapshots)


def _snapshot(vault: Vault, key: SnapshotKey, labels: Labels) -> Snapshot:
    """As far as it can be read: who names a damaged snapshot may want to be rid of it."""
    try:
        return to_snapshot(read_header(vault, key), labels)
    except (CorruptionError, FormatError):
        return Snapshot(key.id, key.time, None, (), 0, 0, 0, names=labels.names(key.id))


def _named(header: Header, headers: list[Header], labels: Labels) -> Snapshot:
    snapshot = to_snapshot(header, labels)
    return replace(snapshot, names=_meaning(snapshot, headers, labels)) if snapshot.names else snapshot


def _meaning(snapshot: Snapshot, headers: list[Header], labels: Labels) -> tuple[str, ...]:
    """Those of the names given to a snapshot that still mean it: a later backup may bear one of them."""
    meaning = []
    for name in snapshot.names:
        event = labels.given(name)
        born = max((header.time for header in headers if header.name == name), default=None)
        if event and (born is None or event.time > born):
            meaning.append(name)
    return tuple(meaning)
