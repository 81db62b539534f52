"""The suite, for each liar and for an honest backend. Not collected; ``test_suite_catches`` runs parts of it."""

import uuid

import pytest

from tests.conformance.liars import LIARS, Honest
from tests.conformance.liars.base import SECRET
from thoth_storage.backend import Backend
from thoth_storage.testing import BackendSuite


class OfLiars(BackendSuite):
    kind: type[Backend]
    secrets = (SECRET,)
    patience = 3.0
    examples = 500
    shrink = False

    @pytest.fixture
    def url(self) -> str:
        return f"memory://liars-{uuid.uuid4().hex}/store"

    def _open(self, request: pytest.FixtureRequest, suffix: str = "") -> Backend:
        """Past the registry, which knows no liars."""
        return self.kind(request.getfixturevalue("url") + suffix)  # type: ignore[call-arg]


_kinds: list[type[Backend]] = [Honest, *LIARS]
for _kind in _kinds:
    # A liar is caught at one of the first examples, and an honest backend sits through all of them.
    _own = {"kind": _kind, "examples": 50} if _kind is Honest else {"kind": _kind}
    globals()[f"Test{_kind.__name__}"] = type(f"Test{_kind.__name__}", (OfLiars,), _own)
