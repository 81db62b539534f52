"""Which part of the stored bytes a verification reads: all at once is dear, and a part each day reads all in time.

Packs are dealt into parts by their random ids. So the parts are even and need no bookkeeping: whoever runs a check, on
whatever machine, reads the part whose turn it is.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from thoth_storage.errors import InvalidArgumentError

__all__ = ["ALL", "NONE", "Part", "to_part"]

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)%")
_FRACTION = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_DAY = 24 * 60 * 60
_MOST = 1_000_000
"""Parts; finer ones would take thousands of years to read all."""


@dataclass(frozen=True)
class Part:
    """The ``number``-th (from 1) of ``count`` parts; of no parts at all, nothing is read."""

    number: int
    count: int

    def has(self, pack: str) -> bool:
        """Whether a pack, by its id, is to be read."""
        return self.count > 0 and int(pack[:8], 16) % self.count == self.number - 1

    def __str__(self) -> str:
        if self.count < 2:
            return "all" if self.count else "none"
        return f"{self.number}/{self.count}"


ALL = Part(1, 1)
NONE = Part(0, 0)


def to_part(wanted: bool | float | str) -> Part:
    """What ``read_data`` of ``verify`` asks for. A percentage is the part whose turn it is today (UTC): as many days in
    a row as there are parts read everything; where it is no whole part (60%), more is read. Raises InvalidArgumentError
    that tells the forms."""
    if isinstance(wanted, bool):
        return ALL if wanted else NONE
    if isinstance(wanted, int | float) and 0 < wanted <= 1:
        return _of_today(float(wanted))
    if isinstance(wanted, str):
        percent = _PERCENT.fullmatch(wanted)
        if percent and 0 < float(percent[1]) <= 100:
            return _of_today(float(percent[1]) / 100)
        fraction = _FRACTION.fullmatch(wanted)
        if fraction and 1 <= int(fraction[1]) <= int(fraction[2]):
            return Part(int(fraction[1]), int(fraction[2]))
    raise InvalidArgumentError(
        f"{wanted!r:.80} says not how much is to be read",
        hint="say True or False, a part above 0 and up to 1 (0.05), a percentage ('5%'), or which part ('3/30')",
    )


def _of_today(part: float) -> Part:
    # Never less than was asked for, so the count is cut off; 1 / part may fall short of a whole number by a last digit.
    count = int(1 / part * (1 + 1e-9)) if part > 1 / _MOST else _MOST
    return Part(int(time.time() // _DAY) % count + 1, count)
