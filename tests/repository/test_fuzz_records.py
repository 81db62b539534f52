"""Whatever bytes lie where a record is expected: an error of this package or a record, and little memory."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.effort import NIGHT
from tests.repository.forge import ID, KEY, TIME, header, record
from tests.repository.stranger import anything, opened, outlive
from tests.repository.subject import Subject
from thoth_storage.errors import CorruptionError
from thoth_storage.repository import Repository
from thoth_storage.repository.layout import KEYS, REPOSITORY_KEY
from thoth_storage.repository.manifest import NO_BASE, pack_u32
from thoth_storage.repository.records import list_keys, read_snapshot
from thoth_storage.repository.sealed_json import check_json
from thoth_storage.repository.wrapping import unwrap

pytestmark = pytest.mark.exhaustive

KINDS = ["moves", "marks", "doomed", "claims", "labels", "catalogue", "partial", "unheardof"]
few = settings(max_examples=25 if NIGHT else 10, deadline=None, derandomize=True, database=None)
many = settings(max_examples=60 if NIGHT else 20, deadline=None, derandomize=True, database=None)


def index_key(kind: str) -> str:
    """A name behind all others."""
    return KEY.replace("snapshots/", f"index/{kind}-")


def index_record(kind: str, body: Any) -> bytes:
    head = {"id": ID, "kind": kind, "time": TIME, "program": "stranger 1"}
    return record(head, body, magic=b"THOTHIDX", version=2)


@pytest.mark.parametrize("subject", ["plain"], indirect=True)
@pytest.mark.parametrize("kind", KINDS)
def test_the_forged_record_itself_is_read(kind: str, subject: Subject) -> None:
    """Else all that follows would fail at its prologue and prove nothing."""
    assert outlive(subject, {index_key(kind): index_record(kind, SOUND[kind])}).ok


@few
@given(st.data())
def test_changed_bytes(subject: Subject, data: st.DataObject) -> None:
    """Of all objects but packs, of which test_fuzz_frames tells."""
    key = data.draw(st.sampled_from(subject.of("index/", "snapshots/", KEYS, REPOSITORY_KEY)))
    stored = bytearray(subject.stored[key])
    places = st.integers(0, len(stored) - 1) | st.integers(0, 90)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=4)):
        stored[place] = value
    cut = data.draw(st.integers(0, len(stored)) | st.just(len(stored)))
    (opened if key.startswith((KEYS, REPOSITORY_KEY)) else outlive)(subject, {key: bytes(stored[:cut])})


@few
@given(kind=st.sampled_from(["snapshots", *KINDS]), data=st.binary(max_size=200), begin=st.integers(-2, 3))
def test_any_bytes_are_no_record(subject: Subject, kind: str, data: bytes, begin: int) -> None:
    key = KEY if kind == "snapshots" else index_key(kind)
    magic = b"THOTHSNP" if kind == "snapshots" else b"THOTHIDX"
    prologue = magic + max(begin, 0).to_bytes(2, "little") + subject.repository.encrypted.to_bytes(2, "little")
    stored = data if begin == -2 else magic + data if begin == -1 else prologue + data
    assert {problem.key for problem in outlive(subject, {key: stored}).problems} == {key}


@many
@given(
    kind=st.sampled_from(["snapshots", *KINDS]),
    head=st.just(None) | anything | st.dictionaries(st.sampled_from(["id", "time", "tags", "position"]), anything),
    body=anything | st.binary(max_size=60) | st.binary(max_size=100).map(zstandard.compress),
)
@pytest.mark.parametrize("subject", ["plain"], indirect=True)
def test_any_messagepack_under_right_checksums(subject: Subject, kind: str, head: Any, body: Any) -> None:
    if kind == "snapshots":
        fields = {**header([]), **head} if isinstance(head, dict) else header([]) if head is None else head
        outlive(subject, {KEY: record(fields, body, version=2)})
        return
    fields = {"id": ID, "kind": kind, "time": TIME, "program": "stranger 1"}
    fields = {**fields, **head} if isinstance(head, dict) else fields if head is None else head
    outlive(subject, {index_key(kind): record(fields, body, magic=b"THOTHIDX", version=2)})


CELLS = st.sampled_from([0, 1, 2, 3, 15, 16, 17, 48, 49, 100, 2**26, 2**26 + 1, 2**31, NO_BASE]) | st.integers(
    0, NO_BASE
)
columns = st.lists(CELLS, max_size=6).map(pack_u32) | st.binary(max_size=20)
ids = st.lists(st.binary(min_size=16, max_size=16), max_size=3).map(b"".join) | st.binary(max_size=40)
paths = st.sampled_from(["a", "b", "folder", "../x", "/x", "a/b", "a/../b", "x" * 300, "y/" * 600 + "y", "\0", "\\"])
numbers = st.integers(-(2**63), 2**64 - 1) | st.sampled_from([0, 1, 300, 600])
empty_files = paths.map(lambda path: (path, 0, 0o644, 0, b""))
empty_files = st.tuples(paths | st.text(max_size=6), st.just(0), numbers, numbers, st.just(b""))
full_files = st.tuples(paths, numbers, numbers, numbers, columns)
FILES = st.lists(empty_files, min_size=1, max_size=2) | st.lists(empty_files | full_files | anything, max_size=3)
FOLDERS = st.lists(st.tuples(paths | st.text(max_size=6), numbers) | anything, max_size=3)


def sound_body(subject: Subject) -> dict[str, Any]:
    """The third snapshot's, with chains of two deltas."""
    _, body = read_snapshot(subject.repository.vault, list_keys(subject.repository.backend)[0])
    return msgspec.structs.asdict(body)


