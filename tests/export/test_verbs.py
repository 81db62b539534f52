"""The two verbs as people type them, and what they end with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd  # type: ignore[import-untyped]
import pyarrow.dataset as ds
import pytest

from tests.cli.helpers import invoke
from tests.export.samples import ROWS, fill, made, store
from tests.export.servers import free_port


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Of a store with collections of every kind, that of metadata of every type."""
    with store(tmp_path / "db") as client:
        fill(client)
    assert invoke("export", tmp_path / "db", tmp_path / "out", "--quiet").code == 0
    return tmp_path / "out" / "collections" / "everything"


def test_there_and_back(tmp_path: Path) -> None:
    made(tmp_path / "db")
    out = invoke("export", tmp_path / "db", tmp_path / "out", "--json").document
    assert list(out) == ["source", "target", "report"]
    report = out["report"]
    assert report["collections"] == [{"name": "notes", "rows": 6, "dimension": 2}]
    assert (report["rows"], report["bytes"], report["notes"]) == (6, 48, [])
    assert report["checkpoint"]
    back = invoke("import", tmp_path / "out", tmp_path / "again", "--json").document
    assert back["report"]["collections"] == report["collections"]
    assert (back["report"]["checkpoint"], back["report"]["position"]) == (None, None)


def test_the_url_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "db")
    monkeypatch.setenv("THOTH_STORAGE_URL", str(tmp_path / "db"))
    said = invoke("export", tmp_path / "out")
    assert said.code == 0
    assert said.out.splitlines()[:2] == ["collection\trows\tdimension", "notes\t6\t2"]
    assert said.out.splitlines()[2].startswith("exported 6 rows of 1 collections to ")
    monkeypatch.setenv("THOTH_STORAGE_URL", str(tmp_path / "again"))
    assert invoke("import", tmp_path / "out").code == 0


def test_exit_codes(tmp_path: Path) -> None:
    made(tmp_path / "db")
    db, out = tmp_path / "db", tmp_path / "out"
    assert invoke("export", db, out).code == 0
    (tmp_path / "half" / "collections" / "notes").mkdir(parents=True)
    (tmp_path / "half" / "collections" / "notes" / "part-00000.parquet").touch()
    cases: list[tuple[int, list[Any]]] = [
        (1, ["export", db, f"chroma+http://127.0.0.1:{free_port()}"]),
        (2, ["export", db, out, "more"]),
        (2, ["export", db, tmp_path / "merged", "--merge"]),
        (2, ["export", db, out, "--token", "a-token-in-the-clear"]),
        (2, ["import", "chroma+http://u:p@h", db]),
        (3, ["export", tmp_path / "nothing", tmp_path / "other"]),
        (3, ["export", db, tmp_path / "chosen", "--collection", "nothing"]),
        (3, ["import", tmp_path / "nothing", db]),
        (4, ["export", db, out]),
        (4, ["import", out, db]),
        (5, ["import", tmp_path / "half", tmp_path / "new"]),
    ]
    for code, arguments in cases:
        said = invoke(*arguments, "--json")
        assert (said.code, arguments) == (code, arguments)
        assert "a-token-in-the-clear" not in said.err + said.out
    assert invoke("import", out, db, "--merge").code == 0
    assert invoke("export", db, out, "--overwrite").code == 0


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    for verb in ("export", "import"):
        said = invoke(verb, tmp_path / "one", tmp_path / "other", "--json")
        assert (said.code, said.error["hint"]) == (2, "pip install thoth-storage[export]")


def asked(sql: str) -> list[Any]:
    found: Any = duckdb.sql(sql)
    return list(found.fetchall())


def test_duckdb_reads_it(exported: Path) -> None:
    found = asked(f"SELECT meta_text, meta_whole, meta_part, meta_flag, uri FROM '{exported}/*.parquet'")
    assert found[0] == ("plain", 1, 1.5, True, None)
    assert found[1][:4] == ("", 2**63 - 1, 5e-324, False)
    [(kind,)] = asked(f"SELECT DISTINCT typeof(embedding) FROM '{exported}/*.parquet'")
    assert kind == "FLOAT[]"
    lists = asked(f"SELECT meta_wholes FROM '{exported}/*.parquet' WHERE meta_wholes IS NOT NULL")
    assert lists == [([1, 2],)]


def test_pandas_reads_it(exported: Path) -> None:
    frame = pd.read_parquet(exported)
    assert len(frame) == len(ROWS)
    assert frame["meta_text"].dropna().tolist() == [each["text"] for each in ROWS if each and "text" in each]
    assert frame["embedding"].iloc[0].dtype == "float32"
    assert frame["meta_number"].tolist()[:3] == [1.0, 2.5, float(2**53 + 1)]


def test_pyarrow_reads_it(exported: Path) -> None:
    table = ds.dataset(exported).to_table(filter=ds.field("meta_flag"))
    assert table.column("id").to_pylist() == ["id 0 ä"]
    assert str(table.schema.field("embedding").type) == "fixed_size_list<element: float>[5]"
