"""Lost replies: the service does the work, and the caller never hears of it. Nothing harder meets a write path."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError
from thoth_storage.testing.faults import Fault, FaultyBackend
from thoth_storage.testing.suite_base import SuiteBase, keys_of, read
from thoth_storage.wrappers import RetryingBackend

__all__ = ["Replies"]


class Replies(SuiteBase):
    """Retried as ``open_backend`` does it. A test with a server of its own overrides ``lose_reply``."""

    def lose_reply(self, backend: Backend) -> AbstractContextManager[Backend]:
        """Within this, the next write through the given backend is done by the service and its reply lost.

        As it stands the reply is lost on its way out of ``backend``. Override it to lose it where it is really lost:
        between the service and the library, which may try again on its own before anybody above knows.
        """
        return _lost_behind(backend)

    def test_a_create_whose_reply_is_lost_has_won(self, backend: Backend) -> None:
        for number, data in enumerate((b"mine alone", b"", bytes(2**20))):
            with self.lose_reply(backend) as lossy:
                _retried(lossy).create(f"object/{number}", data)
            assert read(backend, f"object/{number}") == data
            with pytest.raises(AlreadyExistsError):
                backend.create(f"object/{number}", b"somebody else's")

    def test_a_create_that_lost_has_lost(self, backend: Backend, second: Backend) -> None:
        second.create("object", b"theirs")
        with self.lose_reply(backend) as lossy, pytest.raises(AlreadyExistsError):
            _retried(lossy).create("object", b"mine")
        assert read(backend, "object") == b"theirs"

    def test_a_put_whose_reply_is_lost(self, backend: Backend) -> None:
        backend.put("object", b"old")
        with self.lose_reply(backend) as lossy:
            _retried(lossy).put("object", b"new")
        assert read(backend, "object") == b"new"

    def test_a_delete_whose_reply_is_lost(self, backend: Backend) -> None:
        for keys in (["a"], ["a", "b", "missing"]):
            backend.put("a", b"x")
            backend.put("b", b"x")
            backend.put("kept", b"x")
            with self.lose_reply(backend) as lossy:
                _retried(lossy).delete(*keys)
            assert keys_of(backend) == sorted({"a", "b", "kept"} - set(keys))


def _retried(backend: Backend) -> Backend:
    return RetryingBackend(backend, first_pause=0.001, longest_pause=0.01)


@contextmanager
def _lost_behind(backend: Backend) -> Iterator[Backend]:
    yield FaultyBackend(backend, Fault("after", ("put", "create", "delete")))
