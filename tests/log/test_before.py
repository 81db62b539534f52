"""An entry that was deleted by hand and written anew is seen by whoever knows what was there."""

from __future__ import annotations

import pytest

from tests.log.logs import memory
from thoth_storage.errors import CorruptionError
from thoth_storage.log import FellBehindError, Log, Tail
from thoth_storage.log.layout import entry_key


def write(where: Tail, *payloads: bytes) -> None:
    for payload in payloads:
        entry, ours = where.append(payload)
        assert ours
        where.take(entry)


def test_each_entry_names_the_one_before_it() -> None:
    backend = memory()
    write(Tail(Log(backend, "w"), 0), b"1", b"2", b"3")
    first, second, third = Tail(Log(backend, "r"), 0).read()
    assert (first.before, second.before, third.before) == (b"", first.nonce, second.nonce)


def test_who_begins_at_a_checkpoint_knows_none() -> None:
    backend = memory()
    write(Tail(Log(backend, "w"), 0), b"1", b"2")
    write(Tail(Log(backend, "other"), 2), b"3")
    assert [each.payload for each in Tail(Log(backend, "r"), 0).read()] == [b"1", b"2", b"3"]
    assert Tail(Log(backend, "r"), 2).read()[0].before == b""


def test_a_hole_that_was_filled_is_told_behind_it() -> None:
    backend = memory()
    write(Tail(Log(backend, "w"), 0), b"1", b"2", b"3")
    backend.delete(entry_key(2))
    filled = Tail(Log(backend, "who sees no more than one"), 1)
    assert Log(backend, "w").create(2, b"another")[1]
    reader = Tail(Log(backend, "r"), 0)
    for entry in reader.read():
        reader.take(entry)
    assert reader.position == 2
    for each in (reader, reader):
        with pytest.raises(CorruptionError, match="entry 3 was written behind another entry 2") as told:
            each.read()
        assert told.value.key == entry_key(3)
        assert "--set-state" in str(told.value)
    assert [each.payload for each in filled.read()] == [b"another"]


def test_who_applied_another_entry_begins_anew() -> None:
    backend = memory()
    diverged = Tail(Log(backend, "d"), 0)
    write(diverged, b"1", b"2")
    backend.delete(entry_key(2))
    other = Tail(Log(backend, "o"), 0)
    other.take(other.read()[0])
    write(other, b"another", b"3")
    with pytest.raises(FellBehindError, match="entry 2 of the log is another than the one that was applied here"):
        diverged.read()
    with pytest.raises(FellBehindError):
        diverged.append(b"of mine")
    assert [each.payload for each in Tail(Log(backend, "r"), 0).read()] == [b"1", b"another", b"3"]
