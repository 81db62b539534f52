"""Proves on the operator's own bucket that a backend keeps the contract, and leaves nothing behind."""

from __future__ import annotations

import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from thoth_storage.backend import Backend
from thoth_storage.check_access import PERMISSIONS, trials
from thoth_storage.check_features import Feature, features_of
from thoth_storage.check_listing import expect, listing, listing_across_pages, listing_after_overwrite
from thoth_storage.errors import AlreadyExistsError, NotFoundError, PermissionError_, StorageError
from thoth_storage.wrappers import PrefixedBackend
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["CheckReport", "Step", "check_backend"]

_RACERS = 16
_ROUNDS = 5
_LARGE = 8 * 1024 * 1024
_PROBES = 5
_PAGES = "listing across pages"
_READS = {PERMISSIONS["list"], PERMISSIONS["read"]}
"""What can be tried where nothing can be made."""
_SKEW = 60.0


@dataclass(frozen=True)
class Step:
    """One obligation: whether it was kept, in how many seconds, and what was seen."""

    name: str
    ok: bool
    seconds: float
    detail: str


@dataclass(frozen=True)
class CheckReport:
    """``ok`` if every step was. ``snapshots`` and ``shared_log`` tell what will work there: the log needs an atomic
    create, proved here, not only claimed.
    """

    url: str
    steps: tuple[Step, ...]

    @property
    def ok(self) -> bool:
        return all(step.ok for step in self.steps)

    @property
    def snapshots(self) -> bool:
        return all(step.ok for step in self.steps if step.name != "atomic create")

    @property
    def shared_log(self) -> bool:
        return self.ok and any(step.name == "atomic create" for step in self.steps)

    @property
    def features(self) -> tuple[Feature, ...]:
        """What will work there, one by one, and what the others lack."""
        return features_of({step.name: step.ok for step in self.steps})


def check_backend(backend: Backend, tell: Callable[[Step], None] | None = None, *, pages: bool = True) -> CheckReport:
    """Run every step below a random prefix and remove what they stored. ``tell`` hears of each step as it ends.

    First come permissions, one by one. Where nothing may be created, they are all that can be proved. A failed step is
    in the report; only the first write, where the service fails and does not just refuse, raises what it met, and an
    identity that may do nothing at all is PermissionError_.
    ``pages``: whether a listing of more than a page is among the steps, for which 1,001 objects are made.
    """
    area = _Noting(PrefixedBackend(backend, f"thoth-check-{uuid.uuid4().hex}"))
    made = _Made(area, tell)
    try:
        for name, attempt in trials(area, backend):
            if not made.steps or made.may_create or name in _READS:
                made.make(name, lambda _, attempt=attempt: attempt())  # type: ignore[misc]
        if not any(step.ok for step in made.steps):
            # Of an identity that may do nothing at all it is the identity that is wrong.
            raise made.refusals[0]
        if made.may_create:
            for name in _chosen(backend, pages):
                made.make(name, _STEPS[name])
    finally:
        if made.may_create:
            made.make("clean up", lambda _: area.clean_up())
        elif made.steps:
            area.clean_up_quietly()
    return CheckReport(backend.url, tuple(made.steps))


def _chosen(backend: Backend, pages: bool) -> Iterator[str]:
    """The steps after the permissions: not what a backend does not claim, nor what was not asked for."""
    for name in _STEPS:
        if (name != "atomic create" or backend.capabilities.atomic_create) and (name != _PAGES or pages):
            yield name


class _Made:
    """The steps that were made, the first of which was to create an object."""

    def __init__(self, area: Backend, tell: Callable[[Step], None] | None) -> None:
        self._area = area
        self._tell = tell
        self.steps: list[Step] = []
        self.refusals: list[PermissionError_] = []

    @property
    def may_create(self) -> bool:
        return bool(self.steps) and self.steps[0].ok

    def make(self, name: str, work: Callable[[Backend], str]) -> None:
        """Raises what the first met, if that was no refusal: a service that does not answer does so at once."""
        began = time.perf_counter()
        try:
            detail, ok = work(self._area), True
        except (StorageError, AssertionError) as error:
            if isinstance(error, PermissionError_):
                self.refusals.append(error)
            elif not self.steps:
                raise
            detail, ok = str(error), False
        self.steps.append(Step(name, ok, time.perf_counter() - began, detail))
        if self._tell:
            self._tell(self.steps[-1])


