"""Threads that belong to whoever started their work: a request that one of them sends is part of the operation, and of
the trace, in which it was asked for."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

__all__ = ["ThreadPool"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


class ThreadPool(ThreadPoolExecutor):
    """A ThreadPoolExecutor whose jobs see the context variables of who submits them."""

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        # A copy for each job: a context cannot be entered by two threads at once.
        context = contextvars.copy_context()
        return super().submit(lambda: context.run(fn, *args, **kwargs))
