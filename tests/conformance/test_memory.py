"""The reference backend passes: by its URL, as a plugin would be tested, and as an object made by hand."""

import uuid

import pytest

from thoth_storage.memory import MemoryBackend
from thoth_storage.testing import BackendMachine, BackendSuite


def fresh() -> str:
    return f"memory://conformance-{uuid.uuid4().hex}/store"


class TestByUrl(BackendSuite):
    @pytest.fixture
    def url(self) -> str:
        return fresh()


class TestByBackend(BackendSuite):
    @pytest.fixture
    def backend(self) -> MemoryBackend:
        return MemoryBackend(fresh())


TestAsStateMachine = BackendMachine.for_backend(lambda: MemoryBackend(fresh())).TestCase
