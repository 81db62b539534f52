"""What code for an older project, Thoth, uses: only its import line changes. New code uses ``thoth_storage`` itself."""

from __future__ import annotations

import logging
import os
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from thoth_storage.gcs_sync import STORE, GCSSync, GCSSyncError, backup_name_of, sync_errors
from thoth_storage.plain_files import fetch, is_repository
from thoth_storage.registry import open_backend
from thoth_storage.repository import Repository
from thoth_storage.store.vector_store import VectorStore as _VectorStore

__all__ = ["GCSSync", "GCSSyncError", "VectorStore"]

_DATABASE = "chroma.sqlite3"
"""The file that every Chroma directory has."""


class VectorStore(_VectorStore):
    """A store in a bucket, with ``persist_directory`` for its local files, or without a bucket one that lives in
    ``persist_directory``. What Thoth left there as plain files is its first state."""

    def __init__(
        self,
        persist_directory: str | os.PathLike[str] = "./chroma_db",
        collection_name: str = "thoth_documents",
        embedder: Any = None,
        gcs_bucket_name: str | None = None,
        gcs_project_id: str | None = None,
        logger_instance: logging.Logger | None = None,
    ) -> None:
        self._sync: GCSSync | None = None
        options: dict[str, Any] = {}
        local = Path(persist_directory).expanduser()
        url = str(local)
        if gcs_bucket_name:
            self._sync = GCSSync(gcs_bucket_name, gcs_project_id, logger_instance=logger_instance)
            url = f"gs://{gcs_bucket_name}/{STORE}"
            options["cache_dir"] = local
            options["storage_options"] = {"project": gcs_project_id} if gcs_project_id else {}
        _adopt(url, options.get("storage_options", {}), local)
        super().__init__(url, collection_name, embedder, **options)

    def backup_to_gcs(self, backup_name: str | None = None) -> str:
        """Make a named snapshot of the whole store; ``backups/<name>``."""
        name = backup_name_of(backup_name)
        with sync_errors():
            self._bucket()
            self.backup(name)
        return f"backups/{name}"

    def restore_from_gcs(self, backup_name: str | None = None, gcs_prefix: str | None = None) -> int:
        """How many files the state has to which this goes back: a backup, or the newest; of the store, or of what is at
        another prefix of the bucket."""
        with sync_errors():
            sync = self._bucket()
            name = backup_name_of(backup_name) if backup_name else "latest"
            home = gcs_prefix.strip("/") if gcs_prefix else sync.home_of(name) if backup_name else STORE
            if home == STORE:
                return self.restore(name)
            with sync.repository(home) as other:
                snapshot = other.get(name)
                other.copy_to(self._live.repository, [snapshot.id])
            return self.restore(snapshot.id)

    def sync_to_gcs(self, gcs_prefix: str = STORE) -> dict[str, Any]:
        """Make what was written durable in the bucket, and at another prefix too, if one is given."""
        with sync_errors():
            sync = self._bucket()
            files = self.sync()["uploaded_files"]
            newest = self._live.line.newest()
            if gcs_prefix.strip("/") != STORE and newest:
                with sync.repository(gcs_prefix, create=True) as other:
                    copied = self._live.repository.copy_to(other, [newest]).snapshots
                files = self._live.repository.get(newest).files if copied else 0
        return {"uploaded_files": files, "direction": "to_gcs", "bucket": sync.bucket_name, "prefix": gcs_prefix}

    def list_gcs_backups(self) -> list[str]:
        """The names of all snapshots in the bucket."""
        return self._bucket().list_backups()

    def _bucket(self) -> GCSSync:
        self._live.check_open()
        if self._sync is None:
            raise GCSSyncError("this store has no bucket", url=self.url, hint="open it with gcs_bucket_name")
        return self._sync


def _adopt(url: str, storage_options: dict[str, Any], local: Path) -> None:
    """Make a Chroma directory of plain files the first snapshot of a store that has none: the one that is there, else
    the local one. The files stay."""
    with closing(open_backend(url, **storage_options)) as backend:
        if is_repository(backend):
            return
        if any(info.key == _DATABASE for info in backend.list(_DATABASE)):
            with TemporaryDirectory(prefix="thoth-") as folder:
                fetch(backend, Path(folder))
                Repository.open(backend, create=True).backup(folder)
        elif (local / _DATABASE).is_file():
            Repository.open(backend, create=True).backup(local)
