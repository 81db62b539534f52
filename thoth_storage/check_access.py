"""What an identity may do, one by one: a refusal is told with the permission that is missing, and hides no other."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import NamedTuple

from thoth_storage.access import permission_of
from thoth_storage.backend import Backend
from thoth_storage.errors import NotFoundError, PermissionError_

__all__ = ["PERMISSIONS", "Trial", "trials"]

PERMISSIONS = {
    "create": "permission to create",
    "list": "permission to list",
    "read": "permission to read",
    "overwrite": "permission to overwrite",
    "conditional": "permission to create conditionally",
    "delete": "permission to delete",
}
"""Steps of ``check`` by what they try."""
_KEY = "permissions/object"


class Trial(NamedTuple):
    """One step: its name, and what it does, which gives what was seen or raises what was met."""

    name: str
    work: Callable[[], str]


def trials(area: Backend, whole: Backend) -> list[Trial]:
    """In their order; ``area`` is where objects may be made, ``whole`` the backend above it."""
    work: dict[str, Callable[[], object]] = {
        "create": lambda: area.put(_KEY, b"written by 'thoth-storage check'"),
        "list": lambda: list(area.list()),
        "read": lambda: _read(area, whole),
        "overwrite": lambda: area.put(_KEY, b"and once more"),
        "conditional": lambda: area.create("permissions/new", b""),
        "delete": lambda: area.delete(_KEY),
    }

    def attempt(verb: str) -> str:
        needed = permission_of(whole, "create" if verb == "conditional" else verb)
        try:
            work[verb]()
        except PermissionError_ as error:
            grant = f"grant {needed}" if needed else "grant it"
            raise PermissionError_(f"refused; {grant} ({error.message})", url=error.url, hint=error.hint) from error
        return f"allowed ({needed})" if needed else "allowed"

    return [Trial(name, lambda verb=verb: attempt(verb)) for verb, name in PERMISSIONS.items()]  # type: ignore[misc]


def _read(area: Backend, whole: Backend) -> None:
    """What was made, else what there is, else what there is not: a service refuses that, too, where it refuses all."""
    try:
        area.get(_KEY, 0, 1)
    except NotFoundError:
        try:
            there = next(whole.list(), None)
        except PermissionError_:
            there = None
        try:
            whole.get(there.key if there else f"thoth-check-{uuid.uuid4().hex}", 0, 1)
        except NotFoundError:
            return
