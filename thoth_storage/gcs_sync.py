"""Folders to a bucket of Google Cloud Storage and back, by the names that code for an older project uses."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thoth_storage.backend import Backend
from thoth_storage.errors import NotFoundError, StorageError
from thoth_storage.plain_files import fetch, gathered, is_repository, send
from thoth_storage.registry import open_backend
from thoth_storage.repository import Repository

__all__ = ["BACKUPS", "STORE", "GCSSync", "GCSSyncError", "backup_name_of", "sync_errors"]

STORE = "chroma_db"
"""The prefix of the store in its bucket."""

BACKUPS = "backups"
"""The prefix of the repository of folders that were backed up."""

StrPath = str | os.PathLike[str]


class GCSSyncError(StorageError):
    """A transfer to or from the bucket failed; what was there before is as it was."""


@contextmanager
def sync_errors() -> Iterator[None]:
    """Whatever this package or the disk refuses, as the one error that such code catches."""
    try:
        yield
    except GCSSyncError:
        raise
    except StorageError as error:
        raise GCSSyncError(error.message, url=error.url, key=error.key, hint=error.hint) from error
    except OSError as error:
        raise GCSSyncError(f"the local disk refused: {error}") from error


def backup_name_of(name: str | None) -> str:
    """A name with or without ``backups/``; where there is none, one after the time."""
    return name.removeprefix(f"{BACKUPS}/") if name else f"backup_{datetime.now(UTC):%Y%m%d_%H%M%S}"


class GCSSync:
    """Plain objects, one a file, and named snapshots. Whether there is such a bucket shows at the first verb.

    ``credentials_path`` is the file of a service account; without it credentials are found as Google's own tools do.
    All verbs raise GCSSyncError.
    """

    def __init__(
        self,
        bucket_name: str,
        project_id: str | None = None,
        credentials_path: StrPath | None = None,
        logger_instance: logging.Logger | None = None,
    ) -> None:
        if not bucket_name or "/" in bucket_name:
            raise GCSSyncError(f"{bucket_name!r} is no bucket's name", hint="give the name alone, without gs://")
        if credentials_path and not Path(credentials_path).is_file():
            # gcsfs would take the path for a token, and send it to Google to ask whose it is.
            raise GCSSyncError(f"there is no file {credentials_path}", hint="credentials_path is that of a key file")
        self.bucket_name = bucket_name
        given = {"project": project_id, "token": os.fspath(credentials_path) if credentials_path else None}
        self._options = {option: value for option, value in given.items() if value}
        self._log = logger_instance or logging.getLogger(__name__)

    def upload_directory(
        self, local_path: StrPath, gcs_prefix: str = STORE, exclude_patterns: Iterable[str] | None = None
    ) -> int:
        """How many files were stored, each as an object. Those are left out whose path in the folder contains one of
        the patterns."""
        with sync_errors(), closing(self.backend(gcs_prefix)) as backend:
            count = send(Path(local_path), backend, exclude_patterns or ())
        self._log.info("%d files of %s are at %s", count, local_path, backend.url)
        return count

    def download_directory(self, gcs_prefix: str, local_path: StrPath, clean_local: bool = False) -> int:
        """How many files came: the objects below a prefix, or the newest state of a store that lives there.

        They take their places when all have come; with ``clean_local`` they replace the folder. Where there is nothing,
        nothing local is touched.
        """
        place = gathered(Path(local_path), clean=clean_local)
        with sync_errors(), closing(self.backend(gcs_prefix)) as backend, place as folder:
            count = fetch(backend, folder)
        if not count:
            self._log.warning("there is nothing at %s", backend.url)
        return count

    def sync_to_gcs(self, local_path: StrPath, gcs_prefix: str = STORE) -> dict[str, Any]:
        """``upload_directory``, and what was done."""
        count = self.upload_directory(local_path, gcs_prefix)
        return {"uploaded_files": count, "direction": "to_gcs", "bucket": self.bucket_name, "prefix": gcs_prefix}

    def sync_from_gcs(self, gcs_prefix: str, local_path: StrPath, clean_local: bool = False) -> dict[str, Any]:
        """``download_directory``, and what was done."""
        count = self.download_directory(gcs_prefix, local_path, clean_local)
        return {"downloaded_files": count, "direction": "from_gcs", "bucket": self.bucket_name, "prefix": gcs_prefix}

    def backup_to_gcs(self, local_path: StrPath, backup_name: str | None = None) -> str:
        """Make a named snapshot of a folder that nobody writes to; ``backups/<name>``."""
        name = backup_name_of(backup_name)
        with sync_errors(), self.repository(BACKUPS, create=True) as repository:
            repository.backup(local_path, name)
        return f"{BACKUPS}/{name}"

    def restore_from_backup(self, backup_name: str, local_path: StrPath, clean_local: bool = True) -> int:
        """How many files came. They replace the folder, or without ``clean_local`` the files of the same names."""
        name = backup_name_of(backup_name)
        with sync_errors(), self.repository(self.home_of(name)) as repository:
            if clean_local:
                return repository.restore(name, local_path, overwrite=True).files
            with gathered(Path(local_path), clean=False) as folder:
                return repository.restore(name, folder, overwrite=True).files

    def list_backups(self) -> list[str]:
        """The names of all snapshots in the bucket, of folders and of the store."""
        with sync_errors():
            return sorted(self._names(BACKUPS) | self._names(STORE))

    def home_of(self, name: str) -> str:
        """The prefix of the repository where the backup of that name is. Raises NotFoundError."""
        for prefix in (STORE, BACKUPS):
            if name in self._names(prefix):
                return prefix
        raise NotFoundError(f"no backup is called {name!r}", url=f"gs://{self.bucket_name}", hint="list the backups")

    def backend(self, prefix: str) -> Backend:
        """The objects below a prefix."""
        return open_backend(f"gs://{self.bucket_name}/{prefix.strip('/')}".rstrip("/"), **self._options)

    def repository(self, prefix: str, *, create: bool = False) -> Repository:
        """The snapshots below a prefix. Raises NotFoundError where there is no repository."""
        return Repository.open(self.backend(prefix), create=create)

    def _names(self, prefix: str) -> set[str]:
        with closing(self.backend(prefix)) as backend:
            if not is_repository(backend):
                return set()
            found = Repository.open(backend).snapshots()
        return {name for snapshot in found for name in (snapshot.name, *snapshot.names) if name}
