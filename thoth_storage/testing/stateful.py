"""Random sequences of verbs against a plain dict: finds what nobody thought of listing as a test.

The model shares no code with what it tests; it knows the contract in its own words. Two openings of one store take
turns, so that whatever one of them remembers shows as a difference.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError, NotFoundError

__all__ = ["BackendMachine"]

_KEYS = (
    *("a", "ab", "a-b/c", "a.b", "b/a", "b/ab", "b/c/d", "b-/e", "b0"),
    *(
        "log/0001/0002",
        "log/0001/0003",
        "per%20cent",
        "s pace",
        "st*r",
        "st[a]r",
        "star",
        "\u00fcber",
        "\U0001f40d",
        "\uff5e",
    ),
)
_PREFIXES = (
    "",
    "a",
    "b",
    "b/",
    "b/a",
    "b/c/",
    "log/",
    "log/0001/0002",
    "per%",
    "s",
    "st*",
    "st[",
    "\u00fc",
    "zz",
    "zz/",
)
_keys = st.sampled_from(_KEYS)
_contents = st.one_of(
    st.binary(max_size=40), st.sampled_from((b"", b"\r\n--==0==--\r\n", bytes(range(256)), b"x" * 70_000))
)
_bounds = st.integers(0, 4) | st.integers(0, 60)
_ranges = st.just((0, None)) | st.tuples(_bounds, st.none() | _bounds)
_openings = st.integers(0, 1)
_spots = st.integers(0, 11)
"""Which of the stored keys to take, or now and then another one: of any key, most sequences would meet nothing."""


class BackendMachine(RuleBasedStateMachine):
    """Verbs in any order, on any of two openings. Make one by ``for_backend``.

    The keys obey the contract: none is a folder of another. What an example stored, it deletes.
    """

    factory: ClassVar[Callable[[], Backend]]
    second: ClassVar[Callable[[Backend], Backend]]

    @classmethod
    def for_backend(
        cls, factory: Callable[[], Backend], second: Callable[[Backend], Backend] | None = None
    ) -> type[BackendMachine]:
        """A machine over the store that ``factory`` opens, which is empty or fresh each time.

        ``second(first)`` opens the same store again; without it a pickled copy is used. For a test module:
        ``TestMine = BackendMachine.for_backend(factory).TestCase``.
        """
        members = {"factory": staticmethod(factory), "second": staticmethod(second or _copy), "__module__": __name__}
        machine: type[BackendMachine] = type("BackendMachine", (cls,), members)
        machine.TestCase.settings = cls.bounded(50, 30)
        return machine

    @staticmethod
    def bounded(examples: int, steps: int, *, shrink: bool = True) -> settings:
        """Settings for services: the same examples in every run, no deadline for a request, no files left behind.

        ``shrink``: make a failing example small, which repeats it some hundred times.
        """
        return settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            print_blob=False,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )

    def __init__(self) -> None:
        super().__init__()
        first = type(self).factory()
        self.backends = (first, type(self).second(first))
        self.model: dict[str, bytes] = {}
        self.closed = False

    @initialize(objects=st.dictionaries(_keys, _contents, min_size=3, max_size=6))
    def fill(self, objects: dict[str, bytes]) -> None:
        for key, data in objects.items():
            self.backends[0].put(key, data)
        self.model.update(objects)

    @rule(who=_openings, key=_keys, spot=_spots, data=_contents)
    def put(self, who: int, key: str, spot: int, data: bytes) -> None:
        key = self._pick(key, spot)
        self.backends[who].put(key, data)
        self.model[key] = data

    @rule(who=_openings, key=_keys, spot=_spots, data=_contents)
    def create(self, who: int, key: str, spot: int, data: bytes) -> None:
        key = self._pick(key, spot)
        try:
            self.backends[who].create(key, data)
        except AlreadyExistsError:
            assert key in self.model, f"create({key!r}) met an object, and there was none"
        else:
            assert key not in self.model, f"create({key!r}) succeeded over an object"
            self.model[key] = data

    @rule(who=_openings, key=_keys, spot=_spots, bounds=_ranges)
    def get(self, who: int, key: str, spot: int, bounds: tuple[int, int | None]) -> None:
        key = self._pick(key, spot)
        whole = self.model.get(key)
        expected = None if whole is None else whole[slice(*bounds)]
        assert self._read(who, key, *bounds) == expected, f"get({key!r}, {bounds})"

    @rule(who=_openings, key=_keys, spot=_spots)
    def head(self, who: int, key: str, spot: int) -> None:
        key = self._pick(key, spot)
        try:
            found = self.backends[who].head(key)
        except NotFoundError:
            assert key not in self.model, f"head({key!r}) does not find the object"
        else:
            assert (found.key, found.size) == (key, len(self.model.get(key, b"")))
            assert key in self.model, f"head({key!r}) finds an object where none is"

    @rule(who=_openings, prefix=st.sampled_from(_PREFIXES))
    def list(self, who: int, prefix: str) -> None:
        listed = [(info.key, info.size) for info in self.backends[who].list(prefix)]
        stored = sorted((key, len(data)) for key, data in self.model.items() if key.startswith(prefix))
        assert listed == stored, f"list({prefix!r})"

    @rule(who=_openings, keys=st.lists(_keys, max_size=4))
    def delete(self, who: int, keys: Sequence[str]) -> None:
        self.backends[who].delete(*keys)
        for key in keys:
            self.model.pop(key, None)

    @precondition(lambda self: not self.closed)
    @rule(who=_openings)
    def close(self, who: int) -> None:
        """Once an example: making a client anew takes some services longer than all the rest."""
        self.backends[who].close()
        self.closed = True

    def teardown(self) -> None:
        self.backends[0].delete(*_KEYS)

    def _pick(self, key: str, spot: int) -> str:
        stored = sorted(self.model)
        return [*stored, key][spot % (len(stored) + 1)]

    def _read(self, who: int, key: str, start: int, end: int | None) -> bytes | None:
        try:
            return self.backends[who].get(key, start, end)
        except NotFoundError:
            return None


def _copy(first: Backend) -> Backend:
    again: Backend = pickle.loads(pickle.dumps(first))
    return again