class _Noting(WrappedBackend):
    """Knows what was written here without a listing, which may be stale."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self._keys: set[str] = set()

    def put(self, key: str, data: bytes) -> None:
        self._keys.add(key)
        self.inner.put(key, data)

    def create(self, key: str, data: bytes) -> None:
        self._keys.add(key)
        self.inner.create(key, data)

    def delete(self, *keys: str) -> None:
        self.inner.delete(*keys)
        self._keys.difference_update(keys)

    def clean_up_quietly(self) -> None:
        """Where nothing could be made, as far as is known."""
        with suppress(StorageError):
            self.inner.delete(*sorted(self._keys))

    def clean_up(self) -> str:
        self.inner.delete(*sorted(self._keys))
        left = [info.key for info in self.inner.list()]
        expect(not left, f"{len(left)} objects are left below {self.url}")
        return "nothing is left"


def _read_after_write(area: Backend) -> str:
    data = uuid.uuid4().bytes * (_LARGE // 16)
    began = time.perf_counter()
    area.put("large", data)
    written = time.perf_counter()
    expect(area.get("large") == data, "what was read is not what was written")
    read = time.perf_counter()
    with suppress(PermissionError_):  # to overwrite, which a step of its own tells
        area.put("large", b"replaced")
        expect(area.get("large") == b"replaced", "an old object was read after a new one was written")
    rates = [_LARGE / 2**20 / max(seconds, 1e-9) for seconds in (written - began, read - written)]
    return f"8 MiB written at {rates[0]:.0f} MiB/s, read at {rates[1]:.0f} MiB/s"


def _ranges(area: Backend) -> str:
    data = bytes(range(256))
    area.put("range", data)
    for start, end in ((0, 1), (10, 20), (250, 300), (255, 256), (256, 300), (7, 7), (0, None), (100, None)):
        expect(area.get("range", start, end) == data[start:end], f"the range [{start}, {end}) is wrong")
    return "all edges right"


def _latency(area: Backend) -> str:
    puts, gets = [], []
    for number in range(_PROBES):
        began = time.perf_counter()
        area.put(f"latency/{number}", b"small")
        written = time.perf_counter()
        area.get(f"latency/{number}")
        puts.append(written - began)
        gets.append(time.perf_counter() - written)
    put, get = (1000 * statistics.median(seconds) for seconds in (puts, gets))
    return f"a small put takes {put:.1f} ms, a small get {get:.1f} ms (medians of {_PROBES})"


def _clock(area: Backend) -> str:
    """Told, never a failure: ages are reckoned by the store's clock alone. Signatures are not: S3 refuses old ones."""
    before = datetime.now(UTC)
    area.put("clock", b"")
    after = datetime.now(UTC)
    stored = area.head("clock").mtime
    if stored is None:
        return "the service does not tell when an object was stored"
    behind, ahead = (before - stored).total_seconds(), (stored - after).total_seconds()
    skew = max(behind, ahead, 0.0)
    if skew <= _SKEW:
        return f"within {_SKEW:.0f} s of this machine's"
    side = "behind" if behind > ahead else "ahead of"
    return f"the store's clock is {skew:.0f} s {side} this machine's: set this machine's clock"


def _create(area: Backend) -> str:
    for content in (b"first", b""):
        key = f"create/{len(content)}"
        area.create(key, content)
        try:
            area.create(key, b"second")
        except AlreadyExistsError:
            expect(area.get(key) == content, "a refused create changed the object")
        else:
            raise AssertionError("an object was created twice")
    return "a second create is refused"


def _atomic_create(area: Backend) -> str:
    for number in range(_ROUNDS):
        gate = threading.Barrier(_RACERS)

        def race(racer: int, key: str = f"race/{number}", gate: threading.Barrier = gate) -> int | None:
            gate.wait()
            try:
                area.create(key, f"{racer}".encode())
            except AlreadyExistsError:
                return None
            return racer

        with ThreadPoolExecutor(_RACERS) as pool:
            winners = [racer for racer in pool.map(race, range(_RACERS)) if racer is not None]
        expect(len(winners) == 1, f"{len(winners)} of {_RACERS} racers created the same object")
        expect(area.get(f"race/{number}") == f"{winners[0]}".encode(), "the object is not the winner's")
    return f"one winner of {_RACERS} in each of {_ROUNDS} races"


def _missing(area: Backend) -> str:
    for verb in (area.get, area.head):
        try:
            verb("missing")
        except NotFoundError:
            continue
        raise AssertionError("a missing object was found")
    with suppress(PermissionError_):  # to delete
        area.delete("missing")
    return "told as missing"


def _delete(area: Backend) -> str:
    area.put("gone", b"")
    area.delete("gone")
    try:
        area.head("gone")
    except NotFoundError:
        return "gone at once"
    raise AssertionError("a deleted object is still there")


_STEPS: dict[str, Callable[[Backend], str]] = {
    "read after write": _read_after_write,
    "ranges": _ranges,
    "listing": listing,
    _PAGES: listing_across_pages,
    "listing after overwrite": listing_after_overwrite,
    "create": _create,
    "atomic create": _atomic_create,
    "missing objects": _missing,
    "delete": _delete,
    "latency": _latency,
    "clock": _clock,
}
