"""A snapshot again, with its damaged blocks where they are sound, or without the files that are lost.

A snapshot never changes, so a new one takes the place of the damaged: with the same content, time, name and tags, and
an id of its own. The id follows from what it holds, so that a repair which is begun again after a kill finds what it
had made, and two repairs at once make the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from thoth_storage.repository.columns import pack_u32
from thoth_storage.repository.gathered import Taken
from thoth_storage.repository.index import program
from thoth_storage.repository.labels import LAST_TIME, Event, Labels
from thoth_storage.repository.layout import SnapshotKey, new_id
from thoth_storage.repository.manifest import Block, Body, FileEntry, Header, to_body
from thoth_storage.repository.vault import Vault

__all__ = ["REPAIRED", "relabelled", "rewrite"]

REPAIRED = "repaired"
"""The tag of a snapshot that lacks files."""


def rewrite(
    vault: Vault,
    taken: Taken,
    healed: Mapping[Block, Block],
    lost: Collection[int],
    taken_ids: Collection[str],
    parent: str | None,
) -> tuple[SnapshotKey, Header, Body]:
    """The snapshot without the files of the numbers ``lost``; ``healed``: what to put in the place of blocks. An id
    among ``taken_ids`` is not given again."""
    rows: dict[int, int] = {}
    files: list[FileEntry] = []
    for number, file in enumerate(taken.body.files):
        if number not in lost:
            mine = [rows.setdefault(row, len(rows)) for row in taken.rows[number]]
            files.append(msgspec.structs.replace(file, blocks=pack_u32(mine)))
    blocks = [taken.blocks[row] for row in rows]
    now = [healed.get(block, block) for block in blocks]
    # Without all of its files it is not what its maker told of.
    contents = b"" if lost else taken.body.contents
    body = to_body(files, taken.body.folders, now, mode=taken.body.mode, contents=contents)
    old = taken.header
    key = _key(vault, taken.key, files, body.digests, taken_ids)
    header = msgspec.structs.replace(
        old,
        id=key.id,
        files=len(files),
        size=sum(file.size for file in files),
        tags=tuple(dict.fromkeys([*old.tags, REPAIRED])) if lost else old.tags,
        parent=parent,
        program=program(),
        # Without all of its files it is no checkpoint that a write log could go on from.
        position=None if lost else old.position,
    )
    return key, header, body


def relabelled(labels: Labels, old: str, new: str) -> list[Event]:
    """The events that let the names and tags which were given to ``old`` mean ``new``; none where they do already."""
    names = labels.names(old)
    given = [(name, labels.given(name)) for name in names]
    events = [Event(new_id(), min(event.time + 1, LAST_TIME), new, name=name) for name, event in given if event]
    tagged = [event for event in labels.events if event.name is None]
    if not any(event.snapshot == new for event in tagged):
        events += [
            Event(new_id(), event.time, new, add=event.add, remove=event.remove)
            for event in tagged
            if event.snapshot == old
        ]
    return events


def _key(
    vault: Vault, old: SnapshotKey, files: list[FileEntry], digests: bytes, taken_ids: Collection[str]
) -> SnapshotKey:
    number = 0
    while True:
        what = msgspec.msgpack.encode([old.id, number, files, digests])
        found = vault.cipher.name(what)[:16].hex()
        if found not in taken_ids:
            return SnapshotKey(old.key.removesuffix(old.id) + found, old.time, found)
        number += 1
