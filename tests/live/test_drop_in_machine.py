"""Any program of random steps leaves the same rows on chromadb's own client and on ours, whatever else ours does in
between: checkpoints, openings elsewhere, restores."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.effort import NIGHT
from tests.live.drop_in import Pair, Program

NAMES = st.sampled_from(["red", "green"])
IDS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4, unique=True)
VECTOR = st.lists(st.floats(-2, 2, width=16), min_size=2, max_size=2)
METADATA = st.none() | st.dictionaries(
    st.sampled_from(["n", "text"]), st.integers(-5, 5) | st.text("xyé苹", max_size=3) | st.booleans(), min_size=1
)
TEXT = st.none() | st.text("ab é苹🍎\n", max_size=8)
WHERE = st.sampled_from([{"n": {"$gt": 0}}, {"text": {"$ne": "x"}}, {"$or": [{"n": 1}, {"n": {"$lt": 0}}]}])
EVERYTHING = ["documents", "metadatas", "embeddings"]


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    """Some rows."""
    ids = draw(IDS)
    kinds = {"embeddings": VECTOR, "metadatas": METADATA, "documents": TEXT}
    drawn = {name: draw(st.lists(kind, min_size=len(ids), max_size=len(ids))) for name, kind in kinds.items()}
    return {"ids": ids, **drawn}


class SameAsChroma(RuleBasedStateMachine):
    """Every step on both; errors are to be the same too."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="thoth-drop-in-"))
        self.pair = Pair(self.folder)
        self.both("red", lambda _: None)

    def teardown(self) -> None:
        self.pair.close()
        shutil.rmtree(self.folder)

    def both(self, name: str, program: Program) -> None:
        self.pair.both(lambda client: program(client.get_or_create_collection(name, embedding_function=None)))

    @rule(name=NAMES, rows=columns())
    def add(self, name: str, rows: dict[str, Any]) -> None:
        self.both(name, lambda collection: collection.add(**rows))

    @rule(name=NAMES, rows=columns())
    def upsert(self, name: str, rows: dict[str, Any]) -> None:
        self.both(name, lambda collection: collection.upsert(**rows))

    @rule(name=NAMES, rows=columns(), column=st.sampled_from(EVERYTHING))
    def update(self, name: str, rows: dict[str, Any], column: str) -> None:
        # Without its embedding a document is embedded anew, and there is nothing to do it.
        given = {"ids", "embeddings", column}
        part = {key: value for key, value in rows.items() if key in given}
        self.both(name, lambda collection: collection.update(**part))

    @rule(name=NAMES, ids=IDS)
    def delete(self, name: str, ids: list[str]) -> None:
        self.both(name, lambda collection: collection.delete(ids=ids))

    @rule(name=NAMES, where=WHERE)
    def delete_where(self, name: str, where: Any) -> None:
        self.both(name, lambda collection: collection.delete(where=where))

    @rule(name=NAMES, where=st.none() | WHERE, asked=VECTOR)
    def query(self, name: str, where: Any, asked: list[float]) -> None:
        """Rows at the same distance come in any order."""

        def distances(collection: Any) -> Any:
            return collection.query(query_embeddings=[asked], n_results=9, where=where)["distances"]

        self.both(name, distances)

    @rule(name=NAMES, to=NAMES, number=st.integers(0, 9))
    def modify(self, name: str, to: str, number: int) -> None:
        self.both(name, lambda collection: collection.modify(name=to, metadata={"number": number}))

    @rule(name=NAMES)
    def drop(self, name: str) -> None:
        self.pair.both(lambda client: client.delete_collection(name))

    @rule()
    def checkpoint(self) -> None:
        self.pair.ours.checkpoint()

    @rule()
    def reopen(self) -> None:
        self.pair.reopen()

    @rule(by_name=st.booleans())
    def restore_what_is_there(self, by_name: bool) -> None:
        """Collection objects from before it go on."""
        held = self.pair.ours.list_collections()
        counts = [each.count() for each in held]
        snapshot = self.pair.ours.checkpoint("here")
        self.pair.ours.create_collection("never-heard-of").add(ids=["1"], embeddings=[1.0])
        self.pair.ours.restore("here" if by_name else snapshot.id)
        assert [each.count() for each in held] == counts

    @invariant()
    def all_rows_are_the_same(self) -> None:
        self.pair.same(state)


def state(client: Any) -> Any:
    """Every collection with its rows, by name: Chroma lists them by their random ids."""
    found = sorted(client.list_collections(), key=lambda each: str(each.name))
    return [(each, each.count(), each.get(include=EVERYTHING)) for each in found]


TestSameAsChroma = pytest.mark.exhaustive(SameAsChroma.TestCase)
TestSameAsChroma.settings = settings(
    max_examples=20 if NIGHT else 4,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
