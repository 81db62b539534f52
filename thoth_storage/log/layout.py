"""Where the log is below a store's URL. Told in full in docs/format.md."""

from __future__ import annotations

import re

from thoth_storage.errors import InvalidArgumentError

__all__ = ["ENTRIES", "FOLDER", "LAST", "MARKS", "entry_key", "folder_of", "mark_key", "parse_entry", "parse_mark"]

ENTRIES = "log/"
MARKS = "log/truncated/"
FOLDER = 1000
"""Entries in one folder: as many as one page of a listing has."""
LAST = 10**12 - 1
"""The highest number that has a key. At a thousand writes a second it is reached after thirty years."""

_ENTRY = re.compile(r"log/([0-9]{9})/([0-9]{12})")
_MARK = re.compile(rf"{MARKS}([0-9]{{12}})")


def folder_of(sequence: int) -> str:
    """The prefix of the keys of a thousand entries."""
    return f"{ENTRIES}{sequence // FOLDER:09d}/"


def entry_key(sequence: int) -> str:
    if not 1 <= sequence <= LAST:
        raise InvalidArgumentError(f"{sequence} is no number of an entry, they go from 1 to {LAST}")
    return f"{folder_of(sequence)}{sequence:012d}"


def mark_key(through: int) -> str:
    """Of the mark that says: entries up to ``through`` are or will be deleted."""
    return f"{MARKS}{through:012d}"


def parse_entry(key: str) -> int | None:
    """The number in an entry's key; None for a key that is none."""
    match = _ENTRY.fullmatch(key)
    if match is None or int(match[1]) != int(match[2]) // FOLDER or int(match[2]) == 0:
        return None
    return int(match[2])


def parse_mark(key: str) -> int | None:
    match = _MARK.fullmatch(key)
    return int(match[1]) if match else None
