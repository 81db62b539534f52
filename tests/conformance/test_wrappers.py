"""A wrapper keeps the contract of what it wraps: all of them at once, one around the other."""

import uuid

import pytest

from thoth_storage.backend import Backend
from thoth_storage.memory import MemoryBackend
from thoth_storage.testing import BackendSuite
from thoth_storage.testing.samples import ODD_KEYS
from thoth_storage.wrappers import MeteredBackend, PrefixedBackend, RetryingBackend, ThrottledBackend


class TestWrapped(BackendSuite):
    odd_keys = tuple(key for key in ODD_KEYS if len(key.encode()) < 800)
    """The folder takes its part of the 900 bytes."""

    @pytest.fixture
    def backend(self) -> Backend:
        """Below a folder of a store that has other objects, some of them with the folder's name as a prefix."""
        store = MemoryBackend(f"memory://{uuid.uuid4().hex}/store")
        for key in ("folder-/a", "folder/aa/a", "folder/b", "folder/aa2", "zz"):
            store.put(key, b"not ours")
        return MeteredBackend(ThrottledBackend(PrefixedBackend(RetryingBackend(store), "folder/a"), 1e12))
