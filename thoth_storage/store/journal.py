"""Writes on their way into the log: those that arrive while one is being stored go into the next entry together.

Whoever gets the writers' lock takes along what the others have queued: at a service that is 30 ms away, eight threads
write eight times as much as one.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from chromadb.errors import ChromaError

from thoth_storage.errors import ConflictError, CorruptionError, NotFoundError, StorageError
from thoth_storage.log import Entry, FellBehindError
from thoth_storage.store.gate import Gate
from thoth_storage.store.operations import Told, encode
from thoth_storage.store.plain_server import unhooked
from thoth_storage.store.publishing import state_entry
from thoth_storage.store.recording import Recorder
from thoth_storage.store.replica import Replica
from thoth_storage.store.trials import Outcome
from thoth_storage.store.turns import Turns

__all__ = ["Journal"]

_ALONE = frozenset({"_modify", "delete_collection", "delete_database", "create_database", "create_tenant", "reset"})
"""These change what names mean, so none of them shares an entry."""
_MOST = 4 * 1024 * 1024
"""Bytes of one entry, roughly, unless a single operation has more."""
_ATTEMPTS = 1000
"""Numbers that a write tries to get, each of which another writer got first."""


class _Call:
    """A write that waits for its outcome."""

    def __init__(self, name: str, arguments: dict[str, Any]) -> None:
        self.name = name
        self.arguments = arguments
        self.outcome: Outcome | None = None
        self.failure: BaseException | None = None

    def is_done(self) -> bool:
        return self.outcome is not None or self.failure is not None


class Journal:
    """Safe to share between threads. ``first`` is asked, before an empty log gets an entry, for the snapshot that this
    has to name as the state; ``check_open`` raises StorageError where nothing may be written any more."""

    def __init__(
        self,
        gate: Gate,
        replica: Replica,
        recorder: Recorder,
        server: Any,
        first: Callable[[], str | None],
        check_open: Callable[[], None],
    ) -> None:
        self._gate = gate
        self._replica = replica
        self._recorder = recorder
        self._server = server
        self._queue: deque[_Call] = deque()
        self._lock = threading.Lock()
        self._first = first
        self._check_open = check_open
        self._turns = Turns()

    def write(self, name: str, arguments: dict[str, Any]) -> Any:
        """Log a call of chromadb's server, apply it, and give what Chroma gives. Raises what Chroma raises; then
        nothing of it was done. A call with more rows than fit into an entry goes into several.

        Raises ConflictError where other writers were always first, UnavailableError where it may be logged or not.
        """
        parts = self._recorder.split(name, arguments)
        if len(parts) > 1:
            with self._gate.writers:
                self._check_open()
                self._recorder.check(name, arguments)
        results = [self._write(name, part) for part in parts]
        if len(results) > 1 and all(isinstance(each, dict) for each in results):
            return {"deleted": sum(each["deleted"] for each in results)}
        return results[-1]

    def set_state(self, snapshot: str) -> Entry:
        """Log that the state is now that snapshot, whatever others have written. It is not applied yet. The caller
        holds the writers' lock."""
        for _ in range(_ATTEMPTS):
            try:
                entry, ours = self._replica.tail.append(state_entry(snapshot))
            except FellBehindError:
                self._replica.renew()
                continue
            except CorruptionError:
                self._replica.jump()
                continue
            if ours:
                return entry
            self._replica.catch_up([entry])
        raise self._starved()

    def _write(self, name: str, arguments: dict[str, Any]) -> Any:
        call = _Call(name, arguments)
        with self._lock:
            self._queue.append(call)
        try:
            while not call.is_done():
                self._turns.wait()
                with self._gate.writers:
                    # Perhaps another thread took it along; or has written, and it is others' turn again.
                    if self._turns.is_ours() and not call.is_done():
                        with self._gate.writing():
                            self._commit()
        except BaseException:
            # An interrupt: what nobody has begun is not to be done behind the back of who gave it up.
            with self._lock, suppress(ValueError):
                self._queue.remove(call)
            raise
        if call.failure is not None:
            raise call.failure
        assert call.outcome is not None
        if call.outcome.error is not None:
            raise call.outcome.error
        return call.outcome.result

    def _commit(self) -> None:
        """Bring the next queued calls into the log and into Chroma."""
        calls: list[_Call] = []
        try:
            self._take_next(calls)
            self._store(calls)
        except BaseException as error:
            # Nobody may wait for ever; each of them gets an error of its own, since raising one changes it.
            for call in calls:
                if not call.is_done():
                    call.failure = _same(error)
            if not isinstance(error, Exception):
                raise

    def _take_next(self, calls: list[_Call]) -> None:
        """Queued calls that go into one entry. At any moment each is in the queue or in ``calls``, or in both: whatever
        interrupts this, none is lost."""
        size = 0
        with self._lock:
            while self._queue:
                call = self._queue[0]
                size += _weight(call)
                if calls and (size > _MOST or {calls[0].name, call.name} & _ALONE):
                    break
                calls.append(call)
                self._queue.popleft()

    def _store(self, calls: Sequence[_Call]) -> None:
        self._check_open()  # it may have been closed while the calls waited
        self._replica.mend()
        if self._turns.are_contended:
            self._replica.catch_up()
        for attempt in range(_ATTEMPTS):
            self._adopt()
            recorded = self._recorded(calls)
            if not recorded:
                return
            payload = encode([told.operation for _, told in recorded])
            began = time.monotonic()
            try:
                entry, ours = self._replica.tail.append(payload)
                took = time.monotonic() - began
            except FellBehindError:
                self._replica.renew()
                continue
            except CorruptionError:
                self._replica.jump()
                continue
            if ours:
                self._apply(entry, recorded)
                self._turns.won(began, took)
                return
            self._turns.lost()
            # To try the next number costs one request where it is free, to look first two; but who is far behind
            # comes up faster by reading.
            self._replica.catch_up([entry], once=not attempt % 2)
        raise self._starved()

    def _adopt(self) -> None:
        """Where this is the first entry, and the state is a directory that was stored without a log, say so first."""
        if self._replica.position:
            return
        snapshot = self._first()
        if snapshot and not self._replica.position:
            entry, ours = self._replica.tail.append(state_entry(snapshot))
            if ours:
                self._replica.tail.take(entry)
            else:
                self._replica.catch_up([entry])

    def _recorded(self, calls: Sequence[_Call]) -> list[tuple[_Call, Told]]:
        """Those that can be logged, as what they mean after the last entry. The others are Chroma's to refuse."""
        recorded = []
        for call in calls:
            if call.is_done():
                continue
            failure: Exception
            try:
                told = self._recorder.record(call.name, call.arguments)
                if told is not None:
                    recorded.append((call, told))
                    continue
                failure = NotFoundError("the collection of this call is not there any more", url=self._replica.log.url)
            except Exception as error:
                # A value that is none of Chroma's, or an embedding function that cannot be stored: for the caller.
                failure = error
            call.failure = self._in_its_words(call, failure)
        return recorded

    def _in_its_words(self, call: _Call, failure: Exception) -> Exception:
        """What Chroma says of a call that was not recorded for ``failure``."""
        try:
            if isinstance(failure, NotFoundError):
                getattr(unhooked(self._server), call.name)(**call.arguments)
            else:
                self._recorder.refuse(call.name, call.arguments)
        except Exception as error:
            return error
        return failure

    def _apply(self, entry: Entry, recorded: Sequence[tuple[_Call, Told]]) -> None:
        own = [told for _, told in recorded]
        try:
            outcomes = self._replica.take_own(entry, own)
        except Exception:
            # It is in the log, and so it is done, if not here: begin anew, with it.
            outcomes = self._replica.take_own_anew(entry, own) or [self._likely(told) for told in own]
        for (call, _), outcome in zip(recorded, outcomes, strict=True):
            call.outcome = outcome

    def _likely(self, told: Told) -> Outcome:
        """What Chroma gives for a call that succeeds, where nobody saw the result."""
        if told.operation.kind != "create_collection":
            return Outcome({"deleted": 0} if told.operation.kind == "delete" else True)
        try:
            return Outcome(unhooked(self._server).get_collection(*told.operation.target))
        except ChromaError as error:
            return Outcome(error=error)

    def _starved(self) -> ConflictError:
        return ConflictError(
            f"other writers were first with {_ATTEMPTS} entries in a row",
            url=self._replica.log.url,
            hint="nothing was written; try again, or write larger batches",
        )


def _weight(call: _Call) -> int:
    ids, vectors = call.arguments.get("ids") or (), call.arguments.get("embeddings")
    documents = call.arguments.get("documents") or ()
    width = len(vectors[0]) if vectors is not None and len(vectors) else 0
    return len(ids) * (200 + 4 * width) + sum(len(text or "") for text in documents)


def _same(error: BaseException) -> BaseException:
    """The same failure for another thread."""
    if isinstance(error, StorageError):
        again: BaseException = error.__reduce__()[0](*error.__reduce__()[1])  # type: ignore[operator, misc]
        again.__cause__ = error
        return again
    return StorageError(f"the write was interrupted, and may be in the log or not: {type(error).__name__}: {error}")
