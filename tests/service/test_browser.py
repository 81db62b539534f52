"""The page in a real browser: it loads nothing else, complains of nothing, fits a phone, works without scripts.

Pictures go to the folder that ``THOTH_STORAGE_PICTURES`` names, else to the test's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.browser import Browser, browser
from tests.service.helpers import call_all, hosted
from thoth_storage import Repository
from thoth_storage.errors import PermissionError_
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.store.drill import drill

pytestmark = pytest.mark.chromium
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><style>body{display:none}</style>"
TEXTS = [
    "A checkpoint is a snapshot of the store that covers the log up to a sequence number.",
    "Every write is an entry of the shared log before it is acknowledged, so that it survives the machine.",
    "Restore brings back the newest checkpoint and replays what the log has behind it.",
    HOSTILE + " " + "unbreakable" * 40,
]
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def shown() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return Path(os.environ.get("THOTH_STORAGE_PICTURES", tmp_path))


def look(shown: Browser, url: str, picture: Path, *, dark: bool = False) -> None:
    """On a desk and on a phone, with scripts off: as large as its text, nothing else loaded, no complaint."""
    for name, (width, height) in SIZES.items():
        shown.requested.clear()
        shown.complaints.clear()
        shown.show(url, width, height, dark=dark, scripts=False)
        shown.picture(picture.with_name(f"{picture.name}-{name}.png"))
        assert shown.requested == [url]
        assert shown.complaints == []
        shown.show(url, width, height, dark=dark)  # what is asked below is a script of ours
        assert shown.complaints == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.evaluate("getComputedStyle(document.body).display") == "block"


def text(shown: Browser, selector: str) -> str:
    return str(shown.evaluate(f"document.querySelector({selector!r}).innerText")).strip()


def test_a_store_that_is_empty(shown: Browser, pictures: Path, tmp_path: Path) -> None:
    with hosted(f"memory://{tmp_path.name}", tmp_path) as started:
        look(shown, f"{started.address}/", pictures / "empty")
        assert text(shown, "#state") == "ready"
        assert text(shown, "#documents") == "0"
        look(shown, f"{started.address}/?q=anything", pictures / "nothing")
        assert "Nothing is stored yet" in text(shown, "main")


def test_a_store_in_use(shown: Browser, pictures: Path, tmp_path: Path) -> None:
    with hosted(f"memory://{tmp_path.name}", tmp_path) as started:
        metadatas = [{"page": number, "author": HOSTILE if number == 3 else "Ada"} for number in range(4)]
        call_all(
            started.address,
            ("add_documents", {"documents": TEXTS, "metadatas": metadatas}),
            *(("backup", {"name": name}) for name in ("before-import", "nightly", HOSTILE)),
        )
        with Repository.open(started.url) as repository:
            assert drill(repository, cache_dir=tmp_path / "drill").ok
        call_all(started.address, ("add_documents", {"documents": ["one more"]}))
        look(shown, f"{started.address}/", pictures / "full")
        assert text(shown, "#documents") == "5"
        assert text(shown, "#drill").startswith("passed")
        assert shown.evaluate("document.querySelectorAll('circle').length") >= 3
        look(shown, f"{started.address}/", pictures / "dark", dark=True)
        assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 28)"
        look(shown, f"{started.address}/?q=write+survives+the+machine", pictures / "found")
        assert text(shown, "#results li").startswith("Every write is an entry")


def test_a_search_by_hand(shown: Browser, tmp_path: Path) -> None:
    with hosted(f"memory://{tmp_path.name}", tmp_path) as started:
        call_all(started.address, ("add_documents", {"documents": TEXTS}))
        shown.show(f"{started.address}/", *SIZES["wide"], scripts=False)
        shown.send("input", "restore & <replay>")
        shown.do("Emulation.setScriptExecutionDisabled", value=False)
        assert shown.evaluate("location.search") == "?q=restore+%26+%3Creplay%3E"
        assert "Restore brings back" in text(shown, "#results li")
        assert text(shown, "#found bdi") == "restore & <replay>"


def test_a_store_that_cannot_be_had(shown: Browser, pictures: Path, tmp_path: Path) -> None:
    def refuse(_progress: object) -> None:
        raise PermissionError_(
            "the service refused the identity sa@project", url="gs://bucket/chroma_db", hint="objects may not be read"
        )

    keeper = StoreKeeper(refuse)  # type: ignore[arg-type]
    with hosted("memory://refused", tmp_path, keeper) as started:
        look(shown, f"{started.address}/", pictures / "refused")
        assert text(shown, "#state") == "not ready"
        assert "The service refused the identity" in text(shown, ".alarm")
        look(shown, f"{started.address}/?q=x", pictures / "refused-search")
        keeper.stop_writes()
