"""fsspec's ``info`` dictionaries as ObjectInfo: each file system has its own name and form for the time."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from thoth_storage.backend import ObjectInfo

__all__ = ["object_info"]

_MTIME_FIELDS = ("mtime", "LastModified", "last_modified", "modified", "updated", "created")


def object_info(key: str, info: dict[str, Any]) -> ObjectInfo:
    """``info`` as fsspec gives it (``size`` in bytes; a time as datetime, ISO text or seconds since 1970)."""
    return ObjectInfo(key, int(info.get("size") or 0), _mtime(info))


def _mtime(info: dict[str, Any]) -> datetime | None:
    for field in _MTIME_FIELDS:
        value = info.get(field)
        if isinstance(value, str):
            with suppress(ValueError):
                value = datetime.fromisoformat(value)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, datetime):
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return None
