"""What stands in an entry comes back as it was, is what docs/format.md says, and nothing else is taken."""

from __future__ import annotations

import ast
import struct
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from chromadb.base_types import SparseVector
from hypothesis import given, settings

from tests.shared import second_decoder
from thoth_storage.errors import CorruptionError, FormatError
from thoth_storage.store.operations import (
    Creation,
    Deletion,
    Modification,
    Operation,
    Rows,
    State,
    decode,
    encode,
    pack,
)

some = settings(max_examples=60, deadline=None)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
INTEGERS = st.integers() | st.sampled_from([2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**40, -(10**40)])
SIMPLE = TEXT | INTEGERS | st.floats() | st.booleans()
SPARSE = st.dictionaries(st.integers(0, 2**31), st.floats(allow_nan=False, width=32), max_size=4).map(
    lambda found: SparseVector(sorted(found), [found[key] for key in sorted(found)])
)
VALUES = st.none() | SIMPLE | SPARSE | st.lists(SIMPLE, max_size=3)
METADATA = st.none() | st.dictionaries(TEXT, VALUES, max_size=4)
VECTOR = st.lists(st.floats(width=32), max_size=4).map(lambda row: struct.pack(f"<{len(row)}f", *row))
FILTER = st.none() | st.dictionaries(
    TEXT, SIMPLE | st.dictionaries(TEXT, st.lists(SIMPLE, max_size=2), max_size=2), max_size=2
)
OPTIONAL = st.none() | TEXT


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    ids = draw(st.lists(TEXT, max_size=4))
    columns: tuple[st.SearchStrategy[Any], ...] = (VECTOR, METADATA, OPTIONAL, OPTIONAL)
    size = len(ids)
    drawn: list[Any] = [draw(st.none() | st.lists(each, min_size=size, max_size=size)) for each in columns]
    return Rows(ids, *drawn)


KINDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("add", "upsert", "update"), rows()),
    "delete": st.builds(
        Deletion, st.none() | st.lists(TEXT, max_size=3), FILTER, FILTER, st.none() | st.integers(0, 9)
    ),
    "create_collection": st.builds(Creation, OPTIONAL, OPTIONAL, METADATA, st.booleans()),
    "modify_collection": st.builds(Modification, OPTIONAL, METADATA, OPTIONAL),
    "state": st.builds(State, TEXT),
    **dict.fromkeys(("delete_collection", "create_database", "delete_database", "create_tenant", "reset"), st.none()),
}


@st.composite
def operations(draw: st.DrawFn, kind: str | None = None) -> tuple[Operation, Any]:
    """One, and the arguments that are packed in it."""
    kind = kind or draw(st.sampled_from(sorted(KINDS)))
    arguments = draw(KINDS[kind])
    return Operation(kind, draw(TEXT), draw(TEXT), draw(TEXT), pack(arguments)), arguments


def read(payload: bytes) -> Any:
    return decode(payload, url="memory://x", sequence=7)


@some
@given(st.lists(operations(), max_size=4))
def test_every_kind_comes_back(made: list[tuple[Operation, Any]]) -> None:
    found = read(encode([operation for operation, _ in made]))
    assert [each.operation for each in found] == [operation for operation, _ in made]
    assert repr([each.arguments for each in found]) == repr([arguments for _, arguments in made])  # NaN is like NaN


@pytest.mark.parametrize("kind", KINDS)
@some
@given(data=st.data())
def test_another_decoder_reads_the_same(kind: str, data: st.DataObject) -> None:
    operation, arguments = data.draw(operations(kind))
    chromadb, [found] = second_decoder.operations(encode([operation]))
    assert chromadb == metadata.version("chromadb")
    expected = {
        "kind": kind,
        "tenant": operation.tenant,
        "database": operation.database,
        "collection": operation.collection,
        **({} if arguments is None else {name: getattr(arguments, name) for name in arguments.__struct_fields__}),
    }
    if expected.get("embeddings") is not None:
        expected["embeddings"] = [struct.unpack(f"<{len(each) // 4}f", each) for each in expected["embeddings"]]
    assert repr(found) == repr(plain(expected))


def plain(value: Any) -> Any:
    if isinstance(value, SparseVector):
        return ("sparse", value.indices, value.values, value.labels)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def test_it_shares_nothing_with_the_package() -> None:
    tree = ast.parse(Path(second_decoder.__file__).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} - sys.stdlib_module_names == {"msgspec"}


GOOD = Operation("delete_collection", "tenant", "database", "notes", pack(None))


