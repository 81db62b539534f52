"""What a key is, by a rule written a second time and from the outside: by what would go wrong with it."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.helpers import STEADY
from thoth_storage.errors import InvalidArgumentError
from thoth_storage.keys import (
    MAX_KEY_BYTES,
    MAX_SEGMENT_BYTES,
    TEMPORARY_PREFIX,
    check_key,
    check_prefix,
    is_key,
)

CONTROL = re.compile("[\0-\x1f\x7f-\x9f]")
ODD = st.sampled_from(
    ["", ".", "..", "...", "/", "//", "\\", "\0", "\n", "\x7f", "\x9f", "\ud800", "a", "é", "漢", "🦜"]
)
TEMPORARY = st.sampled_from([".thoth-tmp", ".thoth-tmp-", ".thoth-tmp-1", "x.thoth-tmp-"])
LONG = st.builds(lambda char, n: char * n, st.sampled_from("aé漢"), st.integers(80, 310))
TEXTS = st.lists(ODD | TEMPORARY | LONG | st.text(max_size=5) | st.just("/"), max_size=12).map("".join)


def holds(text: str) -> bool:
    """Whether every service can hold an object of this name, and no other name means the same one."""
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        return False  # has no UTF-8
    if not 1 <= len(text.encode()) <= 900 or CONTROL.search(text) or "\\" in text:
        return False
    parts = re.split("/", text)
    if any(re.fullmatch(r"\.{0,2}", part) for part in parts):
        return False  # would be folded into another name, or leave the folder
    return all(len(part.encode()) <= 255 and not part.startswith(".thoth-tmp-") for part in parts)


SEGMENTS = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), min_size=1, max_size=60)
KEYS = (
    st.lists(SEGMENTS | TEMPORARY | st.sampled_from(["...", "a."]), min_size=1, max_size=8).map("/".join).filter(holds)
)


@STEADY
@given(TEXTS)
@example("a" * 255)
@example("a" * 256)
@example("/".join(["a" * 255, "b" * 255, "c" * 255, "d" * 132]))
@example("/".join(["a" * 255, "b" * 255, "c" * 255, "d" * 133]))
def test_the_rule(text: str) -> None:
    assert is_key(text) == holds(text)
    if holds(text):
        assert check_key(text) is text
    else:
        with pytest.raises(InvalidArgumentError, match="invalid key"):
            check_key(text)


@STEADY
@given(KEYS, st.integers(0, 1000))
@example("a" * 254 + ".", 1000)
@example("a/..b", 4)
@example(".thoth-tmpx", 10)
def test_every_beginning_of_a_key_is_a_prefix(key: str, length: int) -> None:
    assert check_prefix(key[:length]) == key[:length]


@STEADY
@given(TEXTS)
def test_every_other_prefix_is_refused(text: str) -> None:
    """Any completion is tried that could matter: nothing, or one harmless byte."""
    if not text or holds(text) or holds(text + "y"):
        assert check_prefix(text) is text
    else:
        with pytest.raises(InvalidArgumentError, match="invalid prefix"):
            check_prefix(text)


@STEADY
@given(KEYS, KEYS)
def test_keys_join(left: str, right: str) -> None:
    joined = f"{left}/{right}"
    assert is_key(joined) == (len(joined.encode()) <= 900)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "it is empty"),
        ("/a", "a slash"),
        ("a/", "a slash"),
        ("a//b", "two in a row"),
        ("a/../b", "segment '..'"),
        ("./a", "segment '.'"),
        ("a\\b", "backslash"),
        ("a\nb", "control character"),
        ("\udcff", "not valid Unicode"),
        ("a" * 256, "over 255 bytes"),
        ("a/" * 450 + "a", "901 bytes, 900 are allowed"),
        ("x/.thoth-tmp-1", "reserved"),
        (b"a", "a string, not bytes"),
        (None, "a string, not NoneType"),
        (7, "a string, not int"),
    ],
)
def test_the_message_tells_what_is_wrong_and_what_would_be_right(key: object, words: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        check_key(key)  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert caught.value.hint is not None
    assert "packs/ab/0123" in caught.value.hint
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("prefix", [b"a", None, 7])
def test_a_prefix_is_a_string(prefix: object) -> None:
    with pytest.raises(InvalidArgumentError, match="not a string"):
        check_prefix(prefix)  # type: ignore[arg-type]


def test_the_numbers_are_a_promise() -> None:
    assert (MAX_KEY_BYTES, MAX_SEGMENT_BYTES, TEMPORARY_PREFIX) == (900, 255, ".thoth-tmp-")
