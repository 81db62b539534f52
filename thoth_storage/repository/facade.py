"""What all verbs of a repository share: what it is opened on, and how a snapshot is found in it."""

from __future__ import annotations

from thoth_storage.repository.finding import find
from thoth_storage.repository.index import Index
from thoth_storage.repository.labels import NO_LABELS, load_labels
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.records import list_keys
from thoth_storage.repository.summaries import read_headers
from thoth_storage.repository.vault import Vault

__all__ = ["Facade"]


class Facade:
    """Safe to share between threads: nothing is kept from one call to the next."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.backend = vault.backend

    @property
    def url(self) -> str:
        """Where the repository is, without secrets."""
        return self.backend.url

    @property
    def id(self) -> str:
        """The random name that it was given when it was created."""
        return self.vault.settings.id

    @property
    def encrypted(self) -> bool:
        """Whether all that is stored here is encrypted."""
        return self.vault.cipher.encrypts

    def _find(self, wanted: str, index: Index) -> SnapshotKey:
        keys = list_keys(self.backend)
        plain = wanted == "latest" or any(key.id == wanted for key in keys)
        labels = NO_LABELS if plain else load_labels(self.vault, index)
        return find(self.url, keys, wanted, labels, lambda: read_headers(self.vault, keys, index))

    def __repr__(self) -> str:
        return f"Repository({self.url!r})"
