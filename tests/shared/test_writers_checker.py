"""The judge of the other tests is judged first: what it has to find, it finds."""

from __future__ import annotations

import math

import pytest

from tests.shared.checker import Event, is_linearizable
from tests.shared.judging import check_answers, check_history
from tests.shared.logged import Logged
from tests.shared.model import Row, Write, after
from tests.shared.writers import COLLECTION, Call

V = (1.0, 2.0, 3.0, 4.0)


def put(document: str, *, kind: str = "upsert") -> Write:
    return Write(kind, ("a",), (V,), (document,))


def row(document: str) -> Row:
    return Row(V, document, ())


def write(called: float, returned: float, document: str, *, kind: str = "upsert") -> Event:
    return Event(called, returned, put(document, kind=kind))


def read(called: float, returned: float, document: str | None) -> Event:
    return Event(called, returned, value=(document and row(document)) or None)


GOOD = {
    "one after the other": [write(1, 2, "x"), read(3, 4, "x"), write(5, 6, "y"), read(7, 8, "y")],
    "before the first write": [read(1, 2, None), write(3, 4, "x")],
    "at once, the old": [write(1, 2, "x"), write(3, 6, "y"), read(4, 5, "x")],
    "at once, the new": [write(1, 2, "x"), write(3, 6, "y"), read(4, 5, "y")],
    "two orders are possible": [write(1, 9, "x"), write(2, 8, "y"), read(3, 4, "y"), read(5, 6, "x")],
    "a failure that was done, late": [write(1, math.inf, "x"), read(2, 3, None), read(4, 5, "x"), read(6, 7, "x")],
    "a failure that was not done": [write(1, math.inf, "x"), read(2, 3, None), read(4, 5, None)],
    "an add that came too late": [write(1, 2, "x"), write(3, 4, "y", kind="add"), read(5, 6, "x")],
    "an update of nothing": [write(1, 2, "x", kind="update"), read(3, 4, None)],
}
BAD = {
    "a stale read": [write(1, 2, "x"), write(3, 4, "y"), read(5, 6, "x")],
    "a stale read of nothing": [write(1, 2, "x"), read(3, 4, None)],
    "a lost update": [write(1, 2, "x"), write(3, 8, "y"), write(4, 7, "z"), read(9, 10, "x")],
    "a lost update of two in a row": [write(1, 2, "x"), write(3, 4, "y"), read(5, 6, "x"), read(7, 8, "y")],
    "back to the past": [write(1, 2, "x"), write(3, 9, "y"), read(4, 5, "y"), read(6, 7, "x")],
    "a value that nobody wrote": [write(1, 2, "x"), read(3, 4, "y")],
    "from the future": [read(1, 2, "x"), write(3, 4, "x")],
    "a failure done twice": [
        *(write(1, math.inf, "x"), write(2, 3, "y"), read(4, 5, "x")),
        *(write(6, 7, "y"), read(8, 9, "x")),
    ],
    "an add over what is there": [write(1, 2, "x"), write(3, 4, "y", kind="add"), read(5, 6, "y")],
}


@pytest.mark.parametrize("events", GOOD.values(), ids=GOOD)
def test_what_can_be_explained(events: list[Event]) -> None:
    assert is_linearizable("a", events)
    assert is_linearizable("a", events[::-1])


@pytest.mark.parametrize("events", BAD.values(), ids=BAD)
def test_what_cannot(events: list[Event]) -> None:
    assert not is_linearizable("a", events)


def test_what_writes_do() -> None:
    first = Write("add", ("a", "b"), (V, V), ("a1", "b1"), ({"group": "g", "n": 1}, None))
    other = V[::-1]
    rows = after(
        [
            first,
            Write("add", ("a", "c"), (other, other)),
            Write("update", ("a", "d"), metadatas=({"n": None, "m": 2}, {"m": 3})),
            Write("upsert", ("b",), (other,), metadatas=({"group": "h"},)),
            Write("upsert", ("a", "e"), (other, (1.0,))),
        ]
    )
    assert rows == {
        "a": Row(V, "a1", (("group", "g"), ("m", 2))),
        "b": Row(other, "b1", (("group", "h"),)),
        "c": Row(other, None, ()),
    }
    assert set(after([first, Write("delete", group="g")])) == {"b"}
    assert set(after([first, Write("delete", ("b", "x"))])) == {"a"}


def call(called: float, returned: float, document: str, outcome: str = "done") -> Call:
    return Call(0, called, returned, outcome, put(document))


def log_of(*documents: str) -> list[Logged]:
    made = Logged(1, "create_collection", COLLECTION, None)
    return [made, *(Logged(place, "upsert", COLLECTION, put(each)) for place, each in enumerate(documents, 2))]


CALLS = [call(1, 2, "x"), call(3, 6, "y"), call(4, 5, "z"), call(7, 9, "maybe", "unknown")]


@pytest.mark.parametrize("documents", ["xyz", "xzy"])
@pytest.mark.parametrize("doubtful", [(), ("maybe",)])
def test_a_log_that_is_a_history(documents: str, doubtful: tuple[str, ...]) -> None:
    logged = log_of(*documents, *doubtful)
    check_history(CALLS, logged, {"all": {"a": row([*documents, *doubtful][-1])}})
    assert check_answers(CALLS, logged) == 1


@pytest.mark.parametrize(
    ("documents", "last"),
    [
        (("x", "y"), "y"),
        (("x", "y", "z", "z"), "z"),
        (("x", "y", "z", "maybe", "maybe"), "maybe"),
        (("x", "y", "z", "phantom"), "phantom"),
        (("y", "x", "z"), "z"),
        (("maybe", "x", "y", "z"), "z"),
        (("x", "y", "z"), "y"),
    ],
    ids=["lost", "twice", "in doubt, twice", "phantom", "out of order", "before it began", "other rows"],
)
def test_a_log_that_is_none(documents: tuple[str, ...], last: str) -> None:
    with pytest.raises(AssertionError):
        check_history(CALLS, log_of(*documents), {"all": {"a": row(last)}})
