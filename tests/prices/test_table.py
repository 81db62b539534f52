"""Prices: what is built in, what a file says instead, and the arithmetic of docs/cost.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from thoth_storage import config
from thoth_storage.errors import ConfigurationError
from thoth_storage.prices import BUILT_IN, Price, Usage, estimate, price_for


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "thoth-storage.toml"
    path.write_text("")
    monkeypatch.setenv("THOTH_STORAGE_CONFIG", str(path))
    return path


def test_what_is_built_in_says_when_and_where_it_was_found(file: Path) -> None:
    for scheme, price in BUILT_IN.items():
        assert price_for(scheme) == price
        assert price.scheme == scheme
        if scheme not in {"file", "memory"}:
            assert price.date
            assert price.source.startswith("https://")
            assert price.class_a_per_1000 > price.class_b_per_1000 > 0
    assert price_for("abfs") is None


def test_a_table_of_the_file_says_what_is_other(file: Path) -> None:
    file.write_text("[prices.gs]\nclass_b_per_10000 = 0.005\nstorage_per_gib_month = 0.023\ndate = 2026-10-01\n")
    price, built_in = price_for("gs"), BUILT_IN["gs"]
    assert price == Price(
        *("gs", built_in.class_a_per_1000, 0.0005, 0.023, built_in.egress_per_gib, "USD", "2026-10-01"),
        source=f"{file} [prices.gs]",
    )
    other = price_for("gcs")
    assert other is not None
    assert (other.scheme, other.storage_per_gib_month) == ("gcs", 0.023)
    assert price_for("s3") == BUILT_IN["s3"]


def test_a_scheme_that_nobody_knows_gets_its_price_there(file: Path) -> None:
    file.write_text('[prices.abfs]\nclass_a_per_1000 = 0.006\ncurrency = "EUR"\nsource = "our contract"\n')
    assert price_for("abfs") == Price("abfs", 0.006, currency="EUR", source="our contract")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[prices.gs]\nclass_a_per_100 = 1", "did you mean 'class_a_per_1000'"),
        ("[prices.gs]\nclass_a_per_1000 = -1", "is -1, which is not an amount of money"),
        ("[prices.gs]\nclass_a_per_1000 = true", "is True, which is not an amount of money"),
        ("[prices.gs]\negress_per_gib = inf", "is inf, which is not an amount of money"),
        ('[prices.gs]\ndate = "soon"', "is 'soon', which is not a day"),
        ('[prices.gs]\ncurrency = ""', "which is not a text"),
        ("[prices]\ngs = 1", "prices.gs is 1, not a table"),
        ("prices = 1", "prices is 1, not a table"),
        ("[price.gs]\n", "did you mean 'prices'"),
    ],
)
def test_what_is_wrong_is_told(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        config.prices()
    assert message in str(caught.value)
    assert str(file) in str(caught.value)


def test_the_arithmetic(file: Path) -> None:
    file.write_text(
        "[prices.x]\nclass_a_per_1000 = 5\nclass_b_per_1000 = 0.5\nstorage_per_gib_month = 2\negress_per_gib = 10\n"
    )
    requests = {"put": 100, "create": 50, "list": 50, "get": 900, "head": 100, "delete": 12345}
    told = estimate("x", Usage(requests, sent=7, received=2**29, added=3 * 2**30, removed=2**30))
    assert (told.class_a, told.class_b, told.sent) == (200, 1000, 7)
    assert told.cost is not None
    assert told.cost.requests == pytest.approx(0.2 * 5 + 1 * 0.5)
    assert told.cost.egress == pytest.approx(5)
    assert told.cost.once == pytest.approx(6.5)
    assert told.cost.per_month == pytest.approx(4)


def test_without_a_price_there_is_no_cost(file: Path) -> None:
    told = estimate("abfs", Usage({"put": 1}, sent=1))
    assert (told.cost, told.price, told.class_a) == (None, None, 1)
