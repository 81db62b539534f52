"""Files into a store: each becomes a few documents, and to add it again replaces them.

A document's id is ``PATH#NUMBER``, the path as it was given behind a prefix. That path is also its ``file_path`` in the
metadata, by which ``VectorStore.delete_by_file_path`` finds it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from thoth_storage.errors import InvalidArgumentError, NotFoundError, PermissionError_, StorageError
from thoth_storage.store.chroma_errors import chroma_errors
from thoth_storage.store.parts import PART_SIZE, Part, split_text

if TYPE_CHECKING:
    from thoth_storage.store.vector_store import VectorStore

__all__ = ["GLOBS", "AddedFile", "Source", "add_sources", "find_sources", "given_text", "plan"]

GLOBS = ("*.md", "*.markdown", "*.txt")
"""Which files of a folder are meant if nothing is said."""
_MARKDOWN = (".md", ".markdown", ".mdx")
_Batched = tuple["Source", int, list[Part]]
_BATCH = 500
"""Documents of small files that are stored by one write: each is an entry of the log, and a request or two."""


@dataclass(frozen=True)
class Source:
    """A text to be added. ``file_path`` is what it is called in the store; ``text`` is given for what is no file."""

    file_path: str
    path: Path
    text: str | None = None


@dataclass(frozen=True)
class AddedFile:
    """``bytes`` of text are there now as ``parts`` documents; ``removed`` others of this path are no more."""

    file_path: str
    bytes: int
    parts: int
    removed: int = 0


def find_sources(paths: Iterable[Path], globs: Sequence[str] = (), prefix: str = "") -> list[Source]:
    """The files that ``paths`` mean: each itself, of a folder those below it that match one of ``globs``, hidden ones
    left out. None is told twice. Raises NotFoundError, InvalidArgumentError for a name that is no text in UTF-8."""
    found: dict[str, Source] = {}
    for path in paths:
        for file in _below(path, globs or GLOBS) if path.is_dir() else [path]:
            if not file.exists():
                raise NotFoundError(f"no such file: {file}", hint="nothing was added")
            name = _checked(prefix + Path(os.path.normpath(file)).as_posix())
            if name not in found:
                # What is no file, such as a pipe, can be read but once.
                text = None if file.is_file() else _decoded(name, file.read_bytes())
                found[name] = Source(name, file, text)
    return list(found.values())


def given_text(name: str, data: bytes) -> Source:
    """A text that is no file, called ``name``. Raises InvalidArgumentError if it is none in UTF-8."""
    return Source(name, Path(name), _decoded(name, data))


def plan(sources: Iterable[Source], size: int = PART_SIZE) -> list[AddedFile]:
    """Read every text and tell what it would be; nothing is written.

    Raises InvalidArgumentError for what is no text in UTF-8, NotFoundError, PermissionError_.
    """
    return [_planned(source, *_read(source, size)) for source in sources]


def add_sources(store: VectorStore, sources: Iterable[Source], size: int = PART_SIZE) -> Iterator[AddedFile]:
    """Store every text, and tell of each when ``store`` has it: at its URL, or for the next checkpoint.

    New parts are written before those that are left over from an earlier state are deleted, so whoever asks meanwhile
    misses nothing. Stopped on the way, some texts may have old and new parts; adding them again mends that.
    """
    batch: list[_Batched] = []
    for source in sources:
        batch.append((source, *_read(source, size)))
        if sum(len(parts) for _, _, parts in batch) >= _BATCH:
            yield from _store(store, batch)
            batch = []
    yield from _store(store, batch)


def _store(store: VectorStore, batch: list[_Batched]) -> list[AddedFile]:
    rows = [(source, number, part) for source, _, parts in batch for number, part in enumerate(parts, 1)]
    store.add_documents(
        [part.text for _, _, part in rows],
        metadatas=[_metadata(source, number, part) for source, number, part in rows],
        ids=[_id(source, number) for source, number, _ in rows],
    )
    stale = {source.file_path: _others(store, source, len(parts)) for source, _, parts in batch}
    store.delete_documents(ids=[each for ids in stale.values() for each in ids])
    return [_planned(*each, len(stale[each[0].file_path])) for each in batch]


def _planned(source: Source, length: int, parts: list[Part], removed: int = 0) -> AddedFile:
    return AddedFile(source.file_path, length, len(parts), removed)


def _others(store: VectorStore, source: Source, count: int) -> list[str]:
    """The ids of this path that are none of its ``count`` parts."""
    mine = {_id(source, number) for number in range(1, count + 1)}
    with chroma_errors():
        # Of ids alone Chroma takes any number in one call, and no document is read for them.
        found = store._collection.get(where={"file_path": source.file_path}, include=[])  # noqa: SLF001 - one of us
    return [each for each in found["ids"] if each not in mine]


def _id(source: Source, number: int) -> str:
    return f"{source.file_path}#{number}"


def _metadata(source: Source, number: int, part: Part) -> dict[str, str | int]:
    title = {"title": part.title} if part.title else {}
    return {"file_path": source.file_path, **title, "part": number}


def _below(folder: Path, globs: Sequence[str]) -> list[Path]:
    try:
        found = {
            file
            for glob in globs
            for file in folder.rglob(glob)
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        }
    except (ValueError, NotImplementedError) as error:  # how pathlib refuses a pattern, or that it leads out
        raise InvalidArgumentError(
            f"{' '.join(globs) or repr('')} is no pattern for files below {folder}", hint="write it as '*.md'"
        ) from error
    if not found:
        raise NotFoundError(
            f"the folder {folder} has no file like {' or '.join(globs)}", hint="say which are meant with --glob"
        )
    return sorted(found)


def _checked(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(f"the name of the file {name!r} is no text in UTF-8", hint="rename it") from error
    return name


def _read(source: Source, size: int) -> tuple[int, list[Part]]:
    """How many bytes a text has, and its parts."""
    text = source.text
    if text is None:
        try:
            text = _decoded(str(source.path), source.path.read_bytes())
        except FileNotFoundError as error:
            raise NotFoundError(f"no such file: {source.path}") from error
        except PermissionError as error:
            raise PermissionError_(f"{source.path} cannot be read", hint="get the right to read it") from error
        except OSError as error:
            raise StorageError(f"{source.path} cannot be read: {error.strerror}") from error
    return len(text.encode()), split_text(text, size, markdown=source.path.suffix.lower() in _MARKDOWN)


def _decoded(name: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(
            f"{name} is no text in UTF-8: {error.reason} at byte {error.start}", hint="convert it, or leave it out"
        ) from error
    if "\0" in text:
        raise InvalidArgumentError(f"{name} is no text: it has a zero byte", hint="leave it out")
    return text
