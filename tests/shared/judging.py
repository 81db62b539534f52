"""What has to be true of the calls of many writers, the log that they left, and the rows that each of them sees."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.shared.checker import Event, is_linearizable
from tests.shared.logged import Logged
from tests.shared.model import Row, after
from tests.shared.writers import COLLECTION, Call

__all__ = ["check_answers", "check_history"]


def check_history(calls: Sequence[Call], logged: Sequence[Logged], seen: Mapping[str, dict[str, Row]]) -> None:
    """The log is one order of just the writes that were made, in which a write that had returned comes before one that
    began later; and it explains the rows that all have ``seen`` in the end, by who they are."""
    assert {each.kind for each in logged if not each.write} == {"create_collection"}
    assert {each.collection for each in logged} == {COLLECTION}
    writes = [each.write for each in logged if each.write]
    asked = {each.write.key: each for each in calls if each.write}
    assert len(asked) == sum(1 for each in calls if each.write), (
        "two writes ask for the same: they cannot be told apart"
    )
    times = Counter(each.key for each in writes)
    assert set(times) <= set(asked), "the log has writes that nobody made"
    for key, call in asked.items():
        assert times[key] == 1 or (times[key] == 0 and call.outcome == "unknown"), (times[key], call)
        assert call.outcome in {"unknown", "refused" if call.write and call.write.is_refused else "done"}, call
    _check_order([asked[each.key] for each in writes])
    _check_deleted([asked[each.key] for each in writes])
    rows = after(writes)
    for who, found in seen.items():
        assert found == rows, f"{who} has {_difference(found, rows)}"


def check_answers(calls: Sequence[Call], logged: Sequence[Logged]) -> int:
    """Each read of each row is explained by one order of all calls. Gives how many rows were looked at.

    The log is asked only of writes that were not answered: one that is not there was not done, and one that is was done
    before any behind it had returned. With all of them in doubt for ever there would be too many orders to try.
    """
    ends = _ends(calls, logged)
    events: dict[str, list[Event]] = {}
    names = {name for each in calls for name in (each.ids or (each.write.ids if each.write else ()))}
    for each in calls:
        write = each.write
        if write is None:
            for name in each.ids:
                events.setdefault(name, []).append(Event(each.called, each.returned, None, each.rows.get(name)))
        elif write.key in ends:
            for name in names if write.group is not None else write.ids:
                events.setdefault(name, []).append(Event(each.called, ends[write.key], write))
    for name, history in events.items():
        assert is_linearizable(name, history), f"nothing explains {name}: {history}"
    return len(events)


def _ends(calls: Sequence[Call], logged: Sequence[Logged]) -> dict[bytes, float]:
    """When each write that was done had been done at the latest."""
    answered = {each.write.key: each.returned for each in calls if each.write and each.outcome != "unknown"}
    ends: dict[bytes, float] = {}
    earliest = math.inf
    for each in reversed(logged):
        if each.write:
            ends[each.write.key] = answered.get(each.write.key, earliest)
            earliest = min(earliest, ends[each.write.key])
    return ends


def _check_order(calls: Sequence[Call]) -> None:
    earliest = math.inf
    for call in reversed(calls):
        assert call.called <= earliest, f"{call} had not begun when one behind it in the log had returned"
        if call.outcome != "unknown":
            earliest = min(earliest, call.returned)


def _check_deleted(calls: Sequence[Call]) -> None:
    """How many rows a delete took, as Chroma told its caller, is what it took at its place in the log. Where ids were
    given Chroma counts those."""
    rows: dict[str, Row] = {}
    for call in calls:
        assert call.write
        before, rows = rows, after([call.write], rows)
        if call.deleted is not None:
            took = len(call.write.ids) if call.write.group is None else len(before) - len(rows)
            assert call.deleted == took, call


def _difference(found: dict[str, Row], rows: dict[str, Row]) -> str:
    names = sorted(name for name in found.keys() | rows.keys() if found.get(name) != rows.get(name))
    return "; ".join(f"{name} {found.get(name)} instead of {rows.get(name)}" for name in names[:3])
