"""The shared write log: the order of all writes to one store, decided by create-if-absent.

It knows bytes and numbers, not what they mean. Entry n+1 exists or it does not; who creates it has decided what comes
after n. There is no lock service, no leader and no clock in that.
"""

from thoth_storage.log.entry import Cipher, Entry, Unsealable
from thoth_storage.log.extent import Extent, Listed, list_all, look, truncated
from thoth_storage.log.log import Log
from thoth_storage.log.tail import GRACE, FellBehindError, Tail
from thoth_storage.log.truncation import truncate

__all__ = [
    "GRACE",
    "Cipher",
    "Entry",
    "Extent",
    "FellBehindError",
    "Listed",
    "Log",
    "Tail",
    "Unsealable",
    "list_all",
    "look",
    "truncate",
    "truncated",
]
