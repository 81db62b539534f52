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


def close_on_sigterm() -> None:
    """Close every client when this process gets SIGTERM, then end as the signal would have, or as the handler that was
    there before says. The program goes on meanwhile, until a closed client refuses it. To be called on the main
    thread."""
    before = signal.getsignal(signal.SIGTERM)
    closing: list[threading.Thread] = []
    closed = threading.Event()

    def close() -> None:
        close_all()
        closed.set()
        os.kill(os.getpid(), signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        if not closed.is_set():
            # Not here: the main thread, stopped wherever it was, may hold locks that closing waits for.
            if not closing:
                closing.append(threading.Thread(target=close, name="thoth-close", daemon=False))
                closing[0].start()
        elif callable(before):
            before(number, frame)
        elif before != signal.SIG_IGN:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)


def _forked() -> None:
    for client in list(_open):
        client.abandon()
    _open.clear()


# Uploads need threads, and nobody may start any when atexit comes; threading's own list comes before that, the last
# entry first. So the pools, which refuse work once it was their turn, have to be in it already.
import_module("concurrent.futures.thread")
getattr(threading, "_register_atexit", atexit.register)(close_all)
os.register_at_fork(after_in_child=_forked)
