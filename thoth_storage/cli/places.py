"""Which repository a verb works on, and what its other words mean, where the URL may be left out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from thoth_storage import config
from thoth_storage.repository import Repository
from thoth_storage.repository.layout import REPOSITORY_KEY
from thoth_storage.urls import mask_url

__all__ = ["open_configured", "split"]


def open_configured(url: str | None, storage_options: Mapping[str, Any]) -> Repository:
    """The repository at ``url``, else the one that the environment names."""
    settings = config.store_settings(url, storage_options)
    return Repository.open(settings.url, storage_options=dict(settings.storage_options))


def split(places: Sequence[str], *words: str, more: bool = False) -> tuple[str | None, tuple[str, ...]]:
    """``[URL] WORD...``: the URL, or None, and the words. Their number alone tells whether a URL comes first, never how
    something looks; ``more`` of the last word may follow, and then the URL is needed.

    Raises UsageError, also for a URL or a path of a repository where a word is expected: else who forgot a word would
    work on another repository.
    """
    count, last = len(places), len(words)
    if count < last or (count > last + 1 and not more):
        form = " ".join(["[URL]", *words]) + ("..." if more else "")
        raise click.UsageError(f"expected {form}, got {count} arguments")
    url, rest = (None, places) if count == last else (places[0], places[1:])
    for word, value in zip((*words, *([words[-1]] * count)), rest, strict=False):
        if "://" in value:
            raise click.UsageError(f"{word} is expected, and {mask_url(value)!r} is a URL")
        if url is None and word != "TARGET" and _is_place(value):
            raise click.UsageError(
                f"{word} is expected, and {value!r} is a folder here; "
                f"if that is the repository, type: {value} {' '.join(words)}"
            )
    return url, tuple(rest)


def _is_place(value: str) -> bool:
    """Whether a word is rather the path of a repository than what a snapshot is called. A name may be that of a folder
    too; with a URL before it, it is taken for a name."""
    path = Path(value).expanduser()
    return path.is_dir() and (os.sep in value or value in (".", "..") or (path / REPOSITORY_KEY).is_file())
