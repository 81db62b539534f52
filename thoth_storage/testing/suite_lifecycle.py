"""What a backend is and how it fails: its face, its errors, its end, and what it must never tell."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from thoth_storage.backend import Backend, Capabilities
from thoth_storage.errors import AlreadyExistsError, InvalidArgumentError, NotFoundError, StorageError
from thoth_storage.testing.suite_base import SuiteBase, keys_of

__all__ = ["Lifecycle"]


class Lifecycle(SuiteBase):
    def test_it_is_a_backend(self, backend: Backend) -> None:
        assert isinstance(backend, Backend)
        assert isinstance(backend.capabilities, Capabilities)
        assert isinstance(backend.url, str)
        assert "://" in backend.url

    def test_close(self, backend: Backend) -> None:
        backend.put("object", b"x")
        backend.close()
        backend.close()
        assert backend.get("object") == b"x"
        assert keys_of(backend) == ["object"]
        backend.close()
        backend.put("object", b"y")
        assert backend.get("object") == b"y"

    def test_close_of_the_unused(self, second: Backend) -> None:
        second.close()
        assert keys_of(second) == []

    def test_errors_tell_where(self, backend: Backend) -> None:
        for verb, error in self._errors(backend).items():
            if isinstance(error, NotFoundError | AlreadyExistsError):
                assert error.url, f"the error of {verb} has no url"
                assert error.key in ("missing", "object"), f"the error of {verb} has no key"
                assert error.key in str(error)
            again = pickle.loads(pickle.dumps(error))
            assert (type(again), str(again)) == (type(error), str(error)), "errors travel between processes"

    def test_errors_keep_their_cause(self, backend: Backend) -> None:
        """What a library raised is chained (``raise ... from``), or nobody will find out why."""
        for verb, error in self._errors(backend).items():
            foreign = error.__context__ is not None and not isinstance(error.__context__, StorageError)
            assert not foreign or error.__cause__ is not None, f"{verb} hides {error.__context__!r}"

    def test_secrets_are_not_told(self, backend: Backend) -> None:
        told = [repr(backend), str(backend), backend.url]
        for error in self._errors(backend).values():
            link: BaseException | None = error
            while link is not None:
                told += [str(link), repr(link), repr(link.args)]
                link = link.__cause__ or link.__context__
        for secret in self.secrets:
            assert not any(secret in text for text in told), "a secret is shown"

    @staticmethod
    def _errors(backend: Backend) -> dict[str, StorageError]:
        """One error of each verb that can be made to fail without the service's help."""
        backend.put("object", b"0123456789")
        failing: dict[str, tuple[type[StorageError], Callable[[], object]]] = {
            "get": (NotFoundError, lambda: backend.get("missing")),
            "get of a range": (NotFoundError, lambda: backend.get("missing", 2, 5)),
            "get of an empty range": (NotFoundError, lambda: backend.get("missing", 5, 5)),
            "get of a negative range": (InvalidArgumentError, lambda: backend.get("object", -1)),
            "head": (NotFoundError, lambda: backend.head("missing")),
            "create": (AlreadyExistsError, lambda: backend.create("object", b"again")),
            "put": (InvalidArgumentError, lambda: backend.put("../object", b"x")),
            "delete": (InvalidArgumentError, lambda: backend.delete("../object")),
            "list": (InvalidArgumentError, lambda: list(backend.list("../"))),
        }
        errors = {}
        for verb, (kind, call) in failing.items():
            with pytest.raises(StorageError) as caught:
                call()
            assert isinstance(caught.value, kind), f"{verb} raised {caught.value!r}, not {kind.__name__}"
            errors[verb] = caught.value
        return errors
