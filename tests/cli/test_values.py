"""What people type for durations, parts and times, and which word is what where the URL may be left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest

from thoth_storage.cli.places import split
from thoth_storage.cli.secrets import check_reference
from thoth_storage.cli.values import parse_duration, parse_part, parse_time


@pytest.mark.parametrize(
    ("text", "hours"), [("0", 0), ("24h", 24), ("90m", 1.5), ("7d", 168), ("2w", 336), ("1.5d", 36), ("3600s", 1)]
)
def test_durations(text: str, hours: float) -> None:
    assert parse_duration(None, None, text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "24", "-1h", "h", "1 h", "1y", "soon", "9" * 400 + "w", "1h30m", "0x1h"])
def test_no_durations(text: str) -> None:
    with pytest.raises(click.BadParameter, match="24h"):
        parse_duration(None, None, text)


@pytest.mark.parametrize(
    ("text", "part"), [("50%", 0.5), ("0.5", 0.5), ("0", 0), ("100%", 1), ("1", 1), ("12.5%", 0.125)]
)
def test_parts(text: str, part: float) -> None:
    assert parse_part(None, None, text) == part


@pytest.mark.parametrize("text", ["", "%", "50", "101%", "-1%", "half", "1e-3", "nan"])
def test_no_parts(text: str) -> None:
    with pytest.raises(click.BadParameter, match="50%"):
        parse_part(None, None, text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24 10:00",
        "2026-11-24T10:00",
        "2026-11-24T10:00:00Z",
        "20261124T100000Z",
        "2026-11-24T11:30:00+01:30",
        "2026-11-24 02:00:00-08:00",
    ],
)
def test_times(text: str) -> None:
    assert parse_time(None, None, text) == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_a_day_is_its_first_moment() -> None:
    assert parse_time(None, None, "2026-11-24") == datetime(2026, 11, 24, tzinfo=UTC)
    assert parse_time(None, None, None) is None


@pytest.mark.parametrize("text", ["", "yesterday", "10:00", "2026-13-01", "24.11.2026"])
def test_no_times(text: str) -> None:
    with pytest.raises(click.BadParameter, match="2026-11-24"):
        parse_time(None, None, text)


def test_the_zone_of_the_machine_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        found = parse_time(None, None, "2026-11-24 10:00")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_which_word_is_what() -> None:
    assert split(["a"], "SNAPSHOT") == (None, ("a",))
    assert split(["gs://b", "a"], "SNAPSHOT") == ("gs://b", ("a",))
    assert split(["a", "b"], "A", "B") == (None, ("a", "b"))
    assert split(["x", "a", "b"], "A", "B") == ("x", ("a", "b"))
    assert split(["a"], "SNAPSHOT", more=True) == (None, ("a",))
    assert split(["x", "a", "b", "c"], "SNAPSHOT", more=True) == ("x", ("a", "b", "c"))


@pytest.mark.parametrize("places", [[], ["x", "a", "b"], ["gs://b"], ["x", "s3://k:secret@b"]])
def test_slips(places: list[str]) -> None:
    with pytest.raises(click.UsageError) as caught:
        split(places, "SNAPSHOT")
    assert "SNAPSHOT" in caught.value.message
    assert "secret" not in caught.value.message


def test_a_key_is_never_taken_for_a_reference() -> None:
    assert check_reference(None, None, "file:///run/secrets/key") == "file:///run/secrets/key"
    assert check_reference(None, None, None) is None
    with pytest.raises(click.BadParameter) as caught:
        check_reference(None, None, "base64:c2VjcmV0")
    assert "c2VjcmV0" not in caught.value.message
