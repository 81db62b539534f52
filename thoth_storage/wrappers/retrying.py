"""Tries again what may succeed later, and knows that a failed create may have succeeded."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import AlreadyExistsError, ConfigurationError, NotFoundError, UnavailableError
from thoth_storage.telemetry import meters_of
from thoth_storage.wrappers.base import WrappedBackend

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["RetryingBackend"]

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class RetryingBackend(WrappedBackend):
    """Repeats a verb that raised UnavailableError, and no other, until ``deadline`` seconds have passed.

    The pauses are random between zero and a bound that doubles from ``first_pause`` to ``longest_pause`` seconds
    ("full jitter": Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015), so that clients which
    failed together do not come back together.

    A create whose outcome is unknown (the reply was lost) and whose repetition meets an object has won if that
    object is its own. It is told by its bytes, so content that two callers might create alike needs a nonce in it.
    """

    def __init__(
        self, inner: Backend, *, deadline: float = 60.0, first_pause: float = 0.1, longest_pause: float = 8.0
    ) -> None:
        super().__init__(inner)
        if not all(seconds >= 0 for seconds in (deadline, first_pause, longest_pause)):
            raise ConfigurationError("the deadline and the pauses of retries must not be negative")
        self._times = {"deadline": deadline, "first_pause": first_pause, "longest_pause": longest_pause}

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self._retry("get", lambda: self.inner.get(key, start, end))

    def put(self, key: str, data: bytes) -> None:
        self._retry("put", lambda: self.inner.put(key, data))

    def create(self, key: str, data: bytes) -> None:
        in_doubt = False

        def attempt() -> None:
            nonlocal in_doubt
            try:
                self.inner.create(key, data)
            except UnavailableError:
                in_doubt = True
                raise
            except AlreadyExistsError:
                if not in_doubt or not self._holds(key, data):
                    raise

        self._retry("create", attempt)

    def head(self, key: str) -> ObjectInfo:
        return self._retry("head", lambda: self.inner.head(key))

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        # Taken whole: a listing that fails half way is begun anew, and none of it was handed out.
        return iter(self._retry("list", lambda: list(self.inner.list(prefix))))

    def delete(self, *keys: str) -> None:
        self._retry("delete", lambda: self.inner.delete(*keys))

    def _holds(self, key: str, data: bytes) -> bool:
        try:
            return self.inner.get(key) == data
        except NotFoundError as gone:
            # Somebody deleted it since. Whose it was cannot be known; another attempt can.
            raise UnavailableError("the object of an unanswered create came and went", url=self.url, key=key) from gone

    def _retry(self, verb: str, attempt: Callable[[], _T]) -> _T:
        began = time.monotonic()
        try:
            return attempt()
        except UnavailableError as error:
            return self._go_on(verb, attempt, error, time.monotonic() - began)

    def _go_on(self, verb: str, attempt: Callable[[], _T], failure: UnavailableError, passed: float) -> _T:
        """What comes behind a first attempt that failed after ``passed`` seconds. Only here is tenacity imported: most
        commands never need it."""
        from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_random_exponential

        first = [failure]

        meters = meters_of(self.url.partition("://")[0])

        def next_attempt() -> _T:
            if first:
                raise first.pop()
            meters.note_retry(verb)
            return attempt()

        return Retrying(
            retry=retry_if_exception_type(UnavailableError),
            wait=wait_random_exponential(multiplier=self._times["first_pause"], max=self._times["longest_pause"]),
            stop=stop_before_delay(max(self._times["deadline"] - passed, 0)),
            before_sleep=self._tell,
            reraise=True,
        )(next_attempt)

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        _log.info("attempt %d failed, trying again in %.1f s: %s", state.attempt_number, state.upcoming_sleep, error)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.inner, self._times)


def _again(inner: Backend, times: dict[str, float]) -> RetryingBackend:
    return RetryingBackend(inner, **times)
