"""Reads blocks back: neighbours in a pack by one range request, several requests at once, each block checked."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from thoth_storage.backend import Backend
from thoth_storage.errors import CorruptionError, FormatError, NotFoundError, StorageError
from thoth_storage.repository.blocks import open_frame
from thoth_storage.repository.layout import pack_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.packs import check_pack_header

__all__ = ["Fetched", "fetch"]

_RANGE = 4 * 1024 * 1024
"""Bytes in the longest range request: eight of them in flight stay far below 100 MiB."""
_GAP = 512 * 1024
"""Bytes of other blocks that are read along rather than pay for another request: two blocks. Measured on a store of
three backups at 30 ms a request: 110 requests and 187 MiB, where 64 KiB took 163 and 173 (benchmarks)."""
_REQUESTS = 8


class Fetched(NamedTuple):
    """What became of one block: whatever ``use`` gave, or the error that says which object is damaged."""

    block: Block
    error: StorageError | None


class _Run(NamedTuple):
    pack: str
    start: int
    end: int
    blocks: list[Block]


def fetch(
    backend: Backend, blocks: Iterable[Block], use: Callable[[Block, bytes | memoryview], None]
) -> Generator[Fetched]:
    """Read every block and give its plain bytes to ``use``, on several threads; yields a result for each.

    A block that is damaged or missing is reported and the others go on: the caller decides whether to stop. Any other
    failure (no permission, service away, ``use`` itself) is raised. Who stops early closes the generator, which
    waits for the requests under way.
    """
    with ThreadPoolExecutor(_REQUESTS, thread_name_prefix="thoth-fetch") as pool:
        ahead: deque[Future[list[Fetched]]] = deque()
        try:
            for run in _runs(blocks):
                ahead.append(pool.submit(_read, backend, run, use))
                if len(ahead) > _REQUESTS:
                    yield from ahead.popleft().result()
            while ahead:
                yield from ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _runs(blocks: Iterable[Block]) -> Iterator[_Run]:
    by_pack: dict[str, list[Block]] = defaultdict(list)
    for block in blocks:
        by_pack[block.pack].append(block)
    for pack, mine in by_pack.items():
        mine.sort(key=lambda block: block.offset)
        # What is near the pack's begin is read with it, so that its header is checked at no cost.
        start, end = mine[0].offset if mine[0].offset > _GAP else 0, mine[0].offset
        run: list[Block] = []
        for block in mine:
            if run and (block.offset - end > _GAP or block.offset + block.stored - start > _RANGE):
                yield _Run(pack, start, end, run)
                start, end, run = block.offset, 0, []
            run.append(block)
            end = max(end, block.offset + block.stored)
        yield _Run(pack, start, end, run)


def _read(backend: Backend, run: _Run, use: Callable[[Block, bytes | memoryview], None]) -> list[Fetched]:
    key = pack_key(run.pack)
    try:
        data = memoryview(backend.get(key, run.start, run.end))
        if run.start == 0:
            check_pack_header(data, url=backend.url, key=key)
    except NotFoundError as error:
        gone = CorruptionError("a pack is missing", url=backend.url, key=key)
        gone.__cause__ = error
        return [Fetched(block, gone) for block in run.blocks]
    except (CorruptionError, FormatError) as error:
        return [Fetched(block, error) for block in run.blocks]
    results = []
    for block in run.blocks:
        begin = block.offset - run.start
        try:
            plain = open_frame(data[begin : begin + block.stored], block.digest, block.plain, url=backend.url, key=key)
        except CorruptionError as error:
            results.append(Fetched(block, error))
            continue
        use(block, plain)
        results.append(Fetched(block, None))
    return results
