"""What stands in an entry of the write log: operations, as chromadb's server object receives them, vectors computed.

A collection is meant by its name: its id differs between replicas. Vectors are raw float32. The layout, MessagePack, is
told in docs/format.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import metadata
from typing import Any, NamedTuple

import msgspec

from thoth_storage.errors import CorruptionError, FormatError

__all__ = [
    "Creation",
    "Deletion",
    "Modification",
    "Operation",
    "Rows",
    "State",
    "Told",
    "decode",
    "encode",
    "pack",
    "tell",
]

VERSION = 1
"""The newest version of operations that this code knows. One more kind of operation, or field, is another version."""
_SPARSE, _LARGE = 1, 2
"""MessagePack's extension types for a sparse vector, and for an integer of more than 64 bits, among metadata."""


class Operation(msgspec.Struct, frozen=True, array_like=True):
    """``arguments`` is the packed struct of its ``kind``. Names that a kind has no use for are empty."""

    kind: str
    tenant: str
    database: str
    collection: str
    arguments: bytes

    @property
    def target(self) -> tuple[str, str, str]:
        """Which collection is meant, as chromadb takes it."""
        return self.collection, self.tenant, self.database


class Rows(msgspec.Struct, frozen=True, array_like=True):
    """Columns of equal length; ``embeddings`` are float32, little-endian, one string of bytes a row."""

    ids: list[str]
    embeddings: list[bytes] | None
    metadatas: list[dict[str, Any] | None] | None
    documents: list[str | None] | None
    uris: list[str | None] | None


class Deletion(msgspec.Struct, frozen=True, array_like=True):
    ids: list[str] | None
    where: dict[str, Any] | None
    where_document: dict[str, Any] | None
    limit: int | None


class Creation(msgspec.Struct, frozen=True, array_like=True):
    """``configuration`` and ``schema`` are the JSON that chromadb makes of them."""

    configuration: str | None
    schema: str | None
    metadata: dict[str, Any] | None
    get_or_create: bool


class Modification(msgspec.Struct, frozen=True, array_like=True):
    name: str | None
    metadata: dict[str, Any] | None
    configuration: str | None


class State(msgspec.Struct, frozen=True, array_like=True):
    """From here on, the state is that of a snapshot."""

    snapshot: str


_KINDS: dict[str, Any] = {
    **dict.fromkeys(("add", "upsert", "update"), Rows),
    "delete": Deletion,
    "create_collection": Creation,
    "modify_collection": Modification,
    "state": State,
    **dict.fromkeys(("delete_collection", "create_database", "delete_database", "create_tenant", "reset"), None),
}


class Told(NamedTuple):
    """An operation with its arguments taken out; None for a kind that has none."""

    operation: Operation
    arguments: Rows | Deletion | Creation | Modification | State | None

    @property
    def rows(self) -> int:
        """How many an add, upsert or update has; none for other kinds."""
        return len(self.arguments.ids) if isinstance(self.arguments, Rows) else 0

    @property
    def size(self) -> int:
        """Bytes of their vectors and documents."""
        if not isinstance(self.arguments, Rows):
            return 0
        vectors, documents = self.arguments.embeddings or (), self.arguments.documents or ()
        return sum(len(each) for each in vectors) + sum(len(each) for each in documents if each)


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    """``chromadb`` is the writer's release."""

    version: int
    chromadb: str
    operations: list[Operation]


def pack(arguments: Any) -> bytes:
    """Raises TypeError, ValueError or OverflowError for a value that Chroma has no use for either."""
    if isinstance(arguments, Rows) and arguments.metadatas:
        arguments = msgspec.structs.replace(arguments, metadatas=[_with_sparse(each) for each in arguments.metadatas])
    elif isinstance(arguments, Creation | Modification):
        arguments = msgspec.structs.replace(arguments, metadata=_with_sparse(arguments.metadata))
    try:
        return msgspec.msgpack.encode(arguments, enc_hook=_plain)
    except OverflowError:
        fields = [_with_large(getattr(arguments, name)) for name in arguments.__struct_fields__]
        return msgspec.msgpack.encode(fields, enc_hook=_plain)


def tell(operation: Operation) -> Told:
    """Raises CorruptionError for a kind that version 1 has not, and for arguments that are none of its kind."""
    if operation.kind not in _KINDS:
        raise CorruptionError(f"the log has an operation {operation.kind!r:.40}, which its version does not know")
    try:
        arguments = msgspec.msgpack.decode(operation.arguments, type=_KINDS[operation.kind], ext_hook=_extension)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise CorruptionError(f"the arguments of {operation.kind!r:.40} in the log cannot be read: {error}") from error
    return Told(operation, arguments)


def encode(operations: Sequence[Operation]) -> bytes:
    """The payload of an entry."""
    return msgspec.msgpack.encode(_Entry(VERSION, _installed(), list(operations)))


def decode(payload: bytes, *, url: str, sequence: int) -> list[Told]:
    """Raises FormatError for what a newer release wrote, of this package or of chromadb; CorruptionError."""
    where = f"log entry {sequence}"
    try:
        version, chromadb, *_ = msgspec.msgpack.decode(payload, type=tuple[int, str, msgspec.Raw])
        if version > VERSION:
            raise FormatError(
                f"{where} has operations of version {version}; this program knows up to {VERSION}",
                url=url,
                hint="upgrade thoth-storage",
            )
        ours = _installed()
        if _release(chromadb) > _release(ours):
            raise FormatError(
                f"{where} was written with chromadb {chromadb}; this program has {ours}, which may apply it otherwise",
                url=url,
                hint=f"pip install --upgrade 'chromadb>={chromadb}'",
            )
        return [tell(each) for each in msgspec.msgpack.decode(payload, type=_Entry).operations]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise CorruptionError(f"the operations of {where} cannot be read: {error}", url=url) from error


@cache
def _installed() -> str:
    return metadata.version("chromadb")


def _release(version: str) -> tuple[int, ...]:
    """The first two numbers: releases that differ in the third only store rows alike."""
    numbers: list[int] = []
    for part in version.split(".")[:2]:
        if not part.isdecimal():
            raise ValueError(f"{version!r:.40} is no release of chromadb")
        numbers.append(int(part))
    return tuple(numbers)


def _plain(value: object) -> object:
    """Kin of numbers and strings as what they are (numpy's, enumerations)."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Iterable) and hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be stored")


def _with_sparse(metadata: Any) -> Any:
    """The same with sparse vectors as extensions. A dataclass is no more than a map to MessagePack, and would come back
    as a value that Chroma refuses."""
    from chromadb.base_types import SparseVector

    if not isinstance(metadata, dict) or not any(isinstance(each, SparseVector) for each in metadata.values()):
        return metadata
    told = dict(metadata)
    for key, each in metadata.items():
        if isinstance(each, SparseVector):
            parts = (each.indices, each.values, each.labels)
            told[key] = msgspec.msgpack.Ext(_SPARSE, msgspec.msgpack.encode(parts, enc_hook=_plain))
    return told


def _with_large(value: Any) -> Any:
    """The same with integers that MessagePack has not as extensions. Chroma takes them, and stores something else."""
    if isinstance(value, dict):
        return {key: _with_large(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_large(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return msgspec.msgpack.Ext(_LARGE, str(value).encode())
    return value


def _extension(code: int, data: memoryview) -> object:
    from chromadb.base_types import SparseVector

    if code == _LARGE:
        return int(bytes(data))
    if code != _SPARSE:
        raise ValueError(f"extension {code} is not known")
    return SparseVector(*msgspec.msgpack.decode(data, type=tuple[list[int], list[float], list[str] | None]))
