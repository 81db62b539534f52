"""Nothing that was backed up can be read in the bucket of an encrypted repository, in any object of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import zstandard

from tests.repository.copies import KEYS, make
from tests.repository.pruning import forget_all_but
from tests.repository.stores import SMALL, objects
from tests.repository.trees import contents, noise, text, write_tree
from thoth_storage.errors import CorruptionError
from thoth_storage.repository import Repository, packs, partials, summaries
from thoth_storage.repository.layout import new_id
from thoth_storage.repository.marks import write_mark

WORDS = ("needle-in-a-path", "needle-in-a-name", "needle-in-a-tag", "needle-given-later", "needle-in-a-text")
BIG = noise(8 * SMALL)


@pytest.fixture
def everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Repository, Repository]:
    """The same history in an encrypted and in a plain repository: every kind of object is there."""
    monkeypatch.setattr(summaries, "_BEHIND", 1)
    monkeypatch.setattr(partials, "_EVERY", 1)
    monkeypatch.setattr(packs, "PACK_SIZE", SMALL)
    monkeypatch.setattr(partials.Notes, "remove", lambda _: None)  # as a writer that is killed leaves them
    both = make(KEYS[0]), make()
    for repository in both:
        history(repository, tmp_path / repository.id)
        kinds = {key.partition("-")[0] for key in objects(repository.backend, "index/")}
        assert kinds == {"index/labels", "index/catalogue", "index/partial", "index/moves", "index/marks"}
    return both


def history(repository: Repository, folder: Path) -> None:
    ids = []
    for number in range(4):
        changed = bytearray(BIG)
        changed[number * SMALL] ^= 255
        tree = {"needle-in-a-path": bytes(changed), "prose": text(3 * SMALL, "needle-in-a-text"), "x": noise(9, number)}
        write_tree(folder, tree | {f"more/{number}": noise(3 * SMALL, f"more {number}")})
        ids.append(repository.backup(folder, name="needle-in-a-name", tags=["needle-in-a-tag"]).id)
        for path in (folder / "more").iterdir():
            path.unlink()
    repository.set_name("needle-given-later", ids[-1])
    forget_all_but(repository, ids[0], ids[-1])
    repository.prune(grace=timedelta(0), max_unused=0)
    write_tree(folder, {"late": noise(6 * SMALL, "late")})
    repository.backup(folder, name="needle-in-a-name", tags=["needle-in-a-tag"])
    write_mark(repository.vault, [new_id()], timedelta(1))


def findings(repository: Repository) -> set[str]:
    """What of the words, and of the bytes of the big file, lies readable in any object, compressed or not."""
    pieces = {word: word.encode() for word in WORDS} | {"bytes": BIG[5 * SMALL : 5 * SMALL + 12]}
    found = set()
    for data in objects(repository.backend).values():
        for part in [data, *unpacked(data)]:
            found |= {name for name, piece in pieces.items() if piece in part}
    return found


def unpacked(data: bytes) -> Iterator[bytes]:
    """All zstd frames that begin anywhere in an object."""
    at = data.find(zstandard.FRAME_HEADER)
    while at >= 0:
        with suppress(zstandard.ZstdError):
            yield zstandard.ZstdDecompressor().decompress(data[at:], max_output_size=1 << 20, allow_extra_data=True)
        at = data.find(zstandard.FRAME_HEADER, at + 1)


def test_nothing_is_readable(everything: tuple[Repository, Repository]) -> None:
    encrypted, plain = everything
    assert findings(plain) == {*WORDS, "bytes"}  # else the search would prove nothing
    assert findings(encrypted) == set()


def test_what_is_hidden_comes_back(everything: tuple[Repository, Repository], tmp_path: Path) -> None:
    for repository in everything:
        assert repository.verify().ok
        assert len(repository.snapshots()) == 3
        snapshot = repository.get("needle-given-later")
        assert (snapshot.name, snapshot.tags) == ("needle-in-a-name", ("needle-in-a-tag",))
        repository.restore("needle-given-later", tmp_path / f"target of {repository.id}")
        found = contents(tmp_path / f"target of {repository.id}")
        assert found["prose"] == text(3 * SMALL, "needle-in-a-text")
        assert len(found) == 4


def test_equal_blocks_have_other_names_under_another_key(tmp_path: Path) -> None:
    """Else who knows a file could tell that it is stored."""
    source = write_tree(tmp_path / "source", {"a": noise(SMALL)})
    first, second, plain = make(KEYS[0]), make(KEYS[0]), make()
    names = set()
    for repository in (first, second, plain):
        assert repository.backup(source).added
        assert repository.backup(source).added == 0
        [pack] = objects(repository.backend, "packs/").values()
        names.add(pack[16:48])
    assert len(names) == 3


def test_nothing_is_sealed_twice_alike(tmp_path: Path) -> None:
    """Equal bytes stored anew look different: each is sealed with a nonce of its own."""
    repository = make(KEYS[0])
    source = write_tree(tmp_path / "source", {"a": noise(SMALL)})
    packs = []
    for _ in range(2):
        repository.backup(source)
        [pack] = objects(repository.backend, "packs/").values()
        packs.append(pack)
        repository.backend.delete(*objects(repository.backend, "packs/"), *objects(repository.backend, "snapshots/"))
    assert packs[0][:60] == packs[1][:60]  # the pack's header, and the frame's up to its checksum
    assert len(packs[0]) == len(packs[1])
    assert packs[0][64:] != packs[1][64:]


def test_objects_do_not_pass_for_each_other(tmp_path: Path) -> None:
    """Who can write the bucket cannot give one snapshot the content of another."""
    repository = make(KEYS[0])
    source = tmp_path / "source"
    made = [repository.backup(write_tree(source, {"a": noise(SMALL, number)})) for number in range(2)]
    old, new = sorted(objects(repository.backend, "snapshots/"))
    data = repository.backend.get(old)
    repository.backend.put(new, data)
    assert {problem.key for problem in repository.verify().problems} == {new}
    with pytest.raises(CorruptionError):
        repository.restore(made[1].id, tmp_path / "target")
    # Nor a body alone, of the same length, with checksums that are right.
    from blake3 import blake3

    repository.backend.put(old, data)
    again = repository.backup(write_tree(source, {"a": noise(SMALL, 0)}))
    key = max(objects(repository.backend, "snapshots/"))
    mine, other = repository.backend.get(key), data
    head = 88 + int.from_bytes(mine[12:16], "little")
    start = 88 + int.from_bytes(other[12:16], "little")
    if len(mine) - head == len(other) - start:
        body = other[start:]
        repository.backend.put(key, mine[:56] + blake3(body).digest() + mine[88:head] + body)
        with pytest.raises(CorruptionError, match="decrypted"):
            repository.restore(again.id, tmp_path / "target")
    else:
        pytest.fail("the bodies differ in length, and the test proves nothing")
