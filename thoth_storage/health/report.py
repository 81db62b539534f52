"""What a look at health gives: a line for each check, and whether the whole may be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from thoth_storage.errors import StorageError

__all__ = ["FAIL", "OK", "WARN", "Check", "NotLookedError", "Outcome", "Report", "fail", "graded", "ok", "warn"]

OK, WARN, FAIL = "ok", "warn", "fail"


class Outcome(NamedTuple):
    """What one check found; ``hint``: what to do."""

    status: str
    message: str
    hint: str | None = None


@dataclass(frozen=True)
class Check:
    """One check as it is reported. ``status`` is "ok", "warn" or "fail"; ``seconds`` it took, or was given."""

    name: str
    status: str
    message: str
    hint: str | None
    seconds: float


@dataclass(frozen=True)
class Report:
    """``url`` without secrets, None for checks of no store; ``seconds`` of the whole."""

    url: str | None
    checks: tuple[Check, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether no check failed. Warnings leave it true."""
        return all(check.status != FAIL for check in self.checks)

    @property
    def status(self) -> str:
        """The worst of all."""
        found = {check.status for check in self.checks}
        return next((status for status in (FAIL, WARN) if status in found), OK)

    def __getitem__(self, name: str) -> Check:
        return next(check for check in self.checks if check.name == name)


class NotLookedError(StorageError):
    """A check cannot be made, since another one failed."""


def ok(message: str) -> Outcome:
    return Outcome(OK, message)


def warn(message: str, hint: str | None = None) -> Outcome:
    return Outcome(WARN, message, hint)


def fail(message: str, hint: str | None = None) -> Outcome:
    return Outcome(FAIL, message, hint)


def graded(value: float, limit: float, message: str, hint: str) -> Outcome:
    """Fine up to the limit, a warning up to twice that, a failure beyond."""
    if value <= limit:
        return ok(message)
    return warn(message, hint) if value <= 2 * limit else fail(message, hint)
