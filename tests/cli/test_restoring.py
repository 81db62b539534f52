"""Restore by time and without writing, verification of a part, backups without deltas."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.helpers import invoke
from thoth_storage import Repository


def test_restore_at_a_time(repository: Path, tree: Path, tmp_path: Path) -> None:
    first = Repository.open(repository).get("first")
    (tree / "later.txt").write_text("later")
    invoke("backup", tree, repository)
    moment = first.time.isoformat()
    for number, text in enumerate((moment, moment.replace("T", " "), moment.removesuffix("+00:00"))):
        said = invoke("restore", repository, tmp_path / f"out{number}", "--at", text, "--json")
        assert said.code == 0
        assert said.document["snapshot"] == first.id
    assert invoke("restore", repository, tmp_path / "now", "--at", "2999-01-01", "-q").code == 0
    assert (tmp_path / "now" / "later.txt").exists()


def test_restore_dry_run(repository: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    said = invoke("restore", repository, tmp_path / "out", "--dry-run")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert [line.split("\t") for line in lines[:3]] == [["bytes", "path"], ["5", "a.txt"], ["25600", "sub/b.bin"]]
    assert re.fullmatch(rf"would restore snapshot [0-9a-f]{{12}} to {tmp_path}/out: 2 files, 25.0 KiB, .*", lines[3])
    assert re.fullmatch(r"0 B are there already; \d+ B would be read by 1 requests", lines[4])
    assert sorted(tmp_path.rglob("*")) == before


def test_restore_dry_run_of_a_part_over_what_is_there(repository: Path, tree: Path) -> None:
    said = invoke("restore", repository, tree, "--dry-run", "--overwrite", "--include", "sub", "--json")
    assert said.code == 0
    found = said.document
    assert (found["dry_run"], found["paths"], found["files"]) == (True, ["sub/b.bin"], 1)
    assert (found["bytes"], found["reused"], found["read"], found["requests"]) == (25_600, 25_600, 0, 0)
    assert (tree / "a.txt").exists()


def test_restore_dry_run_makes_the_checks(repository: Path, tree: Path) -> None:
    assert invoke("restore", repository, tree, "--dry-run").code == 4
    assert invoke("restore", repository, "out", "--dry-run", "--include", "*.typo").code == 3


def test_restore_dry_run_quiet(repository: Path) -> None:
    said = invoke("restore", repository, "out", "--dry-run", "--quiet")
    assert (said.code, said.out, said.err) == (0, "", "")


def test_verify_all_in_every_form(repository: Path) -> None:
    for arguments in ([], ["--read-data"], ["--read-data", "all"], ["--read-data", "100%"], ["--read-data=1/1"]):
        said = invoke("verify", repository, *arguments, "--json")
        assert said.code == 0
        assert (said.document["report"]["blocks"], said.document["report"]["part"]) == (2, "all")
    report = invoke("verify", repository, "--no-read-data", "--json").document["report"]
    assert (report["blocks"], report["part"]) == (0, "none")


def test_verify_in_parts_reads_all(repository: Path, tree: Path) -> None:
    for number in range(6):
        (tree / "a.txt").write_text(str(number) * 1000)
        invoke("backup", tree, repository)
    blocks = 0
    for part in ("1/3", "2/3", "3/3"):
        said = invoke("verify", repository, "--read-data", part)
        assert said.code == 0
        assert f" read (part {part}) in " in said.out
        blocks += invoke("verify", repository, "--read-data", part, "--json").document["report"]["blocks"]
    assert blocks == 8


def test_verify_of_today(repository: Path) -> None:
    part = invoke("verify", repository, "--read-data", "5%", "--json").document["report"]["part"]
    assert re.fullmatch(r"\d+/20", part)


@pytest.mark.parametrize("part", ["", "0%", "101%", "0/3", "4/3", "some", "gs://bucket"])
def test_verify_of_no_part(repository: Path, part: str) -> None:
    assert invoke("verify", repository, f"--read-data={part}").code == 2


def test_backup_without_deltas(tmp_path: Path) -> None:
    import random

    content = bytearray(random.Random(1).randbytes(600_000))
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise" / "x").write_bytes(content)
    invoke("backup", "noise", "here")
    content[5] ^= 1
    (tmp_path / "noise" / "x").write_bytes(content)
    full = invoke("backup", "noise", "here", "--no-deltas", "--json").document["snapshot"]["added"]
    assert full > 250_000
    content[6] ^= 1
    (tmp_path / "noise" / "x").write_bytes(content)
    assert invoke("backup", "noise", "here", "--json").document["snapshot"]["added"] < 1000
    assert invoke("show", "here", "latest", "--json").document["details"]["storage"]["deltas"] == 1
