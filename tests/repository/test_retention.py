"""Which snapshots a policy keeps: against a model that goes the other way round, and by dates that are known."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoth_storage.errors import InvalidArgumentError
from thoth_storage.repository.reports import Snapshot
from thoth_storage.repository.retention import Policy, decide

FORMS = {"hourly": "%Y-%m-%d %H", "daily": "%Y-%m-%d", "weekly": "%G-W%V", "monthly": "%Y-%m"}
"""Each period as text: the model shares no arithmetic with the code."""


def snapshot(when: datetime, number: int = 0, tags: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> Snapshot:
    return Snapshot(f"{number:032x}", when, None, tags, 1, 1, 1, names=names)


def at(*times: str) -> list[Snapshot]:
    """Oldest first."""
    return [snapshot(datetime.fromisoformat(text).replace(tzinfo=UTC), n) for n, text in enumerate(times)]


def kept(snapshots: list[Snapshot], policy: Policy) -> list[str]:
    """The times that stay of snapshots that are given oldest first, oldest first."""
    return sorted(f"{each.snapshot.time:%Y-%m-%d %H:%M}" for each in decide(snapshots[::-1], policy) if each.keep)


def model(snapshots: list[Snapshot], policy: Policy) -> dict[str, set[str]]:
    """Why each snapshot stays, asked of one snapshot at a time: how many later ones, how many later periods. What is
    later tells their place, whatever their times are: clocks differ."""
    told: dict[str, set[str]] = {}
    for place, one in enumerate(snapshots):
        reasons = told.setdefault(one.id, set())
        later = snapshots[:place]
        if len(later) < policy.last:
            reasons.add("last")
        for kind, form in FORMS.items():
            mine = one.time.astimezone(UTC).strftime(form)
            periods = {other.time.astimezone(UTC).strftime(form) for other in later}
            if mine not in periods and len(periods) < getattr(policy, kind):
                reasons.add(kind)
        reasons |= {f"tag {tag}" for tag in one.tags if tag in policy.tags}
        reasons |= {f"name {name}" for name in one.names}
    return told


zones = st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=9, minutes=30))])
near_year_ends = st.builds(
    lambda year, seconds: datetime(year, 12, 29, tzinfo=UTC) + timedelta(seconds=seconds),
    st.integers(2015, 2030),
    st.integers(0, 7 * 86_400),
)
anywhere = st.builds(
    lambda hours: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours / 7), st.integers(0, 99_999)
)
moments = anywhere | near_year_ends
tags = st.lists(st.sampled_from(["prod", "test", "x"]), max_size=2, unique=True).map(tuple)
names = st.sampled_from([(), (), (), ("good",), ("good", "best")])


@st.composite
def histories(draw: st.DrawFn) -> list[Snapshot]:
    """Newest first, some with clocks that go wrong."""
    times = draw(st.lists(st.tuples(moments, zones, tags, names), max_size=25))
    if draw(st.booleans()):
        times.sort(key=lambda each: each[0], reverse=True)
    return [snapshot(t.astimezone(zone), n, tag, name) for n, (t, zone, tag, name) in enumerate(times)]


counts = st.integers(0, 6)
policies = (
    st.tuples(counts, counts, counts, counts, counts, st.frozensets(st.sampled_from(["prod", "test"])))
    .filter(any)
    .map(lambda each: Policy(*each))
)


@given(histories(), policies)
def test_the_model_agrees(history: list[Snapshot], policy: Policy) -> None:
    expected = model(history, policy)
    decisions = decide(history, policy)
    assert {each.snapshot.id: set(each.reasons) for each in decisions} == expected
    assert all(each.keep == bool(expected[each.snapshot.id]) for each in decisions)
    assert [each.snapshot for each in decisions] == history


@given(histories(), policies)
def test_what_was_kept_is_kept_again(history: list[Snapshot], policy: Policy) -> None:
    """A second run with the same rules drops nothing: else a cron job would eat its own past."""
    stay = [each.snapshot for each in decide(history, policy) if each.keep]
    assert all(each.keep for each in decide(stay, policy))


@given(histories(), policies, st.sampled_from(["last", *FORMS]))
def test_more_keeps_no_less(history: list[Snapshot], policy: Policy, kind: str) -> None:
    more = Policy(**{**vars(policy), kind: getattr(policy, kind) + 1})
    before = {each.snapshot.id for each in decide(history, policy) if each.keep}
    assert before <= {each.snapshot.id for each in decide(history, more) if each.keep}


def test_the_newest_of_each_day_that_has_one() -> None:
    history = at("2026-03-01 01:00", "2026-03-01 23:59", "2026-03-02 00:00", "2026-03-09 12:00")
    assert kept(history, Policy(daily=1)) == ["2026-03-09 12:00"]
    assert kept(history, Policy(daily=2)) == ["2026-03-02 00:00", "2026-03-09 12:00"]
    assert kept(history, Policy(daily=3)) == ["2026-03-01 23:59", "2026-03-02 00:00", "2026-03-09 12:00"]


def test_weeks_at_the_end_of_a_year_are_those_of_iso() -> None:
    """2026 has 53 weeks: Friday, 1 January 2027 is in its last. 31 December 2024 was in the first of 2025."""
    history = at("2026-12-27 10:00", "2026-12-28 10:00", "2027-01-01 10:00", "2027-01-03 10:00", "2027-01-04 10:00")
    assert kept(history, Policy(weekly=3)) == ["2026-12-27 10:00", "2027-01-03 10:00", "2027-01-04 10:00"]
    history = at("2024-12-29 23:00", "2024-12-30 01:00", "2025-01-05 23:00")
    assert kept(history, Policy(weekly=9)) == ["2024-12-29 23:00", "2025-01-05 23:00"]
    # A week of January and one of December of the same calendar year may bear the same number.
    history = at("2024-01-02 10:00", "2024-12-31 10:00")
    assert kept(history, Policy(weekly=2)) == ["2024-01-02 10:00", "2024-12-31 10:00"]


def test_hours_where_clocks_are_set_back() -> None:
    """01:30 in Berlin comes twice on 26 October 2025; in UTC these are two hours, and both stay."""
    history = at("2025-10-26 00:30", "2025-10-26 01:30")
    berlin = [
        snapshot(history[0].time.astimezone(timezone(timedelta(hours=2))), 0),
        snapshot(history[1].time.astimezone(timezone(timedelta(hours=1))), 1),
    ]
    assert [each.time.hour for each in berlin] == [2, 2]
    assert all(each.keep for each in decide(berlin[::-1], Policy(hourly=2)))
    assert len([each for each in decide(berlin[::-1], Policy(daily=2)) if each.keep]) == 1


@pytest.fixture(params=["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def zone(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def test_the_zone_of_the_machine_decides_nothing(zone: None) -> None:
    history = at("2026-03-01 00:10", "2026-03-01 11:00", "2026-03-01 23:50", "2026-03-02 00:10")
    assert kept(history, Policy(daily=5)) == ["2026-03-01 23:50", "2026-03-02 00:10"]


def test_what_is_one_snapshot_for_several_rules() -> None:
    [decision] = decide([snapshot(datetime(2026, 1, 1, tzinfo=UTC), 1, ("a", "b"), ("good",))], Policy(1, 1, 1, 1, 1))
    assert decision.reasons == ("last", "hourly", "daily", "weekly", "monthly", "name good")
    [decision] = decide([decision.snapshot], Policy(tags=frozenset("b")))
    assert decision.reasons == ("tag b", "name good")


def test_one_clock_that_is_years_ahead_costs_no_day() -> None:
    """What that machine made is one day among the others, and ages as they do."""
    history = at("2026-01-01 10:00", "2099-01-01 10:00", "2026-01-02 10:00", "2026-01-03 10:00", "2026-01-03 11:00")
    assert kept(history, Policy(last=1)) == ["2026-01-03 11:00"]
    assert kept(history, Policy(daily=2)) == ["2026-01-02 10:00", "2026-01-03 11:00"]
    assert kept(history, Policy(daily=3)) == ["2026-01-02 10:00", "2026-01-03 11:00", "2099-01-01 10:00"]


def test_times_that_are_equal_are_told_apart_by_their_place() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    decisions = decide([snapshot(moment, 1), snapshot(moment, 2)], Policy(last=1))
    assert [(each.snapshot.id[-1], each.keep) for each in decisions] == [("1", True), ("2", False)]


@pytest.mark.parametrize("wrong", [-1, 1.5, "3", None, True])
@pytest.mark.parametrize("kind", ["last", *FORMS])
def test_what_is_no_number_is_refused(kind: str, wrong: object) -> None:
    with pytest.raises(InvalidArgumentError, match=f"keep_{kind}"):
        Policy(**{"last": 1, kind: wrong})  # type: ignore[arg-type]


def test_a_policy_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="keeps no snapshot"):
        Policy()
