"""A small repository with deltas to be damaged and mended, and what each of its snapshots holds."""

from __future__ import annotations

from pathlib import Path

from tests.repository.stores import SMALL, fresh_backend, objects, put_back
from tests.repository.trees import contents, noise, text, write_tree
from thoth_storage.backend import Backend
from thoth_storage.repository import Repository
from thoth_storage.repository.cipher import PLAIN, AesGcm, Cipher, check_of
from thoth_storage.repository.gathered import Gathered
from thoth_storage.repository.index import Index
from thoth_storage.repository.moves import load_moves
from thoth_storage.repository.records import list_keys
from thoth_storage.repository.settings import CIPHER, Encryption, create_settings, new_settings
from thoth_storage.repository.vault import Vault

__all__ = ["Wounded", "flip", "new_vault"]

KEY = bytes(range(32))


def flip(data: bytes, at: int | None = None) -> bytes:
    """One bit is another."""
    place = len(data) // 2 if at is None else at
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def new_vault(backend: Backend, *, encrypted: bool) -> Vault:
    """A repository with small blocks; encrypted, but for key objects, under a key that is always the same."""
    cipher: Cipher = AesGcm(KEY) if encrypted else PLAIN
    encryption = Encryption(CIPHER, check_of(KEY)) if encrypted else None
    return Vault(backend, cipher, create_settings(backend, new_settings(SMALL, encryption)))


class Wounded:
    """Three snapshots: the second has deltas against the first and a file of its own, the third deltas again."""

    def __init__(self, folder: Path, *, encrypted: bool) -> None:
        self.folder = folder
        self.source = folder / "source"
        self.archive = folder / "archive"  # where all states are, each in a folder
        vault = new_vault(fresh_backend(), encrypted=encrypted)
        self.repository = Repository(vault)
        if encrypted:
            from thoth_storage.repository.keyring import add_key

            add_key(vault.backend, vault.settings.id, KEY, "secret")
        big = noise(5 * SMALL + 77)
        changed = big[:100] + b"?" + big[101 : 3 * SMALL] + b"?" + big[3 * SMALL + 1 :]
        again = changed[:200] + b"!" + changed[201:]
        first = {"big": big, "text": text(2 * SMALL), "folder/empty": b""}
        second = {**first, "big": changed, "alone": noise(3000, "alone")}
        third = {**first, "big": again, "third": noise(500, "third")}
        self.states: list[dict[str, bytes]] = [first, second, third]
        self.ids: list[str] = []
        packs: list[str] = []
        for number, state in enumerate(self.states):
            for path in ("alone", "third"):
                if path not in state:
                    (self.source / path).unlink(missing_ok=True)
            write_tree(self.source, state)
            write_tree(self.archive / f"{number}", state)
            made = self.repository.backup(self.source, name=f"number {number}", tags=["t"], position=number)
            self.ids.append(made.id)
            packs += [key for key in objects(vault.backend, "packs/") if key not in packs]
        self.packs = packs
        self.stored = self.now()
        self.snapshots = [next(key for key in self.stored if key.endswith(id_)) for id_ in self.ids]
        self.pack_of: dict[str, str] = {}
        self.at: dict[str, int] = {}
        for number in range(len(self.ids)):
            self._places(number)

    def _places(self, number: int) -> None:
        """Where the first block of each file is."""
        vault = self.repository.vault
        gathered = Gathered(vault, load_moves(vault, Index(vault)))
        key = next(key for key in list_keys(vault.backend) if key.id == self.ids[number])
        taken = gathered.take(key)
        for file, rows in zip(taken.body.files, taken.rows, strict=True):
            if rows:
                block = taken.blocks[rows[0]]
                self.pack_of[file.path] = f"packs/{block.pack[:2]}/{block.pack}"
                self.at[file.path] = block.offset + 60

    def now(self) -> dict[str, bytes]:
        return objects(self.repository.backend)

    def put(self, key: str, data: bytes | None) -> None:
        self.repository.backend.delete(key)
        if data is not None:
            self.repository.backend.put(key, data)

    def reset(self) -> None:
        put_back(self.repository.backend, self.stored)

    def check(self, id_: str, number: int) -> None:
        """A snapshot gives its state back."""
        self.repository.restore(id_, self.folder / "target", overwrite=True)
        assert contents(self.folder / "target") == self.states[number]

    def check_all(self, replaced: dict[str, str]) -> None:
        """All snapshots do, those that were replaced under their new ids, with all that was said of them."""
        assert {snapshot.id for snapshot in self.repository.snapshots()} == {replaced.get(i, i) for i in self.ids}
        for number, old in enumerate(self.ids):
            id_ = replaced.get(old, old)
            found = self.repository.get(id_)
            assert (found.name, found.tags[0]) == (f"number {number}", "t")
            assert found.position in {number, None}
            self.check(id_, number)
