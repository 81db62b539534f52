"""Who a backend asks as, and what a service calls the permissions that its verbs need: for people who have to grant
them.

Both are offers of a backend, not part of the contract: one that has neither method works just as well.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["VERBS", "identity_of", "permission_of"]

VERBS = ("read", "list", "create", "overwrite", "delete")
"""What may be allowed or refused one by one."""


def identity_of(backend: object) -> str | None:
    """The account, user or key that requests are made with, never a secret; None where the backend cannot tell.

    Raises what its ``identity`` raises, a StorageError where there are no usable credentials.
    """
    found = _offer(backend, "identity")
    told = found() if callable(found) else None
    return told if isinstance(told, str) else None


def permission_of(backend: object, verb: str) -> str | None:
    """What the service calls the permission for one of ``VERBS``, such as ``storage.objects.get``."""
    found = _offer(backend, "permissions")
    told = found.get(verb) if isinstance(found, Mapping) else None
    return told if isinstance(told, str) else None


def _offer(backend: object, name: str) -> object:
    """What the innermost backend has by that name: wrappers know neither."""
    while (inner := getattr(backend, "inner", None)) is not None:
        backend = inner
    return getattr(backend, name, None)
