"""Opens a restored directory with Chroma and compares, in a process of its own: files that no checksum can tell from
good ones make Chroma hang or crash, and what it takes of memory goes with the process.

``python -m thoth_storage.store.drilling`` reads one JSON object from stdin, ``path`` and ``contents`` (base64; empty
for what the store's own tables tell), and writes one to stdout, a ``Finding``. It ends when its stdin does.
"""

from __future__ import annotations

import base64
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from thoth_storage.store.captured import DATABASE
from thoth_storage.store.contents import CollectionContents, Contents, decode_contents, digest_of, look_inside

__all__ = ["Finding", "Task", "examine", "main"]

_NEAREST = 10
_NEAR = 1e-3
_TOLD = 20


class Task(msgspec.Struct, frozen=True):
    """``path`` of the directory; ``contents`` as the checkpoint told them, or empty."""

    path: str
    contents: str = ""


class Finding(msgspec.Struct):
    """How much was compared, and what is wrong."""

    compared: str
    collections: int = 0
    records: int = 0
    samples: int = 0
    queries: int = 0
    asked: int = 0
    problems: list[str] = []

    def complain(self, problem: str) -> None:
        if len(self.problems) < _TOLD:
            self.problems.append(problem)


def examine(task: Task) -> Finding:
    """Open the directory and compare. Raises what Chroma raises."""
    database = Path(task.path) / DATABASE
    told = decode_contents(base64.b64decode(task.contents))
    finding = Finding("recorded" if told else "itself")
    unsound = _unsound(database)
    if unsound:
        finding.complain(f"{DATABASE} is no sound database: {unsound}")
        return finding
    inside = look_inside(database)
    _compare_totals(told or inside, inside, finding)
    import chromadb

    from thoth_storage.store.quiet import quiet_settings

    client: Any = chromadb.PersistentClient(task.path, settings=quiet_settings())
    try:
        # Of the server object: no embedding function of a stored configuration comes to life.
        for each in (told or inside).collections:
            _compare(client._server, each, finding)  # noqa: SLF001 - as hooks
    finally:
        client.close()
    return finding


def _examined(task: Task) -> Finding:
    try:
        return examine(task)
    except (OSError, MemoryError):
        raise  # of this machine
    except Exception as error:
        # Whatever Chroma raises on these files, they do not open.
        told = decode_contents(base64.b64decode(task.contents))
        text = f"Chroma cannot open what was restored: {type(error).__name__}: {error}"
        return Finding("recorded" if told else "itself", problems=[text[:500]])


def _unsound(database: Path) -> str:
    """What SQLite says of the file, before Chroma comes; nothing for a sound one."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return "" if found == "ok" else found


def _compare_totals(told: Contents, inside: Contents, finding: Finding) -> None:
    if told.total != inside.total:
        finding.complain(f"{inside.total} collections are there, {told.total} were recorded")
    if told.records != inside.records:
        finding.complain(f"{inside.records} records are there, {told.records} were recorded")


def _compare(server: Any, told: CollectionContents, finding: Finding) -> None:
    where = f"collection {told.name!r:.100}"
    if (told.tenant, told.database) != ("default_tenant", "default_database"):
        where += f" of {told.tenant:.60}/{told.database:.60}"
    place = {"tenant": told.tenant, "database": told.database}
    from chromadb.errors import ChromaError

    try:
        model = server.get_collection(told.name, **place)
        count = server._count(model.id, **place)  # noqa: SLF001 - as hooks
        finding.collections += 1
        finding.records += count
        if count != told.count:
            finding.complain(f"{where} has {count} records, {told.count} are expected")
        if told.samples:
            _compare_samples(server, model, told, where, finding)
    except ChromaError as error:
        finding.complain(f"{where}: {type(error).__name__}: {error}")


def _compare_samples(server: Any, model: Any, told: CollectionContents, where: str, finding: Finding) -> None:
    place = {"tenant": told.tenant, "database": told.database}
    ids = [sample.id for sample in told.samples]
    found = server._get(model.id, ids=ids, include=["documents", "metadatas", "embeddings"], **place)  # noqa: SLF001
    rows = dict(_rows(found))
    import numpy as np

    vectors: dict[str, Any] = {}
    for sample in told.samples:
        if sample.id not in rows:
            finding.complain(f"{where}: the record {sample.id!r:.100} is missing")
            continue
        document, metadata, vector = rows[sample.id]
        finding.samples += 1
        if digest_of(document, metadata) != sample.digest:
            finding.complain(f"{where}: the record {sample.id!r:.100} is not what it was")
        if vector is None or not np.isfinite(vector).all() or len(vector) != model.dimension:
            finding.complain(f"{where}: the record {sample.id!r:.100} has no sound embedding")
        else:
            vectors[sample.id] = vector
    met = sum(_finds_itself(server, model, place, name, vector) for name, vector in vectors.items())
    finding.asked += len(vectors)
    finding.queries += met
    # The index is an approximate one, which may miss one; where it misses most it is not the one of these records.
    if 2 * met < len(vectors):
        finding.complain(f"{where}: its index finds {met} of {len(vectors)} records by their own embeddings")


def _rows(found: Any) -> Iterator[tuple[str, tuple[Any, Any, Any]]]:
    import numpy as np

    embeddings = found["embeddings"]
    for number, name in enumerate(found["ids"]):
        vector = None if embeddings is None or embeddings[number] is None else np.asarray(embeddings[number])
        yield name, (found["documents"][number], found["metadatas"][number], vector)


def _finds_itself(server: Any, model: Any, place: dict[str, str], name: str, vector: Any) -> bool:
    """Whether a query by a record's embedding gives the record, or one that is as near."""
    found = server._query(  # noqa: SLF001 - as hooks
        model.id, query_embeddings=[vector.tolist()], n_results=_NEAREST, include=["distances"], **place
    )
    if name in found["ids"][0]:
        return True
    distances = found["distances"][0]
    squared = float(vector @ vector)
    # Of itself: nothing, or where the space is that of inner products 1 - x·x; a zero vector has no direction.
    itself = 1 - squared if _space(model) == "ip" else 0.0
    return bool(distances) and (squared == 0 or distances[0] <= itself + _NEAR * max(squared, 1.0))


def _space(model: Any) -> str:
    told = model.configuration_json
    settings = told.get("hnsw") if isinstance(told, dict) else None
    return str(settings.get("space", "l2")) if isinstance(settings, dict) else "l2"


def main() -> None:
    """One task from stdin, one finding to stdout."""
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # What is printed meanwhile, by whomever, is no part of the answer.
    answer = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(answer, "wb") as out:
        out.write(msgspec.json.encode(_examined(task)))


def _end_with_parent() -> None:
    """Nobody waits for an answer any more when the pipe is closed at its other end."""
    # Not by sys.stdin, whose lock the interpreter wants when it ends.
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