TABLE = ["pack", "offset", "stored", "plain", "base"]


@many
@given(
    cells=st.lists(st.tuples(st.sampled_from(TABLE), st.integers(0, 3), CELLS), max_size=3),
    whole=st.dictionaries(st.sampled_from([*TABLE, "digests"]), columns, max_size=1),
    packs=st.none() | ids,
)
@example(cells=[("base", 0, 99)], whole={}, packs=None)
@pytest.mark.parametrize("subject", ["plain"], indirect=True)
def test_block_tables_that_are_nearly_sound(
    subject: Subject, cells: list[tuple[str, int, int]], whole: dict[str, bytes], packs: bytes | None
) -> None:
    """Most cells are right, so that what is wrong with one is met in all depth."""
    body = sound_body(subject)
    for name, row, cell in cells:
        body[name] = body[name][: 4 * row] + pack_u32([cell]) + body[name][4 * row + 4 :]
    body |= whole if packs is None else {**whole, "packs": packs}
    sizes = [file.size for file in body["files"]]
    outlive(subject, {KEY: record({**header([]), "files": len(sizes), "size": sum(sizes)}, body, version=2)})


@many
@given(files=FILES, folders=FOLDERS)
@example(files=[("../x", 0, 0o644, 0, b"")], folders=[])
@example(files=[], folders=[("../x", 0o755)])
@pytest.mark.parametrize("subject", ["plain"], indirect=True)
def test_any_files_and_folders(subject: Subject, files: list[Any], folders: list[Any]) -> None:
    """Where all else is right, so that it is the entries that are refused."""
    body = sound_body(subject)
    body["files"], body["folders"] = files, folders
    size = sum(file[1] for file in files if isinstance(file, tuple))
    head = {**header([]), "files": len(files), "size": size if -(2**63) <= size < 2**64 else 0}
    outlive(subject, {KEY: record(head, body, version=2)})


MOVES = ["old_pack", "old_offset", "new_pack", "new_offset"]
EVENTS = st.fixed_dictionaries(
    {"id": st.text(max_size=5), "time": numbers, "snapshot": st.none() | st.text(max_size=5) | st.just(ID)},
    optional={"name": st.none() | st.text(max_size=5), "add": st.lists(st.text(max_size=5)), "remove": anything},
)
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "moves": {"packs": ids} | dict.fromkeys(MOVES, columns),
    "marks": {"packs": ids, "grace": st.floats() | numbers},
    "labels": {"events": st.lists(EVENTS | anything, max_size=4)},
    "catalogue": {
        "headers": st.lists(numbers.map(lambda n: {**header([]), "time": n, "size": n}) | anything, max_size=3)
    },
    "partial": {
        "table": st.fixed_dictionaries(
            {"files": FILES, "folders": FOLDERS, "packs": ids}
            | dict.fromkeys(["digests", "pack", "offset", "stored", "plain", "base"], columns)
        )
    },
}
moved = st.lists(st.tuples(*[st.integers(0, 2) | CELLS] * 4), max_size=3).map(
    lambda rows: {name: pack_u32([row[i] for row in rows]) for i, name in enumerate(MOVES)}
)
FIELDS["doomed"] = FIELDS["marks"]
EMPTY = dict.fromkeys(["packs", "digests", "pack", "offset", "stored", "plain", "base"], b"")
SOUND: dict[str, dict[str, Any]] = {
    "moves": {"packs": b""} | dict.fromkeys(MOVES, b""),
    "marks": {"packs": b"", "grace": 0.0},
    "doomed": {"packs": bytes(16), "grace": 10**10},
    "claims": {},
    "labels": {"events": [{"id": "", "time": 0, "snapshot": None}]},
    "catalogue": {"headers": [header([])]},
    "partial": {"table": {"files": [], "folders": [], **EMPTY}},
    "unheardof": {"of": ["anything"]},
}


