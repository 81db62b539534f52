"""A manifest is data from a stranger: whatever could write outside the target, or make the reader believe a length
that does not add up, is refused here, before a byte is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NoReturn

from thoth_storage.errors import CorruptionError
from thoth_storage.repository.blocks import FRAME_HEADER, MAX_FRAME, MAX_PLAIN
from thoth_storage.repository.manifest import NO_BASE, Block, Body, unpack_u32
from thoth_storage.repository.moves import NO_MOVES, Moves
from thoth_storage.repository.packs import PACK_HEADER_SIZE

__all__ = ["MAX_CHAIN", "MAX_PATH", "checked_blocks", "checked_files", "is_hostile"]

MAX_PATH = 4096
"""Bytes in the longest path, as on Linux. A longer one only serves to keep the reader busy."""

MAX_CHAIN = 16
"""Deltas above a full block that a reader accepts; a longer chain, or a circle, only serves to keep it busy."""


def checked_blocks(body: Body, *, url: str, key: str, moves: Moves = NO_MOVES) -> list[Block]:
    """The blocks of the files as rows, where ``moves`` says that they are now, with what they stand on. Raises
    CorruptionError where columns or numbers cannot be right."""

    def refuse(what: str) -> NoReturn:
        raise CorruptionError(f"the manifest is not sound: {what}", url=url, key=key)

    named, _ = _rows(body, refuse)
    digests = [body.digests[i : i + 32] for i in range(0, len(body.digests), 32)]
    if len(set(digests)) < named:
        refuse("two rows hold the same block")
    table = _Table(body, digests, moves, refuse)
    for row in range(len(table.rows)):
        table.build(row)
    return table.rows[:named]


class _Table:
    """Rows as they are built: each once, what it stands on before it. Those that nothing leads to are only checked."""

    def __init__(self, body: Body, digests: list[bytes], moves: Moves, refuse: Callable[[str], NoReturn]) -> None:
        columns = (body.pack, body.offset, body.stored, body.plain, body.base)
        self._pack, self._offset, self._stored, self._plain, self._base = map(unpack_u32, columns)
        self._packs = [body.packs[i : i + 16].hex() for i in range(0, len(body.packs), 16)]
        self._digests = digests
        self._moves = moves
        self._refuse = refuse
        self._depths = bytearray(len(self._pack))
        self._lengths: dict[int, int] = {}
        self.rows: list[Block] = [_UNBUILT] * len(self._pack)
        self._check()

    def build(self, row: int) -> None:
        """Make a row's block, and those that it stands on."""
        path = []
        while row != NO_BASE and self.rows[row] is _UNBUILT:
            path.append(row)
            row = self._base[row]
            if len(path) > MAX_CHAIN + 1:
                self._refuse(f"block {path[0]} stands on a chain of more than {MAX_CHAIN}")
        for upper in reversed(path):
            base = None if row == NO_BASE else self.rows[row]
            if base:
                self._depths[upper] = self._depths[row] + 1
            if self._depths[upper] > MAX_CHAIN:
                self._refuse(f"block {path[0]} stands on a chain of more than {MAX_CHAIN}")
            place = self._moves.place(self._packs[self._pack[upper]], self._offset[upper])
            digest = self._digests[upper] if upper < len(self._digests) else b""
            # Nearly all have one plain length: one number object for them, not one each.
            plain = self._lengths.setdefault(self._plain[upper], self._plain[upper])
            self.rows[upper] = Block(digest, *place, self._stored[upper], plain, base)
            row = upper

    def _check(self) -> None:
        count, packs = len(self._pack), len(self._packs)
        columns = zip(self._pack, self._offset, self._stored, self._plain, self._base, strict=True)
        for row, (pack, offset, stored, plain, base) in enumerate(columns):
            sound = pack < packs and offset >= PACK_HEADER_SIZE
            if not sound or not 0 < plain <= MAX_PLAIN or not FRAME_HEADER < stored <= MAX_FRAME:
                self._refuse(f"block {row} has impossible numbers")
            if base != NO_BASE and base >= count:
                self._refuse(f"block {row} stands on row {base} of {count}")


_UNBUILT = Block(b"", "", 0, 0, 0)


def _rows(body: Body, refuse: Callable[[str], NoReturn]) -> tuple[int, int]:
    """How many rows the table has: those of the files, and all. Every column has a cell for each."""
    named, rest = divmod(len(body.digests), 32)
    count = len(body.pack) // 4
    if rest or len(body.packs) % 16 or count < named:
        refuse("a column is cut off")
    if count > named * (MAX_CHAIN + 1):
        refuse(f"{count} rows for {named} blocks")
    for name in ("pack", "offset", "stored", "plain", "base"):
        if len(getattr(body, name)) != 4 * count:
            refuse(f"column {name} has {len(getattr(body, name))} bytes for {count} blocks")
    return named, count


def checked_files(body: Body, blocks: list[Block], *, url: str, key: str) -> list[list[int]]:
    """The rows of each file, in the order of the files. Raises CorruptionError for a path that leads elsewhere, or that
    two entries share, and for sizes that do not add up."""
    bad = _bad_path(body)
    if bad is not None:
        raise CorruptionError(f"the manifest is not sound: path {bad!r:.200}", url=url, key=key)
    every = []
    for file in body.files:
        rows = unpack_u32(file.blocks).tolist() if len(file.blocks) % 4 == 0 else [len(blocks)]
        if any(row >= len(blocks) for row in rows) or sum(blocks[row].plain for row in rows) != file.size:
            raise CorruptionError(
                f"the manifest is not sound: the blocks of {file.path!r:.200} do not make its {file.size} bytes",
                url=url,
                key=key,
            )
        every.append(rows)
    return every


def _bad_path(body: Body) -> str | None:
    folders = [folder.path for folder in body.folders]
    files = [file.path for file in body.files]
    paths = set(folders + files)
    if len(paths) < len(folders) + len(files):
        return next(path for path, count in Counter(folders + files).items() if count > 1)
    leaves = set(files)
    for path in paths:
        parts = path.split("/")
        if is_hostile(path) or any("/".join(parts[:depth]) in leaves for depth in range(1, len(parts))):
            return path
    return None


def is_hostile(path: str) -> bool:
    """Whether a path could lead outside its folder, or mean another file on another system."""
    try:
        length = len(path.encode())
    except UnicodeEncodeError:
        return True
    parts = path.split("/")
    return length > MAX_PATH or "\0" in path or "\\" in path or any(part in ("", ".", "..") for part in parts)
