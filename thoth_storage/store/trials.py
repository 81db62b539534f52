"""Operations of the log tried on the local Chroma, and whose fault it is where one fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from thoth_storage.store.applying import Applier, is_local, is_refusal
from thoth_storage.store.coalescing import Together
from thoth_storage.store.operations import Operation, Told

__all__ = ["Outcome", "Trials"]


class Outcome(NamedTuple):
    """What Chroma gave for an operation, or raised."""

    result: Any = None
    error: Exception | None = None


class Trials:
    """``wrote`` is told how many rows, of how many bytes, were written."""

    def __init__(self, applier: Applier, wrote: Callable[[int, int], None]) -> None:
        self._applier = applier
        self._wrote = wrote
        self._suspects: dict[Operation, Exception] = {}
        """What failed once for an unknown reason. What does so again upon a fresh state is refused."""

    def together(self, together: Together) -> None:
        """Do several operations, in one call where that can be. Raises what ``outcome`` does."""
        suspected = any(each.operation in self._suspects for each in together.all) if self._suspects else False
        if together.rows is not None and len(together.all) > 1 and not suspected:
            try:
                self._applier.write(together.all[0].operation, together.rows, whole=True)
                self._count(*together.all)
                return
            except Exception as error:
                # One of them is refused, and so were all: each for itself then.
                if not is_refusal(error):
                    self._suspects.update((each.operation, error) for each in together.all)
                    raise
        for each in together.all:
            self.outcome(each)

    def outcome(self, told: Told) -> Outcome:
        """Do one, and tell what Chroma gave or why it refused. Raises what it failed with, where that may be this
        machine's fault: the state is then none of the log's."""
        try:
            result = self._applier.apply(told)
        except Exception as error:
            if is_refusal(error):
                return Outcome(error=error)
            if is_local(error) or str(self._suspects.get(told.operation)) != str(error):
                self._suspects[told.operation] = error
                raise
            return Outcome(error=error)
        self._count(told)
        return Outcome(result)

    def _count(self, *done: Told) -> None:
        if self._suspects:
            for each in done:
                self._suspects.pop(each.operation, None)
        self._wrote(sum(each.rows for each in done), sum(each.size for each in done))
