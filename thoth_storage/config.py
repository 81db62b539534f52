"""Settings that were not passed as arguments, and where each came from. The only reader of ``os.environ``.

First found wins: the argument; ``THOTH_STORAGE_URL``; ``GCS_BUCKET_NAME`` (Google Cloud Storage is the default
service); else ``./chroma_db`` on the local disk.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thoth_storage.errors import ConfigurationError, EncryptionKeyError

__all__ = [
    "StoreSettings",
    "cache_root",
    "embedder_name",
    "encryption_key",
    "log_level",
    "on_cloud_run",
    "store_settings",
    "target_encryption_key",
]

_log = logging.getLogger(__name__)
_FALLBACK = "./chroma_db"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class StoreSettings:
    """Which store to open: its URL, the options for its file system, and what decided."""

    url: Any
    source: str
    storage_options: Mapping[str, Any] = field(default_factory=dict)


def store_settings(url: Any = None, storage_options: Mapping[str, Any] | None = None) -> StoreSettings:
    """The store that an argument, the environment or the default names. Says once in the log when it is the default."""
    options = dict(storage_options or {})
    if url is not None:
        return StoreSettings(url, "argument", options)
    if value := os.environ.get("THOTH_STORAGE_URL"):
        return StoreSettings(value, "THOTH_STORAGE_URL", options)
    if bucket := os.environ.get("GCS_BUCKET_NAME"):
        if "/" in bucket:
            raise ConfigurationError(
                f"GCS_BUCKET_NAME is {bucket!r}, which is no bucket's name", hint="give the name alone, without gs://"
            )
        if project := os.environ.get("GCP_PROJECT_ID"):
            options.setdefault("project", project)
        return StoreSettings(f"gs://{bucket}/chroma_db", "GCS_BUCKET_NAME", options)
    _log.warning("no store is configured: using %s on the local disk", _FALLBACK)
    return StoreSettings(_FALLBACK, "default", options)


def cache_root(argument: str | os.PathLike[str] | None = None) -> Path:
    """The folder below which local, disposable Chroma directories are made."""
    if argument is not None:
        return Path(argument).expanduser()
    for name in ("THOTH_STORAGE_CACHE_DIR", "CHROMA_PERSIST_DIRECTORY"):
        if value := os.environ.get(name):
            return Path(value).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("thoth_storage", appauthor=False)


def embedder_name() -> str:
    """``default`` (Chroma's own model), ``lexical`` (ours, without a model) or ``module:object``."""
    return os.environ.get("THOTH_STORAGE_EMBEDDER") or "default"


def encryption_key() -> str | None:
    """The key of encrypted repositories: a password, ``base64:`` and 32 bytes, or a reference with ``://``. Raises
    EncryptionKeyError where it is set and empty."""
    return _key("THOTH_STORAGE_KEY")


def target_encryption_key() -> str | None:
    """The key of the repository that a copy goes to, where it is another than that of ``encryption_key``. Raises
    EncryptionKeyError where it is set and empty."""
    return _key("THOTH_STORAGE_TO_KEY")


def _key(name: str) -> str | None:
    value = os.environ.get(name)
    if value == "":
        # A secret that was not found leaves an empty variable, and nobody wants his data in the clear for that.
        raise EncryptionKeyError(
            f"{name} is set but empty", hint="give it the key, or unset it where nothing is to be encrypted"
        )
    return value


def on_cloud_run() -> bool:
    """Whether this is an instance of a Cloud Run service or job, where files are memory."""
    return bool(os.environ.get("K_SERVICE") or os.environ.get("CLOUD_RUN_JOB"))


def log_level() -> str:
    """The level for the command line's log. Raises ConfigurationError for one that does not exist."""
    for name in ("THOTH_STORAGE_LOG_LEVEL", "LOG_LEVEL"):
        if value := os.environ.get(name):
            if value.upper() not in _LEVELS:
                raise ConfigurationError(f"{name} is {value!r}", hint=f"use one of {', '.join(_LEVELS)}")
            return value.upper()
    return "WARNING"
