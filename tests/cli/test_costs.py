"""Dry runs by the command line: nothing is written, what is told is what happens, and money is told with its source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.helpers import invoke
from thoth_storage.cli.costs import estimate_lines, money
from thoth_storage.prices import Usage, estimate


def files(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_backup_makes_no_repository(tree: Path, tmp_path: Path) -> None:
    said = invoke("backup", tree, tmp_path / "repository", "--dry-run", "--json").document
    assert not (tmp_path / "repository").exists()
    done = invoke("backup", tree, tmp_path / "repository", "--json").document
    assert (said["dry_run"], done["dry_run"], done["estimate"]) == (True, False, None)
    for name in ("files", "size", "added"):
        assert said["snapshot"][name] == done["snapshot"][name]
    told = said["estimate"]
    assert (told["scheme"], told["cost"]["once"]) == ("file", 0)
    assert told["sent"] == pytest.approx(
        sum(path.stat().st_size for path in (tmp_path / "repository").rglob("*") if path.is_file()), abs=100
    )


def test_people_are_told_about_what_it_costs(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "thoth-storage.toml").write_text(
        '[prices.file]\nclass_a_per_1000 = 1000\nstorage_per_gib_month = 1e9\ncurrency = "EUR"\ndate = 2026-10-01\n'
    )
    told = invoke("backup", tree, tmp_path / "repository", "--dry-run", "--json").document["estimate"]
    what, usage, cost = invoke("backup", tree, tmp_path / "repository", "--dry-run").out.splitlines()
    assert re.fullmatch(r"a snapshot would have 2 files, 25.0 KiB, of which \d+ B would be stored", what)
    assert usage.startswith(f"about {told['class_a']} requests that write or list, {told['class_b']} that read; ")
    # A unit a request: what is stored costs much here. The snapshot's time is in it, which packs to a few bytes more or
    # less.
    once, month = told["class_a"], told["added"] / 2**30 * 1e9
    shown = re.fullmatch(r"about EUR (\d+\.\d\d) once, and EUR (\d+\.\d\d) a month more \(prices of 2026-10-01\)", cost)
    assert shown
    assert float(shown[1]) == once
    assert float(shown[2]) == pytest.approx(month, rel=0.02)


def test_copy_tells_both_sides(repository: Path, tmp_path: Path) -> None:
    before = files(repository)
    said = invoke("copy", repository, tmp_path / "copied", "--dry-run", "--json").document
    assert not (tmp_path / "copied").exists()
    assert files(repository) == before
    done = invoke("copy", repository, tmp_path / "copied", "--json").document
    assert (done["dry_run"], done["estimate"]) == (False, None)
    for name in ("snapshots", "skipped", "blocks", "read", "stored"):
        assert said["report"][name] == done["report"][name]
    assert said["estimate"]["source"]["received"] > said["report"]["read"] > 0
    assert said["estimate"]["target"]["sent"] > said["report"]["stored"] > 0
    lines = invoke("copy", repository, tmp_path / "copied", "--dry-run").out.splitlines()
    assert lines[0].startswith("would copy 0 snapshots, 1 are there already")
    assert [line.split(": ")[0] for line in lines[1:]] == ["source", "source", "target", "target"]


def test_prune_and_forget(tree: Path, repository: Path) -> None:
    (tree / "a.txt").write_text("other")
    invoke("backup", tree, repository)
    before = files(repository)
    forgets = invoke("forget", repository, "--keep-last", "1", "--dry-run", "--json").document
    assert forgets["estimate"]["removed"] > 0
    assert forgets["estimate"]["requests"]["delete"] == 1
    assert files(repository) == before
    assert "about" in invoke("forget", repository, "--keep-last", "1", "--dry-run").out
    assert invoke("forget", repository, "--keep-last", "1", "--json").document["estimate"] is None
    before = files(repository)
    prunes = invoke("prune", repository, "--grace", "0", "--dry-run", "--json").document
    assert files(repository) == before
    done = invoke("prune", repository, "--grace", "0", "--json").document
    assert done["estimate"] is None
    assert prunes["estimate"]["removed"] >= done["report"]["deleted_bytes"]


def test_status_tells_what_is_stored_and_what_an_opening_takes(repository: Path) -> None:
    plain = invoke("status", repository, "--json").document
    assert plain["cost"] is None
    told = invoke("status", repository, "--cost", "--json").document["cost"]
    there = [path.stat().st_size for path in repository.rglob("*") if path.is_file()]
    assert (told["objects"], told["storage"]["added"]) == (len(there), sum(there))
    assert told["opening"]["received"] > 0
    lines = invoke("status", repository, "--cost").out.splitlines()
    assert [line.split("\t")[0] for line in lines[-2:]] == ["stored in all", "an opening elsewhere"]


def test_a_scheme_without_a_price_says_how_to_give_one() -> None:
    lines = estimate_lines(estimate("abfs", Usage({"put": 1}, sent=1)))
    assert lines[1] == "no price is known for abfs: thoth-storage.toml may have it in [prices.abfs]"


@pytest.mark.parametrize(
    ("amount", "told"),
    [(0, "USD 0.00"), (1e-9, "less than USD 0.0001"), (0.0123, "USD 0.0123"), (12.346, "USD 12.35")],
)
def test_money(amount: float, told: str) -> None:
    assert money(amount, "USD") == told
