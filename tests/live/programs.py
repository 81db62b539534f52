"""What the tests of a live store share: small programs with rows, in this process and in others."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from thoth_storage.errors import ConflictError

__all__ = ["add", "directories", "ids", "kept_name", "lines", "python", "querying", "swept"]


def add(client: Any, *ids: str, collection: str = "notes") -> Any:
    """Rows of those ids, in a collection that is made if it is not there; gives the collection."""
    found = client.get_or_create_collection(collection, embedding_function=None)
    found.add(
        ids=list(ids), documents=[f"text {each}" for each in ids], embeddings=[[float(len(each)), 1.0] for each in ids]
    )
    return found


def ids(client: Any, collection: str = "notes") -> set[str]:
    found = client.get_collection(collection, embedding_function=None).get()
    assert found["documents"] == [f"text {each}" for each in found["ids"]]
    return set(found["ids"])


def directories(cache: Path) -> set[Path]:
    """Those of stores: each has its own, two levels down."""
    return set(cache.glob("*/*"))


def swept(cache: Path) -> bool:
    return not directories(cache)


def kept_name(error: ConflictError) -> str:
    """Under which what lost a conflict is kept, as people read it."""
    assert error.hint is not None
    return error.hint.split("'")[1]


_PRELUDE = """
import sys, os, signal, threading, time
import thoth_storage
from thoth_storage import CheckpointPolicy, PersistentClient
def opened(**more):
    return PersistentClient(sys.argv[1], cache_dir=sys.argv[2], **more)
def add(client, *ids):
    client.get_or_create_collection("notes", embedding_function=None).add(
        ids=list(ids), documents=[f"text {each}" for each in ids], embeddings=[[float(len(each)), 1.0] for each in ids])
def say(word):
    print(word, flush=True)
"""


@contextmanager
def python(program: str, place: str, cache: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs ``program`` with ``opened``, ``add`` and ``say`` at hand; killed at the end."""
    command = [sys.executable, "-c", _PRELUDE + program, place, str(cache)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: subprocess.Popen[str], *expected: str) -> None:
    """The process says just that next."""
    assert process.stdout is not None
    for word in expected:
        said = process.stdout.readline().strip()
        if said != word:
            process.kill()
            raise AssertionError(f"{said!r} instead of {word!r}: {process.communicate()[1]}")


@contextmanager
def querying(query: Callable[[], Any], threads: int = 2) -> Iterator[list[Any]]:
    """Threads that call ``query`` without pause while the block lasts; gives what they were answered. A failure of one
    of them is raised at the end."""
    answers: list[Any] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            while not done.is_set():
                answers.append(query())
        except BaseException as error:
            failures.append(error)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield answers
    finally:
        done.set()
        for thread in running:
            thread.join()
    if failures:
        raise failures[0]
