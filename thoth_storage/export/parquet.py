"""Parts of an export as Parquet: the only place that knows pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from thoth_storage.errors import ConfigurationError, CorruptionError
from thoth_storage.export.columns import REST, Column, joined, rest_of, values_of
from thoth_storage.store.portable import Batch, CollectionInfo, Sparse

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Header", "PartWriter", "check_installed", "read_part"]

_META = b"thoth_storage"
_GROUP = 8 * 2**20
"""Bytes of rows, uncompressed, that make a row group."""
_ROWS = 1000
"""Rows of a batch that is read."""


class Header(msgspec.Struct, frozen=True):
    """What a collection is, as it stands in the metadata of each part's schema."""

    version: int
    name: str
    metadata: dict[str, Any] | None
    configuration: dict[str, Any]
    schema: dict[str, Any] | None
    dimension: int | None
    columns: list[Column]

    @classmethod
    def of(cls, info: CollectionInfo, columns: list[Column], version: int) -> Header:
        return cls(version, info.name, info.metadata, info.configuration, info.schema, info.dimension, columns)

    def info(self, rows: int) -> CollectionInfo:
        return CollectionInfo(self.name, self.metadata, self.configuration, self.schema, self.dimension, rows)


def check_installed() -> None:
    """Raises ConfigurationError where pyarrow is missing."""
    try:
        import pyarrow.parquet  # noqa: F401 - to see whether it can be
    except ImportError as error:
        raise ConfigurationError(
            "exports as Parquet need pyarrow, which is not installed", hint="pip install thoth-storage[export]"
        ) from error


class PartWriter:
    """One file, in memory. ``size`` is what it takes so far; ``rows`` are those that were added."""

    def __init__(self, header: Header) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self._header = header
        self._kinds = {each.key: each.kind for each in header.columns}
        self._schema = _schema(header)
        self._sink = pa.BufferOutputStream()
        texts = [each.column for each in header.columns if each.kind == "string"]
        self._writer = parquet.ParquetWriter(
            self._sink, self._schema, compression="zstd", use_dictionary=texts, write_page_checksum=True
        )
        self._waiting: list[pa.RecordBatch] = []
        self.rows = 0

    @property
    def size(self) -> int:
        waiting = sum(int(each.nbytes) for each in self._waiting)
        return waiting + int(self._sink.tell())

    def add(self, batch: Batch) -> None:
        import pyarrow as pa

        arrays = [
            pa.array(batch.ids, pa.string()),
            _vectors(batch.embeddings, self._schema.field("embedding").type),
            pa.array(batch.documents, pa.string()),
            pa.array(batch.uris, pa.string()),
        ]
        for column in self._header.columns:
            kind = self._schema.field(column.column).type
            arrays.append(pa.array([_plain(each) for each in values_of(column, batch.metadatas)], kind))
        arrays.append(pa.array([rest_of(self._kinds, each) for each in batch.metadatas], pa.string()))
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self.rows += len(batch.ids)
        if sum(each.nbytes for each in self._waiting) >= _GROUP:
            self._flush()

    def finish(self) -> bytes:
        """The file."""
        self._flush()
        self._writer.close()
        return bytes(memoryview(self._sink.getvalue()))

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
            self._waiting.clear()


def read_part(data: bytes) -> tuple[Header, int, Iterator[Batch]]:
    """What the collection is, how many rows the part has, and these. Raises CorruptionError, here and on the way."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        header = msgspec.json.decode((file.schema_arrow.metadata or {})[_META], type=Header)
        expected = _schema(header)
    except (pa.ArrowException, msgspec.MsgspecError, OSError, KeyError, ValueError, OverflowError) as error:
        raise CorruptionError(f"the part cannot be read: {error}") from error
    if not file.schema_arrow.equals(expected):
        raise CorruptionError("the columns of the part are not those that its header tells")
    return header, file.metadata.num_rows, _batches(file, header)


def _batches(file: Any, header: Header) -> Iterator[Batch]:
    import pyarrow as pa

    try:
        for batch in file.iter_batches(_ROWS):
            yield _rows(batch, header)
    except (pa.ArrowException, OSError, ValueError, UnicodeDecodeError) as error:
        raise CorruptionError(f"the part cannot be read: {error}") from error


def _rows(batch: Any, header: Header) -> Batch:
    count, vectors = batch.num_rows, batch.column("embedding")
    numbers = vectors.flatten()
    width = header.dimension or (len(numbers) // count if count else 0)
    if batch.column("id").null_count or vectors.null_count or numbers.null_count or len(numbers) != count * width:
        raise CorruptionError("the part has rows without an id or without a whole vector")
    columns = [(each, batch.column(each.column).to_pylist()) for each in header.columns]
    rest = batch.column(REST).to_pylist()
    return Batch(
        batch.column("id").to_pylist(),
        numbers.to_numpy(zero_copy_only=False).reshape(count, width),
        batch.column("document").to_pylist(),
        batch.column("uri").to_pylist(),
        [
            joined(
                {each.key: _own(each, values[row]) for each, values in columns if values[row] is not None}, rest[row]
            )
            for row in range(count)
        ],
    )


def _schema(header: Header) -> Any:
    """Raises ValueError for a column of a kind that there is not, or for two of one name."""
    import pyarrow as pa

    numbers = pa.list_(pa.float32(), header.dimension) if header.dimension else pa.list_(pa.float32())
    types = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "string": pa.string()}
    types |= {f"{name}s": pa.list_(kind) for name, kind in list(types.items())}
    sparse = [("indices", pa.list_(pa.int64())), ("values", pa.list_(pa.float64())), ("labels", pa.list_(pa.string()))]
    types["sparse"] = pa.struct(sparse)
    fields = [
        pa.field("id", pa.string(), nullable=False),
        pa.field("embedding", numbers, nullable=False),
        pa.field("document", pa.string()),
        pa.field("uri", pa.string()),
    ]
    names = {each.name for each in fields} | {REST}
    for column in header.columns:
        if column.kind not in types or column.column in names:
            raise ValueError(f"a column {column.column!r:.80} of kind {column.kind!r:.40} is not to be")
        names.add(column.column)
        fields.append(pa.field(column.column, types[column.kind]))
    fields.append(pa.field(REST, pa.string()))
    return pa.schema(fields, metadata={_META: msgspec.json.encode(header)})


def _vectors(embeddings: Any, kind: Any) -> Any:
    import pyarrow as pa

    numbers = pa.array(np.ascontiguousarray(embeddings, dtype=np.float32).ravel(), pa.float32())
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(numbers, type=kind)
    rows, width = embeddings.shape
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * width, pa.int32())
    return pa.ListArray.from_arrays(offsets, numbers, type=kind)


def _plain(value: Any) -> Any:
    return value._asdict() if isinstance(value, Sparse) else value


def _own(column: Column, value: Any) -> Any:
    return Sparse(value["indices"], value["values"], value["labels"]) if column.kind == "sparse" else value
