"""What all groups of the suite stand on: the two fixtures that a plugin's test gives, and the numbers it may lower."""

from __future__ import annotations

import inspect
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from thoth_storage.backend import Backend
from thoth_storage.errors import NotFoundError
from thoth_storage.registry import open_backend

__all__ = ["SuiteBase", "eager_threads", "keys_of", "put_all", "read"]

_UPLOADS = 16


class SuiteBase:
    """Give one of two fixtures: ``url`` (a fresh place, opened through the registry) or ``backend``.

    ``backend`` is fresh and empty for each test, and picklable, since some tests use it from other processes.
    With ``url``, a fixture or attribute ``storage_options`` may hold options for it.
    """

    many: ClassVar[int] = 2500
    """Objects in the large listing: more than two pages of 1,000."""
    deleted: ClassVar[int] = 1200
    """Keys in the large delete: more than one batch of 1,000."""
    large: ClassVar[int] = 3 * 2**20 + 1
    """Bytes of the large object."""
    racers: ClassVar[int] = 16
    rounds: ClassVar[int] = 25
    """Keys for which the racing threads race; a service that is slow but atomic may take fewer."""
    processes: ClassVar[int] = 4
    process_rounds: ClassVar[int] = 40
    overwrites: ClassVar[int] = 40
    """How often a large object is replaced beneath its readers."""
    examples: ClassVar[int] = 40
    steps: ClassVar[int] = 25
    """Of the state machine."""
    shrink: ClassVar[bool] = True
    """Whether a sequence that fails is made small. It then says more, and takes minutes where requests are slow."""
    patience: ClassVar[float] = 120.0
    """Seconds after which a process or thread that does not come back counts as hung."""
    secrets: ClassVar[tuple[str, ...]] = ()
    """What the tests' credentials are, if they are to be searched for in errors, ``repr`` and ``url``."""

    @pytest.fixture
    def storage_options(self) -> dict[str, Any]:
        return {}

    @pytest.fixture
    def backend(self, request: pytest.FixtureRequest) -> Iterator[Backend]:
        backend = self._open(request)
        yield backend
        backend.close()

    @pytest.fixture
    def second(self, request: pytest.FixtureRequest, backend: Backend) -> Iterator[Backend]:
        """Another opening of the same store, not used before: by its URL, or as a pickled copy."""
        second = self._open(request) if self._has_url else pickle.loads(pickle.dumps(backend))
        yield second
        second.close()

    @pytest.fixture
    def sibling(self, request: pytest.FixtureRequest) -> Iterator[Backend | None]:
        """The store beside this one whose URL is one character longer; None where only ``backend`` is given."""
        sibling = self._open(request, "2") if self._has_url else None
        yield sibling
        if sibling:
            sibling.close()

    @property
    def _has_url(self) -> bool:
        return inspect.getattr_static(type(self), "backend") is inspect.getattr_static(SuiteBase, "backend")

    def _open(self, request: pytest.FixtureRequest, suffix: str = "") -> Backend:
        try:
            url = request.getfixturevalue("url")
        except pytest.FixtureLookupError as error:
            if error.argname != "url":
                raise
            pytest.fail(f"{type(self).__name__} has to give a fixture `url` or a fixture `backend`", pytrace=False)
        given = inspect.getattr_static(type(self), "storage_options")
        options = given if isinstance(given, Mapping) else request.getfixturevalue("storage_options")
        return open_backend(f"{url}{suffix}", **options)


def read(backend: Backend, key: str) -> bytes | None:
    """The object's bytes, or None where there is none."""
    try:
        return backend.get(key)
    except NotFoundError:
        return None


def keys_of(backend: Backend, prefix: str = "") -> list[str]:
    return [info.key for info in backend.list(prefix)]


def put_all(backend: Backend, objects: Mapping[str, bytes] | Iterable[str]) -> None:
    """Store many objects, several at a time; given keys only, each object holds its key."""
    items = objects.items() if isinstance(objects, Mapping) else ((key, key.encode()) for key in objects)
    with ThreadPoolExecutor(_UPLOADS) as pool:
        for _ in pool.map(lambda item: backend.put(*item), items):
            pass


@contextmanager
def eager_threads() -> Iterator[None]:
    """Let Python switch threads a thousand times as often, so that a window of a few instructions is met."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(interval / 1000)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
