"""Keys and contents on which storage services and their libraries have stumbled: data, to be read through."""

from __future__ import annotations

import unicodedata
from typing import Any

from thoth_storage.keys import MAX_KEY_BYTES, MAX_SEGMENT_BYTES, TEMPORARY_PREFIX

__all__ = ["CONTENTS", "GLOBS", "INVALID_KEYS", "INVALID_PREFIXES", "NOT_BYTES", "ODD_KEYS", "pattern"]

_SEGMENT = "s" * MAX_SEGMENT_BYTES

ODD_KEYS = (
    *("with space/and another", " leading", "trailing ", "per%20cent", "100%", "%", "%2F", "a+b&c=d", "hash#1", "#1"),
    *("what?", "a?b=c", "semi;colon,comma", "it's", 'say "so"', "{braces}/{0}", "{}", "[brackets]", "(round)", "star*"),
    *("~", "~root", "tilde~1", "$HOME", "`tick`", "^caret", "<tag>&amp;", "at@sign", "col:on", "pi|pe", "!bang"),
    *(".hidden/.file", "v1.2.tar.gz", "dots...within", "...", "-dash", "--option", "0", "None", "null", "CAPS/Mixed"),
    *(
        "Z\u00fcrich",
        "\u6f22\u5b57/\u30ab\u30ca",
        "\U0001f40d\U0001f680",
        "\u05e9\u05dc\u05d5\u05dd",
        "\U0001f469\u200d\U0001f52c",
        "a\u00a0b",
        "a\u2028b",
        "\ufeffbom",
    ),
    *(unicodedata.normalize("NFC", "nfc/\u00e9"), unicodedata.normalize("NFD", "nfd/\u00e9")),
    *(_SEGMENT, "\u00e9" * (MAX_SEGMENT_BYTES // 2), f"long/{_SEGMENT}/{_SEGMENT}/{_SEGMENT}"),
    ("deep/" * MAX_KEY_BYTES)[: MAX_KEY_BYTES - 1] + "x",
)
"""Valid keys, none a folder of another."""

INVALID_KEYS: tuple[Any, ...] = (
    *("", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "./a", "a/./b", "a\\b", "..\\a"),
    *("a\0b", "a\nb", "a\rb", "a\tb", "a\x7fb", "a\x85b", "\ud800", "a/\udfff"),
    *("x" * (MAX_SEGMENT_BYTES + 1), "\u00e9" * (MAX_SEGMENT_BYTES // 2 + 1), "ab/" * (MAX_KEY_BYTES // 3) + "x"),
    *(f"{TEMPORARY_PREFIX}1", f"a/{TEMPORARY_PREFIX}1/b", None, 5, b"a", ("a",)),
)
INVALID_PREFIXES: tuple[Any, ...] = ("/", "/a", "a//", "../", "a/../b", "a\\", "a\0", "\ud800", "x" * 901, None, b"a")

GLOBS = {
    "a*": ("ab", "a/b"),
    "a?b": ("axb", "a.b"),
    "a[b]": ("ab", "ab]"),
    "{a,b}": ("a", "b"),
    "**": ("ab", "x/y"),
    "[!a]": ("b",),
}
"""Keys that are patterns to a shell, each with keys that it would match there."""

CONTENTS = (
    *(b"--==0==--", b"\r\n--==0==\r\n", b"--==0==", b"a\r\n--==0==--\r\nb", b"\r\n\r\n", b"\n", b"\r", b"\r\n"),
    *(bytes(range(256)), b"\0" * 1000, b"\xff\xfe\x00\x00", b"\x1f\x8b\x08\x00", b"\xef\xbb\xbfbom", b"caf\xe9"),
    b'Content-Type: multipart/related; boundary="==0=="\r\n\r\n--==0==\r\nContent-Type: application/json\r\n\r\n{}',
    b"5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    b'{"error": {"code": 404, "message": "No such object", "errors": []}}',
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code></Error>',
    b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
)
"""What a transport might take for its own: boundaries, chunks, replies, line ends, compression."""

NOT_BYTES: tuple[Any, ...] = ("text", None, 5, [1, 2], 1.5, {"a": 1})


def pattern(tag: str, size: int) -> bytes:
    """``size`` bytes that tell whose they are and at which offset: a part or a mixture is never taken for whole."""
    line = len(tag) + 9
    count = size // line + 1
    return "".join(f"{tag}{number:08d}\n" for number in range(count)).encode()[:size]
