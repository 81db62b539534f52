"""Writers that are killed, and a judge: programs of small steps, a model that tells the state after each of them, and
processes that run a program and are killed at any point of it.

The model shares no code with Chroma or with the log.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from copy import deepcopy
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import chromadb.api.rust
import numpy as np

from tests.repository.wrappers import AtRequest
from thoth_storage import PersistentClient
from thoth_storage.backend import Backend
from thoth_storage.log import Log, list_all
from thoth_storage.registry import open_backend
from thoth_storage.repository import Repository
from thoth_storage.store import cache as cache_module
from thoth_storage.store.local_state import LocalState
from thoth_storage.store.operations import Rows, decode
from thoth_storage.store.replica import Replica

__all__ = [
    "PROGRAM",
    "Ran",
    "State",
    "Step",
    "after",
    "agree",
    "child",
    "do",
    "hears",
    "read",
    "received",
    "run",
    "states",
    "tags_in_log",
]

_T = TypeVar("_T")
Row = tuple[str, str, tuple[float, ...]]
"""Document, the tag of the step that wrote it last, vector."""
State = dict[str, dict[str, Row]]
"""The rows of each collection, by id."""


class Step(NamedTuple):
    """One call of a program. ``tag`` is in every row that it writes; for a checkpoint, a restore and a renaming it is
    the name."""

    verb: str
    collection: str = ""
    tag: str = ""
    ids: tuple[str, ...] = ()


def _some(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in range(count))


PROGRAM = (
    Step("create", "first"),
    Step("add", "first", "one", ("a", "b", "c")),
    Step("update", "first", "two", ("b", "late")),  # of one that is not there yet: done twice, it would be seen
    Step("add", "first", "three", ("late", "a")),
    Step("upsert", "first", "four", ("c", "d")),
    Step("checkpoint", tag="early"),
    Step("delete", "first", ids=("a",)),
    Step("add", "first", "many", _some("m", 700)),
    Step("create", "second"),
    Step("add", "second", "five", ("x", "y")),
    Step("rename", "second", "third"),
    Step("delete", "first", ids=_some("m", 650)),
    Step("restore", tag="early"),
    Step("update", "first", "six", ("a", "later")),
    Step("add", "first", "seven", ("later",)),
    Step("create", "second"),
    Step("drop", "second"),
    Step("close"),
)


def vector(tag: str, name: str) -> tuple[float, ...]:
    seed = int.from_bytes(f"{tag} {name}".encode()[-7:].rjust(8, b"\0"), "little")
    return tuple(np.random.default_rng(seed).random(4, dtype=np.float32).tolist())


def _row(tag: str, name: str) -> Row:
    return f"{tag} of {name}", tag, vector(tag, name)


def do(client: Any, step: Step) -> None:
    """The step, upon a client."""
    match step.verb:
        case "create":
            client.create_collection(step.collection, embedding_function=None)
        case "drop":
            client.delete_collection(step.collection)
        case "checkpoint" | "restore":
            getattr(client, step.verb)(step.tag)
        case "close":
            client.close()
        case "rename":
            client.get_collection(step.collection, embedding_function=None).modify(name=step.tag)
        case "delete":
            client.get_collection(step.collection, embedding_function=None).delete(ids=list(step.ids))
        case verb:
            rows = [_row(step.tag, each) for each in step.ids]
            getattr(client.get_collection(step.collection, embedding_function=None), verb)(
                ids=list(step.ids),
                documents=[row[0] for row in rows],
                metadatas=[{"by": row[1]} for row in rows],
                embeddings=[list(row[2]) for row in rows],
            )


def after(state: State, step: Step, kept: dict[str, State] | None = None) -> State:
    """What a step makes of a state; ``kept``: those of checkpoints."""
    now = deepcopy(state)
    kept = {} if kept is None else kept
    match step.verb:
        case "create":
            now[step.collection] = {}
        case "drop":
            del now[step.collection]
        case "rename":
            now[step.tag] = now.pop(step.collection)
        case "checkpoint":
            kept[step.tag] = deepcopy(state)
        case "restore":
            now = deepcopy(kept[step.tag])
        case "close":
            pass
        case verb:
            rows = now[step.collection]
            for each in step.ids:
                if verb == "delete":
                    rows.pop(each, None)
                elif verb == "upsert" or (verb == "add") is (each not in rows):
                    rows[each] = _row(step.tag, each)
    return now


def states(program: Sequence[Step]) -> list[State]:
    """Before the first step, and after each."""
    kept: dict[str, State] = {}
    found: list[State] = [{}]
    for step in program:
        found.append(after(found[-1], step, kept))
    return found


def read(client: Any) -> State:
    """All that a client sees."""
    state: State = {}
    for name in [each.name for each in client.list_collections()]:
        collection = client.get_collection(name, embedding_function=None)
        found = collection.get(include=["documents", "metadatas", "embeddings"])
        columns = (found["ids"], found["documents"], found["metadatas"], found["embeddings"])
        rows = zip(*columns, strict=True)
        state[name] = {each: (text, meta["by"], tuple(np.asarray(v).tolist())) for each, text, meta, v in rows}
        assert collection.count() == len(found["ids"]) == len(state[name])
        for each, row in list(state[name].items())[:3]:
            # The index and the rows are two things to Chroma.
            assert collection.query(query_embeddings=[list(row[2])], n_results=1)["ids"] == [[each]]
    return state


def agree(place: str, cache: Path, possible: Iterable[State]) -> State:
    """What is at ``place`` is one of the possible states, for whoever opens it; gives it. Whatever the cache directory
    has of killed processes is not in the way, the log has no hole, and one can go on writing."""
    with PersistentClient(place, cache_dir=cache) as client:
        state = read(client)
        assert state in list(possible), _told(state)
        client.get_or_create_collection("afterwards", embedding_function=None)
        mark = os.urandom(4).hex()
        do(client, Step("add", "afterwards", mark, (mark,)))
        wanted = after({**state, "afterwards": read(client)["afterwards"]}, Step("checkpoint"))
        assert read(client) == wanted
    fresh = cache.with_name(f"fresh-{mark}")
    for where in (fresh, cache):
        with PersistentClient(place, cache_dir=where, cache_limit=0, mode="r") as reader:
            assert read(reader) == wanted
    backend = open_backend(place)
    numbers = [each.sequence for each in list_all(backend).entries]
    assert numbers == list(range(1, len(numbers) + 1))
    assert Repository.open(place).verify().ok
    return wanted


def tags_in_log(place: str) -> list[str]:
    """The tag of each add, upsert and update that is in the log, in order."""
    backend = open_backend(place)
    log, found = Log(backend, "judge"), []
    for listed in list_all(backend).entries:
        entry = log.read(listed.sequence)
        assert entry is not None
        for told in decode(entry.payload, url=place, sequence=entry.sequence):
            if isinstance(told.arguments, Rows) and told.arguments.metadatas:
                found.append((told.arguments.metadatas[0] or {})["by"])  # noqa: PERF401 - three loops in one line
    return found


def _told(state: State) -> str:
    return "no possible state: " + ", ".join(
        f"{name} has {len(rows)} rows by { {row[1] for row in rows.values()} }" for name, rows in state.items()
    )


# Processes that die.


class _Stops:
    """Kills this process when it comes to the ``number``-th point."""

    def __init__(self, number: int) -> None:
        self.names: list[str] = []
        self._number = number
        self._lock = threading.Lock()

    def at(self, name: str) -> None:
        with self._lock:
            self.names.append(name)
            if len(self.names) == self._number:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str) -> None:
        """Points before and after each call of a function."""
        plain = getattr(owner, name)

        @functools.wraps(plain)
        def call(*args: Any, **kwargs: Any) -> Any:
            self.at(f"before {name}")
            result = plain(*args, **kwargs)
            self.at(f"after {name}")
            return result

        setattr(owner, name, call)


class _Stopping(AtRequest):
    """Points before and after each request."""

    def __init__(self, inner: Backend, stops: _Stops) -> None:
        super().__init__(inner, -1)
        self._stops = stops

    def _through(self, verb: str, key: str, do: Callable[[], _T]) -> _T:
        self._stops.at(f"before {verb} {key[:9]}")
        result = do()
        self._stops.at(f"after {verb} {key[:9]}")
        return result


def _run(wire: Connection, place: str, cache: Path, number: int) -> None:
    """Run the program, telling of each step before and after it, until the ``number``-th point."""
    stops = _Stops(number)
    stops.around(Replica, "take_own")
    stops.around(LocalState, "swap")
    stops.around(LocalState, "shut")
    stops.around(cache_module, "mark")
    stops.around(cache_module.CacheDirectory, "keep")
    for name in ("_add", "_upsert", "_update", "_delete"):
        stops.around(chromadb.api.rust.RustBindingsAPI, name)
    client = PersistentClient(_Stopping(open_backend(place), stops), cache_dir=cache)
    for step in PROGRAM:
        wire.send("begin")
        do(client, step)
        wire.send("done")
    wire.send(stops.names)


class Ran(NamedTuple):
    """Steps that were begun, and that were acknowledged; the points that it came by, if it was not killed."""

    begun: int
    done: int
    names: list[str] | None


def child(work: Callable[..., None], *arguments: Any) -> tuple[Any, Connection]:
    """A process that runs ``work`` with the far end of a pipe, and our end. It starts without importing anything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, work.__module__, "thoth_storage.store.client"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def hears(wire: Connection) -> Any:
    """What the child tells next; None when it has died."""
    with suppress(EOFError, OSError):
        return wire.recv()
    return None


def received(wire: Connection) -> list[Any]:
    """All that the child tells until it has died."""
    found = []
    while (each := hears(wire)) is not None:
        found.append(each)
    return found


def run(place: str, cache: Path, number: int = 0) -> Ran:
    """Run the program in a process that is killed at that point, if it comes there."""
    process, wire = child(_run, place, cache, number)
    told = received(wire)
    process.join(60)
    names = told[-1] if told and isinstance(told[-1], list) else None
    assert process.exitcode == (0 if names else -signal.SIGKILL)
    process.close()
    wire.close()
    return Ran(told.count("begin"), told.count("done"), names)
