"""Any metadata that there can be goes into Parquet and comes out of it, value by value and type by type."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.helpers import STEADY
from thoth_storage.errors import CorruptionError
from thoth_storage.export.columns import Column, Survey, joined, kind_of, rest_of
from thoth_storage.export.parquet import Header, PartWriter, read_part
from thoth_storage.store.portable import Batch, CollectionInfo, Sparse

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
INTS, FLOATS = st.integers(-(2**63), 2**63 - 1), st.floats()
SPARSE = st.builds(
    lambda parts, labelled: Sparse([*range(len(parts))], parts, [str(each) for each in parts] if labelled else None),
    st.lists(st.floats(allow_nan=False), max_size=4),
    st.booleans(),
)
LISTS = [st.lists(each, min_size=1, max_size=3) for each in (st.booleans(), INTS, FLOATS, TEXT)]
VALUES = st.one_of(st.booleans(), INTS, FLOATS, TEXT, SPARSE, *LISTS, st.integers(2**63, 2**70), st.just([1, 2.0]))
KEYS = st.one_of(st.sampled_from(["a", "A", "b", "c d", "json", "e\n", "é", ""]), TEXT)
METADATA = st.one_of(st.none(), st.dictionaries(KEYS, VALUES, min_size=1, max_size=6))


def survey(metadatas: list[Any]) -> list[Column]:
    found = Survey()
    found.look(metadatas)
    return found.columns()


def through(metadatas: list[Any], columns: list[Column] | None = None) -> list[Any]:
    """By a part, as it is written and read."""
    info = CollectionInfo("c", None, {}, None, 2, len(metadatas))
    writer = PartWriter(Header.of(info, survey(metadatas) if columns is None else columns, 1))
    ids = [str(row) for row in range(len(metadatas))]
    nothing: list[str | None] = [None] * len(ids)
    writer.add(Batch(ids, np.zeros((len(ids), 2), np.float32), nothing, nothing, metadatas))
    header, rows, batches = read_part(writer.finish())
    assert (header.info(rows), rows) == (info, len(ids))
    return [each for batch in batches for each in batch.metadatas]


def same(one: Any, other: Any) -> bool:
    """Types too, and NaN is NaN."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    return type(one) is type(other) and one == other and str(one) == str(other)


@settings(STEADY, max_examples=80)
@given(st.lists(METADATA, max_size=8))
def test_what_goes_in_comes_out(metadatas: list[Any]) -> None:
    assert same(metadatas, through(metadatas))


@settings(STEADY, max_examples=80)
@given(st.lists(METADATA, max_size=5), st.lists(METADATA, max_size=5))
def test_also_where_the_columns_are_of_other_rows(metadatas: list[Any], others: list[Any]) -> None:
    """Rows that come between the first look and the second lose nothing."""
    assert same(metadatas, through(metadatas, survey(others)))


def test_one_type_is_a_column_and_nothing_else() -> None:
    rows: list[Any] = [{"n": 1, "t": "x"}, {"n": 2}, None]
    assert survey(rows) == [Column("meta_n", "n", "int"), Column("meta_t", "t", "string")]
    assert [rest_of({"n": "int", "t": "string"}, each) for each in rows] == [None, None, None]


def test_of_several_types_the_most_frequent_is() -> None:
    assert survey([{"k": "x"}, {"k": "y"}, {"k": 1}]) == [Column("meta_k", "k", "string")]
    assert rest_of({"k": "string"}, {"k": 1}) == '{"k": 1}'


def test_numbers_are_doubles_all_together() -> None:
    assert survey([{"k": 1}, {"k": 2}, {"k": 1.5}]) == [Column("meta_k", "k", "float")]


def test_columns_are_no_more_than_some() -> None:
    rows = [{f"key {number}": number} for number in range(30_000)] + [{"often": 1}, {"often": 2}]
    assert len(survey(rows)) == 500
    assert same(rows[-700:], through(rows[-700:]))
    wide = [{f"key {number}": number for number in range(600)}, {"key 599": 1}]
    assert "meta_key 599" in {each.column for each in survey(wide)}


@pytest.mark.parametrize("rest", ["", "[]", "1", "null", '"text"', '{"k": {"#sparse": [1]}}', '{"k": {}}', "{"])
def test_a_rest_that_is_none(rest: str) -> None:
    with pytest.raises(CorruptionError, match="metadata_json"):
        joined({}, rest)


@pytest.mark.parametrize("value", [None, [], [1, "a"], [None], {"a": 1}, 2**63, object()])
def test_what_no_column_holds(value: Any) -> None:
    assert kind_of(value) is None
