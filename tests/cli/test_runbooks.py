"""The runbooks of docs/runbooks.md, walked: what is damaged, lost or wrong is over when they say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import invoke
from tests.live.programs import add, ids
from thoth_storage import PersistentClient


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Rows a and b in the checkpoint "first", c in "second", d in the log alone."""
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))
    place = tmp_path / "store"
    with PersistentClient(place, cache_limit=0) as client:
        add(client, "a", "b")
        client.checkpoint("first")
        add(client, "c")
        client.checkpoint("second")
        add(client, "d")
        client.live._wrote = False  # or its close would make a checkpoint
    return place


def rows(store: Path) -> set[str]:
    with PersistentClient(store, mode="r", cache_limit=0) as client:
        return ids(client)


def packs(store: Path) -> set[Path]:
    return set(store.glob("packs/*/*"))


def test_an_object_is_damaged(store: Path) -> None:
    [newest, *_] = invoke("snapshots", store, "--json").document["snapshots"]
    [pack] = sorted(packs(store), key=lambda path: path.stat().st_mtime_ns)[-1:]
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)

    assert invoke("verify", store).code == 5
    mended = invoke("checkpoint", store, "--name", "mended")
    assert mended.code == 0
    assert rows(store) == {"a", "b", "c", "d"}  # nothing is lost: an older checkpoint and the log stand in
    assert invoke("repair", store, "--dry-run").code == 5
    assert invoke("repair", store).code == 5
    assert invoke("forget", store, newest["id"][:12]).code == 0
    assert invoke("prune", store, "--grace", "0").code == 0
    over = invoke("verify", store)
    assert (over.code, "all is well" in over.out) == (0, True)
    assert rows(store) == {"a", "b", "c", "d"}


def test_an_entry_is_gone(store: Path) -> None:
    with PersistentClient(store, cache_limit=0) as client:
        add(client, "e")
        client.live._wrote = False
    entries = sorted(store.glob("log/*/*"))
    entries[-2].unlink()  # that of d

    assert invoke("status", store).code == 5
    stuck = invoke("checkpoint", store)
    assert (stuck.code, "is missing, though" in stuck.err) == (5, True)
    assert invoke("log", store, "--set-state", "latest").code == 0
    assert invoke("checkpoint", store).code == 0
    assert rows(store) == {"a", "b", "c"}


def test_a_wrong_restore(store: Path) -> None:
    with PersistentClient(store, cache_limit=0) as client:
        client.restore("first")
    assert rows(store) == {"a", "b"}
    told = invoke("log", store, "--last", "50", "--json").document["entries"][-1]
    assert "the state is snapshot" in told["operations"][0]
    snapshots = invoke("snapshots", store, "--json").document["snapshots"]
    [before] = [each["id"] for each in snapshots if "before-restore" in each["tags"]]
    assert invoke("log", store, "--set-state", before[:12]).code == 0
    assert invoke("checkpoint", store, "--name", "undone").code == 0
    assert rows(store) == {"a", "b", "c", "d"}
