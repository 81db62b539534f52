"""Backends that break one obligation each, as real services and libraries do. The suite has to catch all of them.

A suite that passes good backends proves nothing; one that fails these proves that somebody looks.
"""

from . import creates, deletes, keys, lifecycle, listings, processes, reads, writes  # noqa: F401 - a liar is known by its class, once that is made
from .base import Honest, Liar

LIARS = sorted(Liar.__subclasses__(), key=lambda liar: liar.__name__)

__all__ = ["LIARS", "Honest", "Liar"]
