"""The page as a parser sees it. How it looks is seen by a browser, in CI."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

from tests.service.helpers import Hosted, call_all, hosted
from tests.store.helpers import wait_until
from thoth_storage import Repository, Snapshot
from thoth_storage.repository.drill_records import DrillRecord, write_drill
from thoth_storage.service.timeline import draw

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'><!--\u202e]]>&amp;{{ 7*7 }}"
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "span", "section", "p"),
    *("form", "input", "button", "ol", "li", "div", "bdi", "dl", "dt", "dd", "svg", "line", "circle"),
    *("table", "thead", "tbody", "tr", "th", "td", "time", "code", "footer", "rect"),
}


class Page(HTMLParser):
    """Which elements there are, the text of those with an id, and all text together."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.named: dict[str, str] = {}
        self._open: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in {"meta", "input"}:
            self._open.append((tag, dict(attrs).get("id")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        for _, name in self._open:
            if name:
                self.named[name] = self.named.get(name, "") + data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def page(running: Hosted, query: str | None = None) -> Page:
    answer = running.ask("/", params={"q": query} if query else {})
    assert answer.status_code == 200
    return Page(answer.text)


def test_the_store_at_a_glance(tmp_path: Path) -> None:
    with hosted("memory://page", tmp_path) as started:
        empty = page(started)
        assert empty.named["state"] == "ready"
        assert empty.named["documents"] == "0"
        assert "None yet: the log has all there is." in empty.text
        assert "Nothing is stored yet that could be found." in page(started, "anything").text
        call_all(started.address, ("add_documents", {"documents": ["one", "two"]}), ("backup", {"name": "nightly"}))
        wait_until(lambda: page(started).named["documents"] == "2" and "snapshots" in page(started).named)
        seen = page(started)
    assert seen.named["documents"] == "2"
    assert seen.named["behind"] == "0"
    assert "nightly" in seen.named["snapshots"]
    assert re.search(r"[KMG]iB", seen.named["stored"])
    assert "circle" in seen.tags
    assert seen.named["pending"] == "0 rows"
    assert seen.named["drill"] == "never"
    assert seen.named["checkpoint"] == "just now"


def shows_drill(running: Hosted, told: str) -> bool:
    return " ".join(page(running).named["drill"].split()) == told


def test_the_last_drill(tmp_path: Path) -> None:
    """And in the metrics. One that failed takes nothing from the last that proved that this restores."""
    time = datetime.now(UTC) - timedelta(hours=3)
    good = DrillRecord(time, True, False, "a" * 32, time, 1.5, 1000, 5, "recorded", 1, 1234, 5, 5, 5, 0, (), "thoth")
    bad = dataclasses.replace(good, time=time + timedelta(hours=1), ok=False, problems=("<b>three</b> are lost",))
    with hosted("memory://drilled", tmp_path) as started, Repository.open("memory://drilled") as repository:
        for record, told in ((good, "passed 3 hours ago"), (bad, "failed 2 hours ago")):
            write_drill(repository.vault, record)
            wait_until(partial(shows_drill, started, told))
        seen, figures = page(started), started.ask("/metrics").text
    assert "<b>three</b> are lost; proven 3 hours ago" in seen.text
    assert "thoth_store_drill_ok 0\n" in figures
    assert f"thoth_store_proven_timestamp_seconds {time.timestamp()!r}\n" in figures


def test_names_of_strangers_are_text(running: Hosted) -> None:
    call_all(
        running.address,
        ("add_documents", {"documents": [f"hostile {HOSTILE}"], "ids": [HOSTILE], "metadatas": [{HOSTILE: HOSTILE}]}),
        ("backup", {"name": "<b>bold</b>"}),
    )
    found = page(running, f"hostile {HOSTILE}")
    assert found.tags <= TAGS
    assert f"hostile {HOSTILE}" in found.named["results"]
    assert f" {HOSTILE} " in found.named["results"].replace("\n", " ")
    assert ("input", "value", f"hostile {HOSTILE}") in found.attributes
    assert not any(name.startswith("on") for _, name, _ in found.attributes)
    call_all(running.address, ("delete_documents", {"ids": [HOSTILE]}))


def test_a_search_by_its_address_alone(running: Hosted) -> None:
    call_all(running.address, ("add_documents", {"documents": ["zebras have stripes"], "ids": ["zebra"]}))
    found = page(running, "stripes of zebras")
    assert found.named["results"].strip().startswith("zebras have stripes")
    assert ("form", "method", "get") in found.attributes
    assert ("form", "action", "/") in found.attributes


def test_it_asks_nobody_else_and_runs_nothing(running: Hosted) -> None:
    answer = running.ask("/")
    policy = answer.headers["content-security-policy"]
    [style] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in policy
    seen = Page(answer.text)
    assert seen.tags <= TAGS
    assert not [each for each in seen.attributes if each[1] in {"src", "href", "style", "srcset"}]
    assert "://" not in style
    assert "url(" not in style
    assert answer.headers["cache-control"] == "no-store"


def snapshot(hours: float, name: str | None = None) -> Snapshot:
    time = datetime(2026, 11, 28, tzinfo=UTC) + timedelta(hours=hours)
    return Snapshot(f"{hours:032}", time, name, (("backup",) if name else ("policy",)), 1, 10, 5)


def test_checkpoints_on_a_line_of_time() -> None:
    now = datetime(2026, 11, 28, 8, tzinfo=UTC)
    assert draw([], now) is None
    line = draw([snapshot(4, "named"), snapshot(0)], now)
    assert line is not None
    assert [mark.x for mark in line.marks] == [50, 1.5]
    assert [mark.named for mark in line.marks] == [True, False]
    ahead = draw([snapshot(12)], now)
    assert ahead is not None
    assert 0 <= ahead.marks[0].x <= 100
