"""One program for every service: only the URL and the options for its file system change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import OpenStore
from tests.store.helpers import bare_chroma, contents
from tests.store.places import SCHEMES, Place, Places, places
from thoth_storage import Repository
from thoth_storage.errors import NotFoundError


@pytest.fixture(scope="module")
def all_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with places(tmp_path_factory.mktemp("places")) as found:
        yield found


@pytest.fixture(params=SCHEMES)
def place(request: pytest.FixtureRequest, all_places: Places) -> Place:
    return all_places.fresh(request.param)


def test_the_whole_job(place: Place, open_store: OpenStore, tmp_path: Path) -> None:
    def open_it(machine: str) -> Any:
        return open_store(place.url, storage_options=place.options, cache_dir=tmp_path / machine)

    with open_it("one") as store:
        assert store.url == place.url
        assert store.get_document_count() == 0
        ids = store.add_documents(
            ["herring in the rain", "backups of archives", "keys and locks"],
            metadatas=[{"file_path": "a.md"}, {"file_path": "b.md"}, None],
        )
        first = store.backup("first")
        assert first.files > 0
        store.delete_by_file_path("a.md")
        answer = store.search_similar("backup of an archive", 2)
        assert answer["ids"][0] == ids[1]
        assert store.sync()["changed"] is True
        assert store.sync()["changed"] is False

    store = open_it("two")
    assert store.search_similar("backup of an archive", 2) == answer
    assert store.list_backups() == ["first"]
    assert store.restore("first") == first.files
    assert set(contents(store)) == set(ids)

    other = open_it("three")
    other.add_documents(["from elsewhere"], ids=["other"])
    store.close()
    other.close()
    assert set(contents(open_it("four"))) == {*ids, "other"}

    with Repository.open(place.url, storage_options=place.options) as repository:
        report = repository.verify()
        assert report.ok
        assert report.snapshots >= 4
        repository.restore("first", tmp_path / "restored")
    with bare_chroma(tmp_path / "restored") as client:
        assert set(client.get_collection("tests").get()["ids"]) == set(ids)


@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_a_bucket_that_is_not_there(all_places: Places, open_store: OpenStore, scheme: str, tmp_path: Path) -> None:
    options = all_places.fresh(scheme).options
    with pytest.raises(NotFoundError) as told:
        open_store(f"{scheme}://no-such-bucket-here/store", storage_options=options)
    assert told.value.url == f"{scheme}://no-such-bucket-here/store"
    assert not list((tmp_path / "cache").glob("*/*"))
