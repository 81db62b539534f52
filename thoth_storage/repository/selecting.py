"""Which part of a snapshot ``include`` means."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from thoth_storage.errors import InvalidArgumentError, NotFoundError
from thoth_storage.repository.manifest import Body

__all__ = ["Include", "Selection", "select"]

Include = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None
"""Patterns, or paths of files and folders; None for all."""


class Selection(NamedTuple):
    """``files`` are numbers of files of the body; ``folders`` all that are needed, those above the files too, in order
    of path, with their permissions where the snapshot has them."""

    files: list[int]
    folders: dict[str, int | None]


def select(body: Body, include: Include) -> Selection:
    """What to restore. Raises NotFoundError for a pattern that matches nothing."""
    modes: dict[str, int | None] = {folder.path: folder.mode for folder in body.folders}
    if include is None:
        files, wanted = list(range(len(body.files))), set(modes)
    else:
        files, wanted = _matching(body, _patterns(include))
    wanted |= {parent for number in files for parent in _parents(body.files[number].path)}
    wanted |= {parent for path in wanted for parent in _parents(path)}
    return Selection(files, {path: modes.get(path) for path in sorted(wanted)})


def _matching(body: Body, patterns: list[str]) -> tuple[list[int], set[str]]:
    paths = [file.path for file in body.files]
    leaves = set(paths)
    folders = {folder.path for folder in body.folders}
    folders.update(parent for path in paths for parent in _parents(path))
    roots: set[str] = set()
    single: set[str] = set()
    for pattern in patterns:
        # What has just this name is meant, whatever the signs in it mean in a pattern.
        if pattern in leaves:
            single.add(pattern)
        elif pattern in folders or pattern == ".":
            roots.add(pattern)
        else:
            found = {path for path in leaves if fnmatchcase(path, pattern)}
            above = {path for path in folders if fnmatchcase(path, pattern)}
            if not found and not above:
                raise NotFoundError(f"nothing in the snapshot matches {pattern!r:.200}", hint="nothing was restored")
            single |= found
            roots |= above

    def below(path: str) -> bool:
        return "." in roots or any(parent in roots for parent in _parents(path))

    files = [number for number, path in enumerate(paths) if path in single or below(path)]
    return files, {path for path in folders if path in roots or below(path)}


def _patterns(include: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    try:
        several = [include] if isinstance(include, str | os.PathLike) else list(include)
        texts = [os.fspath(each) for each in several]
    except TypeError as error:
        raise InvalidArgumentError(f"include is a pattern or several, not {include!r:.80}") from error
    if not all(isinstance(text, str) for text in texts):
        raise InvalidArgumentError(f"include is text, not {include!r:.80}")
    if not texts:
        raise NotFoundError("an empty include matches nothing", hint="leave it out to restore all")
    return [_normal(text) for text in texts]


def _normal(pattern: str) -> str:
    """As manifests write paths: without a dot for the folder itself, or a slash behind."""
    if not pattern or pattern.startswith("/"):
        return pattern
    return "/".join(part for part in pattern.split("/") if part not in ("", ".")) or "."


def _parents(path: str) -> Iterator[str]:
    end = path.rfind("/")
    while end > 0:
        yield path[:end]
        end = path.rfind("/", 0, end)
