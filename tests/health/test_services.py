"""Health of stores on real services: who asks, and what a role lacks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.places import Place, Places, places
from thoth_storage import Repository, open_backend
from thoth_storage.access import VERBS, identity_of, permission_of
from thoth_storage.health import examine
from thoth_storage.memory import MemoryBackend


@pytest.fixture(scope="module")
def all_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with places(tmp_path_factory.mktemp("places")) as found:
        yield found


@pytest.mark.parametrize(("scheme", "told"), [("gs", "anonymous"), ("s3", "access key ")])
def test_who_asks(all_places: Places, scheme: str, told: str, tmp_path: Path) -> None:
    place: Place = all_places.fresh(scheme)
    with Repository.open(place.url, create=True, storage_options=place.options):
        report = examine(place.url, place.options)
    found = report["credentials"]
    assert (found.status, found.message.startswith(told)) == ("ok", True), found
    secret = place.options.get("secret")
    assert secret is None or str(secret) not in found.message
    assert report["backend"].status == report["clock"].status == "ok"
    backend = open_backend(place.url, **place.options)
    assert not [info.key for info in backend.list() if info.key.startswith("thoth-check")]
    assert all(permission_of(backend, verb) for verb in VERBS)
    backend.close()


def test_a_backend_that_offers_nothing() -> None:
    backend = MemoryBackend("memory://health-offers")
    assert identity_of(backend) is None
    assert permission_of(backend, "read") is None