def payload(version: object = 1, chromadb: object = "1.0.0", told: object = (), *more: object) -> bytes:
    return msgspec.msgpack.encode([version, chromadb, told, *more])


def test_what_a_newer_release_wrote() -> None:
    with pytest.raises(FormatError, match=r"version 2; this program knows up to 1.*upgrade thoth-storage"):
        read(payload(2, "1.0.0", {"whatever": "it is"}))
    major, minor = map(int, metadata.version("chromadb").split(".")[:2])
    for newer in (f"{major}.{minor + 1}.0", f"{major + 1}.0.0", f"{major}.{minor + 1}.0rc1"):
        with pytest.raises(FormatError, match=rf"log entry 7 was written with chromadb {newer}.*pip install"):
            read(payload(1, newer, [GOOD]))


def test_what_an_older_or_equal_one_wrote() -> None:
    major, minor = map(int, metadata.version("chromadb").split(".")[:2])
    for fits in (f"{major}.{minor}.999", f"{major}.{minor - 1}.7", f"{major - 1}.99.0", metadata.version("chromadb")):
        [found] = read(payload(1, fits, [GOOD]))
        assert found == (GOOD, None)


def packed(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def extended(code: int, data: bytes) -> bytes:
    """Rows with a metadata value that is an extension."""
    return packed([["a"], None, [{"x": msgspec.msgpack.Ext(code, data)}], None, None])


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly", packed(None)),
        ("", packed(None)),
        ("reset", packed([])),
        ("add", packed(None)),
        ("add", packed([["a"]])),
        ("add", packed([["a"], ["text"], None, None, None])),
        ("add", packed([[1], None, None, None, None])),
        ("add", packed([["a"], None, [{1: 2}], None, None])),
        ("add", packed([["a"], None, None, None, None]) + b"\x00"),
        ("add", packed([["a"], None, None, None, None])[:-1]),
        ("add", b"\x95\x91\xa1\xff\xc0\xc0\xc0\xc0"),
        ("add", b"\x91" * 100_000),
        ("add", extended(3, b"")),
        ("add", extended(2, b"twelve")),
        ("add", extended(2, b"9" * 10_000)),
        ("add", extended(1, b"")),
        ("add", extended(1, packed([[1, 2], [0.5], None]))),
        ("add", extended(1, packed([[2, 1], [0.5, 0.5], None]))),
        ("add", extended(1, packed([[-1], [0.5], None]))),
        ("add", extended(1, packed([["a"], [0.5], None]))),
        ("delete", packed(["a", None, None, None])),
        ("delete", packed([None, None, None, "3"])),
        ("create_collection", packed([None, None, None, 1])),
        ("modify_collection", packed([1, None, None])),
        ("state", packed([None])),
        ("state", b""),
    ],
)
def test_hostile_arguments(arguments: tuple[str, bytes]) -> None:
    kind, told = arguments
    with pytest.raises(CorruptionError):
        read(encode([Operation(kind, "t", "d", "notes", told)]))


@pytest.mark.parametrize(
    "hostile",
    [
        *(b"", b"\xc1", b"\x91" * 100_000, packed(None), packed([]), packed([1]), packed({})),
        *(
            payload("1"),
            payload(1, 5),
            payload(1, "new"),
            payload(1, ""),
            payload(1, "9" * 9999),
        ),
        *(payload(1, "1.0.0", [["add"]]), payload(1, "1.0.0", [5]), payload(1, "1.0.0", [[1, 2, 3, 4, b""]])),
        encode([GOOD]) + b"\x00",
        encode([GOOD])[:-1],
    ],
)
def test_hostile_payloads(hostile: bytes) -> None:
    with pytest.raises(CorruptionError):
        read(hostile)


@some
@given(operation=operations(), data=st.data())
def test_any_changed_byte_is_told_or_read(operation: tuple[Operation, Any], data: st.DataObject) -> None:
    """Never an error of another kind: the checksum is the entry's, this is what a hostile writer can do."""
    changed = bytearray(encode([operation[0]]))
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(CorruptionError, FormatError):
        read(bytes(changed))


@some
@given(st.binary(max_size=40), st.sampled_from([1, 2, 3]))
def test_any_extension_is_told_or_read(data: bytes, code: int) -> None:
    with suppress(CorruptionError):
        read(encode([Operation("add", "t", "d", "notes", extended(code, data))]))


def test_what_cannot_be_stored() -> None:
    for value in (object(), b"\xff".decode(errors="surrogateescape")):
        with pytest.raises((TypeError, ValueError)):
            pack(Rows(["a"], None, [{"x": value}], None, None))
