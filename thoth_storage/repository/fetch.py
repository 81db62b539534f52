"""Reads blocks back: neighbours in a pack by one range request, several requests at once, each block checked.

A delta is undone on the way. Work goes by full blocks: what stands on one, and what stands on that, is read just before
it, in few ranges since a backup packs its deltas in the order of its files, and is applied while the full block is
at hand. So each frame is read and unpacked once, whatever number of snapshots stand on it, and memory stays flat.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from typing import NamedTuple

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError, StorageError
from thoth_storage.repository.blocks import Frame, parse_frame
from thoth_storage.repository.deltas import apply_delta
from thoth_storage.repository.layout import pack_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.packs import check_pack_header
from thoth_storage.repository.ranges import Batch, Node, Range, batches
from thoth_storage.repository.vault import Vault
from thoth_storage.telemetry import ThreadPool

__all__ = ["Fetched", "Use", "UseFrame", "fetch", "fetch_frames", "read_frames"]

Use = Callable[[Block, bytes | memoryview], None]
"""What to do with a block; one that was asked for by its place alone comes with its digest."""
UseFrame = Callable[[Block, Frame, bytes | memoryview], None]
"""The same, for who also needs what was stored, decrypted: a copy stores that again."""


class Fetched(NamedTuple):
    """What became of one block: whatever ``use`` gave, or the error that says which object is damaged."""

    block: Block
    error: StorageError | None


_Frames = dict[tuple[str, int], memoryview | StorageError]
"""Frames as they are stored, by place; or the error that keeps one from being read."""


class _Link(NamedTuple):
    """A block that was unpacked, for what stands on it."""

    block: Block
    frame: Frame
    data: bytes | memoryview


def fetch(vault: Vault, blocks: Iterable[Block], use: Use) -> Generator[Fetched]:
    """Read every block and give its plain bytes to ``use``, on several threads; yields a result for each.

    A block that is damaged or missing is reported and the others go on: the caller decides whether to stop. Any other
    failure (no permission, service away, ``use`` itself) is raised. Who stops early closes the generator, which
    waits for the requests under way.
    """
    return fetch_frames(vault, blocks, lambda block, _, plain: use(block, plain))


def fetch_frames(vault: Vault, blocks: Iterable[Block], use: UseFrame) -> Generator[Fetched]:
    """The same with the frames. What a delta stands on comes before it, on the same thread, if both are asked for."""
    with ThreadPool(vault.downloads, thread_name_prefix="thoth-fetch") as pool:
        ahead: deque[Future[list[Fetched]]] = deque()
        try:
            for batch in batches(blocks):
                for job in _jobs(pool, vault, batch, use):
                    ahead.append(job)
                    if len(ahead) > vault.downloads:
                        yield from ahead.popleft().result()
            while ahead:
                yield from ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _jobs(pool: ThreadPool, vault: Vault, batch: Batch, use: UseFrame) -> Iterator[Future[list[Fetched]]]:
    # Those that are waited for are begun before those that wait: the pool cannot come to a standstill.
    links = [pool.submit(read_frames, vault, each) for each in batch.links]
    for each in batch.roots:
        yield pool.submit(_work, vault, each, links, use)


def read_frames(vault: Vault, run: Range) -> _Frames:
    """The frames in one range by place; what keeps one from being read in its stead."""
    key = pack_key(run.pack)
    try:
        data = memoryview(vault.backend.get(key, run.start, run.end))
        if run.start == 0:
            check_pack_header(data, url=vault.url, key=key)
    except NotFoundError as error:
        gone = CorruptionError("a pack is missing", url=vault.url, key=key)
        gone.__cause__ = error
        return {node.block.place: gone for node in run.nodes}
    except (CorruptionError, FormatError) as error:
        return {node.block.place: error for node in run.nodes}
    return {node.block.place: data[node.block.offset - run.start :] for node in run.nodes}


def _work(vault: Vault, run: Range, links: list[Future[_Frames]], use: UseFrame) -> list[Fetched]:
    frames = read_frames(vault, run)
    for link in links:
        frames |= link.result()
    results: list[Fetched] = []
    for node in run.nodes:
        _undo(vault, node, [], frames, use, results)
    return results


def _undo(vault: Vault, node: Node, below: list[_Link], frames: _Frames, use: UseFrame, results: list[Fetched]) -> None:
    """Unpack a frame, use it where it is wanted, and go on with what stands on it."""
    block = node.block
    try:
        found = frames[block.place]
        if isinstance(found, StorageError):
            raise found
        # Where manifests call one place by two names, both are right or wrong by themselves.
        names = {each.digest for each in node.wanted} or {block.digest}
        name = names.pop() if len(names) == 1 else b""
        link = _unpack(vault, block._replace(digest=name), found[: block.stored], below)
        if node.wanted:
            _check(vault, link, below)
    except (CorruptionError, FormatError) as error:
        _give_up(node, error, results)
        return
    for each in node.wanted:
        wanted = each if each.digest else each._replace(digest=link.frame.name)
        if wanted.digest != link.frame.name:
            other = CorruptionError(
                f"block {wanted.digest.hex()[:16]} is damaged: its frame is another block's",
                url=vault.url,
                key=pack_key(block.pack),
            )
            results.append(Fetched(wanted, other))
            continue
        use(wanted, link.frame, link.data)
        results.append(Fetched(wanted, None))
    for upper in node.upper:
        _undo(vault, upper, [*below, link], frames, use, results)


def _unpack(vault: Vault, block: Block, stored: memoryview, below: list[_Link]) -> _Link:
    key = pack_key(block.pack)
    frame = parse_frame(stored, vault.cipher, name=block.digest or None, plain=block.plain, url=vault.url, key=key)
    try:
        data = apply_delta(frame, below[-1].frame.name, below[-1].data) if below else frame.unpack()
    except ValueError as error:
        raise CorruptionError(f"block {frame.name.hex()[:16]} is damaged: {error}", url=vault.url, key=key) from error
    return _Link(block, frame, data)


def _check(vault: Vault, link: _Link, below: list[_Link]) -> None:
    """Whether a block has the bytes that its name promises. If not, the first that has not, of all that it stands on,
    is to blame: they are hashed only then, since checking the last one has checked all."""
    if len(link.data) == link.block.plain and vault.cipher.name(link.data) == link.frame.name:
        return
    blamed = next((each for each in below if vault.cipher.name(each.data) != each.frame.name), link)
    raise CorruptionError(
        f"block {blamed.frame.name.hex()[:16]} is damaged: its content fails the checksum",
        url=vault.url,
        key=pack_key(blamed.block.pack),
    )


def _give_up(node: Node, error: StorageError, results: list[Fetched]) -> None:
    results.extend(Fetched(wanted, error) for wanted in node.wanted)
    for upper in node.upper:
        _give_up(upper, error, results)