@many
@given(st.data())
@pytest.mark.parametrize("subject", ["plain"], indirect=True)
def test_index_records_that_are_nearly_sound(subject: Subject, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(FIELDS)))
    body = dict(SOUND[kind])
    if kind == "moves":
        there = b"".join(bytes.fromhex(key.rpartition("/")[2]) for key in subject.of("packs/"))
        body = {"packs": there, **data.draw(moved)}
    body |= data.draw(st.fixed_dictionaries({}, optional=FIELDS[kind]))
    outlive(subject, {index_key(kind): index_record(kind, body)})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def checked(fields: dict[str, Any]) -> bytes:
    return msgspec.json.encode({**fields, "check": check_json(fields)})


@many
@given(st.data())
def test_settings_under_a_right_checksum(subject: Subject, data: st.DataObject) -> None:
    fields = msgspec.json.decode(subject.stored[REPOSITORY_KEY])
    fields |= data.draw(st.dictionaries(st.sampled_from(sorted(fields)) | st.text(max_size=3), json_values, max_size=3))
    opened(subject, {REPOSITORY_KEY: checked(fields)})


WRAPPING = st.dictionaries(
    st.sampled_from(["method", "salt", "n", "r", "p", "service"]),
    json_values | st.sampled_from(["scrypt", "hkdf-sha256", "service", "00", 2**15, 2**40, -1, 0, 3, "2", 8.0]),
)


@many
@given(st.data())
@example(data=None)
@pytest.mark.parametrize("subject", ["encrypted"], indirect=True)
def test_key_objects_under_a_right_checksum(subject: Subject, data: st.DataObject | None) -> None:
    """The sound one is untouched, so the repository opens all the same."""
    (key,) = subject.of(KEYS)
    fields = {**msgspec.json.decode(subject.stored[key]), "id": "0" * 32}
    if data:
        fields |= data.draw(
            st.fixed_dictionaries({}, optional={"wrapping": WRAPPING, "wrapped": st.binary().map(bytes.hex)})
        )
        fields |= data.draw(st.dictionaries(st.sampled_from(sorted(fields)), json_values, max_size=1))
    found = opened(subject, {f"{KEYS}{'0' * 32}": checked(fields)})
    assert isinstance(found, Repository)


@many
@given(
    secret=st.sampled_from(["a password", b"another", bytes(32)]),
    method=st.sampled_from(["scrypt", "hkdf-sha256", "service", "unheardof"]),
    salt=st.just("00" * 16) | json_values,
    cost=st.lists(st.sampled_from([0, 1, 2, 3, 16, -1, 2**24, 2**62, 2**80, "2", 2.5, 1e300, None]), max_size=3),
    wrapped=st.binary(max_size=80),
)
@example(secret="a password", method="scrypt", salt="00" * 16, cost=[2**30, 8, 1], wrapped=bytes(60))
def test_any_wrapping_gives_nothing(
    secret: str | bytes, method: str, salt: object, cost: list[object], wrapped: bytes
) -> None:
    """It is tried with whatever key people hold, and must not keep one busy."""
    wrapping = {"method": method, "salt": salt, **dict(zip("nrp", cost, strict=False))}
    assert unwrap(secret, wrapping, wrapped, "f" * 32) is None


COSTLY = [
    b'{"later":' + b"[" * 200_000 + b"]" * 200_000 + b",",
    b'{"later":[' + b"{}," * 3_000_000 + b"{}],",
    b'{"later":' + b"9" * 5000 + b",",
    b'{"later":"\\ud800",',
]


@pytest.mark.parametrize("subject", ["encrypted"], indirect=True)
@pytest.mark.parametrize("key", [REPOSITORY_KEY, f"{KEYS}{'0' * 32}"])
@pytest.mark.parametrize("begin", COSTLY, ids=range(len(COSTLY)))
def test_json_that_only_costs(begin: bytes, key: str, subject: Subject) -> None:
    """Deep, or of millions of small things: each would take much more memory than it has bytes."""
    sound = next(subject.stored[each] for each in subject.of(key[:5]))
    found = opened(subject, {key: begin + sound.lstrip(b"{ ")})
    assert isinstance(found, CorruptionError) == (key == REPOSITORY_KEY)
