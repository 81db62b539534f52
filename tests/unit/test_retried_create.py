"""A create whose reply was lost: it has won if what is stored is its own, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.helpers import FakeTime, OnCue, lost_reply, outage
from thoth_storage.errors import AlreadyExistsError, PermissionError_, UnavailableError
from thoth_storage.wrappers import RetryingBackend

pytestmark = pytest.mark.usefixtures("clock")


def meets(backend: OnCue, data: bytes) -> Callable[[Callable[[], None]], None]:
    """An outage during which somebody else creates the object."""

    def cue(_: object) -> None:
        backend.inner.create("k", data)
        raise UnavailableError("the service is away")

    return cue


def test_one_that_meets_itself_has_won() -> None:
    backend = OnCue(lost_reply)
    RetryingBackend(backend).create("k", b"mine")
    assert backend.inner.get("k") == b"mine"
    assert backend.calls == ["create", "create", "get"]


def test_one_that_meets_itself_after_several_outages_has_won() -> None:
    backend = OnCue(outage, lost_reply, outage, outage)
    RetryingBackend(backend).create("k", b"mine")
    assert backend.calls == ["create"] * 5 + ["get"]


@pytest.mark.parametrize("theirs", [b"theirs", b"", b"mine and more", b"min"])
def test_one_that_meets_another_has_lost(theirs: bytes) -> None:
    backend = OnCue()
    backend.cues = [meets(backend, theirs)]
    with pytest.raises(AlreadyExistsError):
        RetryingBackend(backend).create("k", b"mine")
    assert backend.inner.get("k") == theirs


def test_without_doubt_equal_bytes_are_somebody_elses() -> None:
    """Two callers that create alike: the second must not believe that it was first."""
    backend = OnCue()
    backend.inner.create("k", b"same")
    with pytest.raises(AlreadyExistsError):
        RetryingBackend(backend).create("k", b"same")
    assert backend.calls == ["create"], "no read is spent on it"


def test_doubt_does_not_outlive_the_call() -> None:
    backend = OnCue(lost_reply)
    retrying = RetryingBackend(backend)
    retrying.create("k", b"same")
    with pytest.raises(AlreadyExistsError):
        retrying.create("k", b"same")


def test_an_object_that_came_and_went_is_created_again() -> None:
    backend = OnCue(lost_reply)

    def vanish(do: Callable[[], None]) -> None:
        try:
            do()
        finally:
            backend.inner.delete("k")

    backend.cues.append(vanish)
    RetryingBackend(backend).create("k", b"mine")
    assert backend.calls == ["create", "create", "get", "create"]
    assert backend.inner.get("k") == b"mine"


def test_if_it_comes_and_goes_for_ever_the_deadline_ends_it(clock: FakeTime) -> None:
    backend = OnCue()

    def flicker(_: object) -> None:
        raise AlreadyExistsError("there")

    def read(_: object) -> None:
        backend.inner.delete("k")

    backend.cues = [outage, *[flicker, read] * 5000]
    with pytest.raises(UnavailableError, match="came and went") as caught:
        RetryingBackend(backend, deadline=30).create("k", b"mine")
    assert (caught.value.key, caught.value.url) == ("k", backend.url)
    assert sum(clock.slept) <= 30


def test_an_outage_while_reading_it_back_is_outlasted() -> None:
    backend = OnCue(lost_reply, lambda do: do(), outage)
    RetryingBackend(backend).create("k", b"mine")
    assert backend.calls == ["create", "create", "get", "create", "get"]


def test_one_that_may_not_read_back_says_so() -> None:
    backend = OnCue(lost_reply, lambda do: do(), PermissionError_("may write, may not read"))
    with pytest.raises(PermissionError_, match="may not read"):
        RetryingBackend(backend).create("k", b"mine")


def test_one_that_never_got_through_is_not_said_to_have_won() -> None:
    backend = OnCue(*[outage] * 5000)
    with pytest.raises(UnavailableError):
        RetryingBackend(backend, deadline=5).create("k", b"mine")
    assert list(backend.inner.list()) == []
