"""What a range is and what content is: refused is what Python would quietly take for something else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.helpers import STEADY
from thoth_storage.errors import InvalidArgumentError
from thoth_storage.keys import check_data, check_range


@STEADY
@given(st.integers(), st.none() | st.integers())
@example(0, None)
@example(0, 0)
@example(-1, None)
@example(5, -1)
def test_a_range_is_refused_if_a_bound_is_negative(start: int, end: int | None) -> None:
    if min(start, start if end is None else end) < 0:
        with pytest.raises(InvalidArgumentError, match="not negative"):
            check_range(start, end)
    else:
        check_range(start, end)


@STEADY
@given(st.binary())
def test_whatever_holds_bytes_is_content(data: bytes) -> None:
    assert check_data(data) == check_data(bytearray(data)) == check_data(memoryview(data)) == data


@pytest.mark.parametrize("data", ["text", 5, [1, 2], None, {}])
def test_whatever_bytes_would_misread_is_none(data: object) -> None:
    with pytest.raises(InvalidArgumentError, match=f"bytes, not {type(data).__name__}"):
        check_data(data)
