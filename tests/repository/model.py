"""What the random work of the machine is held against: snapshots, their names and tags, as they were asked for.

It shares no code with the package. It learns ids and times from what the verbs give back, and all else from what
they were called with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from thoth_storage.repository.reports import Snapshot

__all__ = ["Image", "Model"]


@dataclass
class Image:
    """One snapshot: what it must give back, and what it must tell."""

    id: str
    time: datetime
    contents: dict[str, bytes]
    name: str | None
    tags: list[str]


class Model:
    """All snapshots by id, and of each name what it was given to last, with those that were there before that."""

    def __init__(self) -> None:
        self.images: dict[str, Image] = {}
        self.given: dict[str, tuple[str | None, set[str]]] = {}

    def made(self, snapshot: Snapshot, contents: dict[str, bytes], name: str | None, tags: Iterable[str]) -> None:
        assert snapshot.id not in self.images
        self.images[snapshot.id] = Image(snapshot.id, snapshot.time, dict(contents), name, list(dict.fromkeys(tags)))

    def gone(self, ids: Iterable[str]) -> None:
        for id_ in ids:
            del self.images[id_]

    def named(self, name: str, id_: str | None) -> None:
        self.given[name] = (id_, set(self.images))

    def tagged(self, id_: str, add: Collection[str], remove: Collection[str]) -> None:
        tags = [tag for tag in self.images[id_].tags if tag not in remove]
        self.images[id_].tags = tags + [tag for tag in add if tag not in tags]

    @property
    def newest_first(self) -> list[Image]:
        return sorted(self.images.values(), key=lambda image: (image.time, image.id), reverse=True)

    def pick(self, number: int) -> Image | None:
        """One of them, or None where there is none. Not drawn from: what is drawn must not depend on threads."""
        images = self.newest_first
        return images[number % len(images)] if images else None

    def names(self, id_: str) -> tuple[str, ...]:
        """The names that were given to it, and to nothing since."""
        return tuple(sorted(name for name, (given, _) in self.given.items() if given == id_))

    def meaning(self, name: str) -> str | None:
        """The snapshot that a name means: what it was given to, or one that was made with it later."""
        given, before = self.given.get(name, (None, set()))
        born = [image.id for image in self.newest_first if image.name == name]
        if given in self.images and not [id_ for id_ in born if id_ not in before]:
            return given
        return born[0] if born else None

    def relied_on(self, id_: str) -> bool:
        """Whether a name that was given to it still means it."""
        return any(self.meaning(name) == id_ for name in self.names(id_))

    def kept(self, last: int, daily: int, tags: Collection[str]) -> set[str]:
        """What a policy keeps."""
        images = self.newest_first
        days: dict[str, str] = {}
        for image in images:
            days.setdefault(image.time.strftime("%Y-%m-%d"), image.id)
        kept = {image.id for image in images[:last]} | set(list(days.values())[:daily])
        kept |= {image.id for image in images if not set(tags).isdisjoint(image.tags)}
        return kept | {image.id for image in images if self.relied_on(image.id)}
