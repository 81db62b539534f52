"""No secret that a backend was given shows in what it prints, raises or logs, whatever the library below says."""

from __future__ import annotations

import errno
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.fake_fs import UnitBackend, UnitFileSystem
from tests.unit.helpers import FakeTime
from thoth_storage.errors import StorageError
from thoth_storage.wrappers import MeteredBackend, PrefixedBackend, RetryingBackend

OPTION, NESTED, PASSWORD, WRITTEN = "opt+ion/s3cret==", "nested-s3cret", "pass/w@rd", "pass%2Fw%40rd"
SECRETS = (OPTION, NESTED, PASSWORD, WRITTEN)
SAYS = " and ".join(SECRETS)


def guarded(cls: type[UnitBackend] = UnitBackend) -> UnitBackend:
    return cls(
        f"unitfs://someone:{WRITTEN}@bucket/prefix",
        secret=OPTION,
        client_kwargs={"aws_session_token": NESTED},
        region="eu",
    )


def test_the_secrets_do_reach_the_file_system() -> None:
    backend = guarded()
    backend.put("a", b"")
    assert UnitFileSystem.made[0]["secret"] == OPTION
    assert UnitFileSystem.made[0]["client_kwargs"] == {"aws_session_token": NESTED}
    assert backend.user == ("someone", PASSWORD)


def test_what_is_shown_has_none() -> None:
    backend = guarded()
    wrapped = RetryingBackend(PrefixedBackend(MeteredBackend(backend), "p"))
    for text in (repr(backend), str(backend), backend.url, repr(wrapped), wrapped.url):
        assert "someone" not in text
        assert not any(secret in text for secret in SECRETS)
    assert backend.url == "unitfs://bucket/prefix"


def nested() -> Exception:
    error = OSError(errno.EIO, f"cannot log in as {SAYS}", f"/mnt/{OPTION}")
    error.__cause__ = ValueError(SAYS, {"password": PASSWORD})
    error.__cause__.__context__ = KeyError(NESTED)
    return error


class RichError(Exception):
    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message

    def __str__(self) -> str:
        return self.message


FOREIGN: dict[str, Callable[[], Exception]] = {
    "plain": lambda: ValueError(SAYS),
    "retryable": lambda: ConnectionError(f"https://{SAYS}/x"),
    "known": lambda: PermissionError(SAYS),
    "quoting": lambda: KeyError(SAYS),
    "rich": lambda: RichError(SAYS),
    "nested": nested,
}


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("refined", [None, StorageError, "instance"])
def test_what_is_raised_has_none(foreign: str, refined: Any) -> None:
    error = FOREIGN[foreign]()
    assert OPTION in f"{error}{error!r}"

    class Refined(UnitBackend):
        def refine(self, error: Exception) -> type[StorageError] | StorageError | None:
            return StorageError(f"it said: {SAYS}", hint=SAYS) if refined == "instance" else refined

    def fail(verb: str, path: str) -> None:
        raise error

    UnitFileSystem.fail = fail
    with pytest.raises(StorageError) as caught:
        guarded(Refined).get("a")
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(vars(caught.value))
    for link in (caught.value.__cause__, error.__cause__, error.__context__):
        shown += f"{link!r} {getattr(link, 'args', None)} {vars(link) if link else None}"
    # Lines of source are in a trace as well, so the values are looked for, not the names of these variables.
    assert not [secret for secret in SECRETS if secret in shown]
    assert "***" in str(caught.value)
    assert "someone" not in str(caught.value)


@pytest.mark.usefixtures("clock")
def test_what_is_logged_has_none(clock: FakeTime, caplog: pytest.LogCaptureFixture) -> None:
    def fail(verb: str, path: str) -> None:
        UnitFileSystem.fail = None
        raise ConnectionError(SAYS)

    UnitFileSystem.fail = fail
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="thoth_storage"):
        RetryingBackend(guarded()).put("a", b"")
    assert "trying again" in caplog.text
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_a_region_is_no_secret() -> None:
    def fail(verb: str, path: str) -> None:
        raise ValueError("no such region: eu")

    UnitFileSystem.fail = fail
    with pytest.raises(StorageError, match="no such region: eu"):
        guarded().get("a")
