"""Keys: in the order of their numbers, a thousand in a folder, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoth_storage.errors import InvalidArgumentError
from thoth_storage.keys import check_key
from thoth_storage.log.layout import LAST, MARKS, entry_key, folder_of, mark_key, parse_entry, parse_mark

NUMBERS = st.integers(1, LAST)


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        (1, "log/000000000/000000000001"),
        (999, "log/000000000/000000000999"),
        (1000, "log/000000001/000000001000"),
        (1001, "log/000000001/000000001001"),
        (LAST, "log/999999999/999999999999"),
    ],
)
def test_the_keys_are_those_of_the_format(sequence: int, key: str) -> None:
    assert check_key(entry_key(sequence)) == key
    assert key.startswith(folder_of(sequence))
    assert parse_entry(key) == sequence


@given(NUMBERS, NUMBERS)
def test_their_order_is_that_of_the_numbers(one: int, other: int) -> None:
    assert (entry_key(one) < entry_key(other)) == (one < other)
    assert (mark_key(one) < mark_key(other)) == (one < other)
    assert (parse_entry(entry_key(one)), parse_mark(mark_key(one))) == (one, one)
    assert parse_entry(mark_key(one)) is None
    assert parse_mark(entry_key(one)) is None


@pytest.mark.parametrize("sequence", [0, -1, LAST + 1])
def test_other_numbers_have_no_key(sequence: int) -> None:
    with pytest.raises(InvalidArgumentError):
        entry_key(sequence)


@pytest.mark.parametrize(
    "key",
    [
        "log/000000000/000000000000",
        "log/000000000/000000001000",
        "log/000000001/000000000999",
        "log/000000000/00000000001",
        "log/000000000/0000000000011",
        "log/000000000/000000000001 ",
        "log/000000000/000000000001\n",
        "log/000000000/" + 11 * "\u0660" + "\u0661",
        "log/0/000000000001",
        "log/000000000/sub/000000000001",
        "xlog/000000000/000000000001",
        "log/000000000001",
        "log/truncated/1",
        f"{MARKS}000000000001.bak",
        f"{MARKS}-00000000001",
    ],
)
def test_strays_are_no_entries_and_no_marks(key: str) -> None:
    assert parse_entry(key) is None
    assert parse_mark(key) is None
