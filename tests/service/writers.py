"""Clients that write through services until those are gone, and remember what was acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import anyio

from tests.service.helpers import answer, client

__all__ = ["Writers"]


class Writers:
    """A thread for each of ``addresses``, which adds documents one call after another, each document once.

    For each of ``names`` one at each address. ``acknowledged`` ids by address; ``refused`` what was told instead. A
    connection that breaks ends the thread: what was not acknowledged does not count, and may be there all the same;
    ``unanswered`` is the most that these can be.
    """

    def __init__(self, addresses: Sequence[str], names: Sequence[str], batch: int = 1) -> None:
        self.acknowledged: dict[str, list[str]] = {address: [] for address in addresses}
        self.refused: list[str] = []
        self._batch = batch
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(address, f"{name}at{place}"), daemon=True)
            for place, address in enumerate(addresses)
            for name in names
        ]
        for each in self._threads:
            each.start()

    @property
    def unanswered(self) -> int:
        return len(self._threads) * self._batch

    @property
    def all(self) -> set[str]:
        return {each for ids in self.acknowledged.values() for each in ids}

    def join(self) -> None:
        """Until all are at their end; those whose services live on stop after the call under way."""
        self._ending.set()
        for each in self._threads:
            each.join(30)
            assert not each.is_alive()

    def _run(self, address: str, name: str) -> None:
        async def write() -> None:
            async with client(address) as connected:
                number = 0
                while not self._ending.is_set():
                    ids = [f"{name}-{number + place}" for place in range(self._batch)]
                    number += self._batch
                    arguments = {"documents": [f"document {each}" for each in ids], "ids": ids}
                    with anyio.fail_after(15):
                        told = await answer(connected, "add_documents", arguments)
                    if told.error:
                        self.refused.append(told.text)
                    else:
                        assert told.data == {"ids": ids, "count": len(ids)}
                        self.acknowledged[address] += ids

        try:
            anyio.run(write)
        except (Exception, BaseExceptionGroup):
            return  # the connection broke, in whatever way
