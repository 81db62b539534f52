"""What the steps of the machine are made of, and what is known of a store after them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st

from tests.shared.past import State
from thoth_storage.store.client import LiveClient

__all__ = ["NAMES", "WRITERS", "WRITES", "Bulk", "History", "Kept", "columns"]

NAMES = st.sampled_from(["red", "green", "blue"])
WRITERS = st.sampled_from(["first", "second"])
IDS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True)
WHERE = st.sampled_from([{"n": {"$gt": 0}}, {"n": {"$gt": 2}}])
VALUES = st.integers(-3, 5) | st.text("xé苹", max_size=2)
KEYS = st.sampled_from(["n", "m"])
METADATA = st.none() | st.dictionaries(KEYS, VALUES, min_size=1)
CHANGED_METADATA = st.none() | st.dictionaries(KEYS, VALUES | st.none(), min_size=1)


@st.composite
def columns(draw: st.DrawFn, metadata: Any = METADATA) -> dict[str, Any]:
    """Some rows, with vectors of two numbers."""
    ids = draw(IDS)
    kinds: dict[str, Any] = {
        "embeddings": st.lists(st.floats(-2, 2, width=16), min_size=2, max_size=2),
        "metadatas": metadata,
        "documents": st.none() | st.text("ab é苹🍎\n", max_size=5),
    }
    drawn = {name: draw(st.lists(kind, min_size=len(ids), max_size=len(ids))) for name, kind in kinds.items()}
    return {"ids": ids, **drawn}


WRITES = st.one_of(
    st.tuples(st.sampled_from(["add", "upsert"]), columns()),
    st.tuples(st.just("update"), columns(CHANGED_METADATA)),
    st.tuples(st.just("delete"), st.fixed_dictionaries({"ids": IDS}) | st.fixed_dictionaries({"where": WHERE})),
)
"""Verbs of a collection with what they are given. Of an update, None takes a key away."""


@dataclass
class Bulk:
    """A client that logs nothing: what it holds, and which entry was the last when it began."""

    client: LiveClient
    state: State
    began: int
    is_pending: bool = False


@dataclass
class Kept:
    """What a snapshot holds, by the name that people gave it."""

    id: str
    state: State


@dataclass
class History:
    """``states[n]`` is that after entry n; ``moments[n]`` was before the next one, and after that."""

    states: list[State] = field(default_factory=lambda: [{}])
    moments: list[datetime] = field(default_factory=lambda: [datetime.now(UTC)])
    last_set: int = 0
    """The last entry that made a snapshot the state."""
    last_renamed: int = 0
    """The last entry that changed which collection has a name."""

    @property
    def now(self) -> State:
        return self.states[-1]

    def went_on(self, last: int, state: State) -> None:
        """Up to entry ``last``: one of them made it ``state``."""
        assert last >= len(self.states) - 1
        self.states += [state] * (last + 1 - len(self.states))
        self.states[-1] = state
        self.moments += [datetime.now(UTC)] * (last + 1 - len(self.moments))
