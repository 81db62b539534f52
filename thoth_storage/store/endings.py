"""Clients that nobody closed: at the end of the interpreter, on SIGTERM, and in a forked child.

A service is ended by SIGTERM and gets ten seconds (Cloud Run). Whoever has no handler of his own for that can have
this.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import threading
import weakref
from importlib import import_module
from types import FrameType
from typing import Any

from thoth_storage.errors import InvalidArgumentError

__all__ = ["close_on_sigterm", "remember_to_close"]

_log = logging.getLogger(__name__)
_open: weakref.WeakSet[Any] = weakref.WeakSet()


def remember_to_close(client: Any) -> None:
    """Close ``client`` when the interpreter ends, unless somebody did before."""
    _open.add(client)


def close_all() -> None:
    """Close every client of this process. What fails is logged: the others are closed all the same."""
    for client in list(_open):
        try:
            client.close()
        except Exception:
            # Nobody is left to catch it, and the next client is to be closed too.
            _log.exception("%r could not be closed", client)


def close_on_sigterm(deadline: float | None = None) -> None:
    """Close every client when this process gets SIGTERM, then end as the signal would have, or as the handler that was
    there before says. The program goes on meanwhile, until a closed client refuses it. To be called on the main
    thread.

    ``deadline``: seconds after which the end comes all the same. Of a store whose writes are logged that loses nothing
    but the last checkpoint; Cloud Run kills after ten.
    """
    if deadline is not None and not deadline > 0:
        raise InvalidArgumentError(f"deadline is {deadline!r}", hint="seconds above 0, or None")
    signal.signal(signal.SIGTERM, _Ending(signal.getsignal(signal.SIGTERM), deadline).handle)


class _Ending:
    """The handler. The signal comes twice: first from outside, then from us, when all is closed or time is up."""

    def __init__(self, before: Any, deadline: float | None) -> None:
        self._before = before
        self._deadline = deadline
        self._begun = False
        self._over = threading.Event()
        self._once = threading.Lock()

    def handle(self, number: int, frame: FrameType | None) -> None:
        if not self._over.is_set():
            # Not here: the main thread, stopped wherever it was, may hold locks that closing waits for.
            if not self._begun:
                self._begun = True
                self._begin()
        elif callable(self._before):
            self._before(number, frame)
        elif self._before != signal.SIG_IGN:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)

    def _begin(self) -> None:
        threading.Thread(target=self._close, name="thoth-close", daemon=False).start()
        if self._deadline is not None:
            timer = threading.Timer(self._deadline, self._give_up)
            timer.daemon = True
            timer.start()

    def _close(self) -> None:
        close_all()
        self._finish()

    def _give_up(self) -> None:
        if not self._over.is_set():
            _log.warning("not all is closed after %s s, and this process ends now", self._deadline)
        self._finish()

    def _finish(self) -> None:
        with self._once:
            if self._over.is_set():
                return
            self._over.set()
        os.kill(os.getpid(), signal.SIGTERM)


def _forked() -> None:
    for client in list(_open):
        client.abandon()
    _open.clear()


# Uploads need threads, and nobody may start any when atexit comes; threading's own list comes before that, the last
# entry first. So the pools, which refuse work once it was their turn, have to be in it already.
import_module("concurrent.futures.thread")
getattr(threading, "_register_atexit", atexit.register)(close_all)
os.register_at_fork(after_in_child=_forked)
