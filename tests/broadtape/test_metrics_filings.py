"""Filed figures and filings over recorded answers of EDGAR, against plain sums over the same answers."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import told
import wire

from broadtape import metrics
from broadtape.desk.facts import FactBook
from broadtape.desk.macro_signals import DETECTORS
from broadtape.market import MarketStore
from broadtape.model import MarketView, NoData, NotTrue
from newswire.directory import Directory
from newswire.observations import Harvest, Instrument
from newswire.sources import make
from newswire.wire import Snapshot

LONG_AGO = datetime(2019, 1, 2, tzinfo=UTC)
SNOW, APPLE, ACME = "NYSE:SNOW", "NASDAQ:AAPL", "NYSE:ACM"


def edgar(body: bytes, label: str) -> Harvest:
    later = datetime(2026, 11, 22, 12, tzinfo=UTC)
    answer = Snapshot(source="sec", url="https://data.sec.gov/a", body=body, label=label, status=200,
                      headers={}, retrieved=later)  # fmt: skip
    return make("sec", {}).parse(answer, Directory())


def listed(symbol: str, name: str, cik: str) -> list[Harvest]:
    return [
        told.harvest(Instrument(symbol, name, "stock", cik=cik), source="directory", at=LONG_AGO),
        told.harvest(told.company(cik, name, at=LONG_AGO, symbols=(symbol,))),
    ]


@pytest.fixture(scope="module")
def snow(
    acceptance_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[MarketStore, dict[str, Any]]:
    body = gzip.decompress((acceptance_data / "recorded/sec/companyfacts_SNOW.json.gz").read_bytes())
    harvests = [*listed(SNOW, "Snowflake", "0001640147"), edgar(body, "facts 1640147")]
    return wire.open_store(tmp_path_factory.mktemp("snow"), *harvests), json.loads(body)


def quarters(filed: dict[str, Any], concept: str, known: str) -> dict[str, Decimal]:
    """End of each period of about three months → its value as last filed by the day."""
    found: dict[str, tuple[str, Decimal]] = {}
    for row in filed["facts"]["us-gaap"][concept]["units"]["USD"]:
        length = date.fromisoformat(row["end"]) - date.fromisoformat(row.get("start", row["end"]))
        if (
            80 <= length.days <= 100
            and row["filed"] <= known
            and row["filed"] >= found.get(row["end"], ("",))[0]
        ):
            found[row["end"]] = row["filed"], Decimal(str(row["val"]))
    return {end: value for end, (_, value) in found.items()}


@pytest.mark.acceptance
@pytest.mark.parametrize("day", ["2022-06-10", "2023-09-15", "2024-06-03", "2025-03-28"])
def test_revenue_against_a_year_ago_is_that_of_the_filings(
    snow: tuple[MarketStore, dict[str, Any]], day: str
) -> None:
    store, filed = snow
    found = metrics.fact(store.view(date.fromisoformat(day)), "filed-growth", of=SNOW, figure="revenue")
    concept = "RevenueFromContractWithCustomerExcludingAssessedTax"
    held = quarters(filed, concept if concept in filed["facts"]["us-gaap"] else "Revenues", day)
    end = max(held)
    before = held[f"{int(end[:4]) - 1}{end[4:]}"]

    assert found.value == ((held[end] / before - 1) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert found.part("period_end").value == date.fromisoformat(end)
    assert found.licence == "public"


@pytest.mark.acceptance
def test_a_loss_has_no_change_in_percent_and_what_was_not_filed_yet_is_not_known(
    snow: tuple[MarketStore, dict[str, Any]],
) -> None:
    store, _ = snow

    with pytest.raises(NotTrue, match="there is no change in percent"):
        metrics.fact(store.view(date(2024, 6, 3)), "filed-growth", of=SNOW, figure="eps")
    early = metrics.fact(store.view(date(2024, 5, 30)), "filed-growth", of=SNOW, figure="revenue")
    assert early.part("period_end").value != date(2024, 4, 30)  # filed on May 31


def acme(tmp_path: Path, *more: Harvest, closes: str = "100 101") -> MarketStore:
    rows = "".join(
        f"NYSE:ACM,{day},{close}\n"
        for day, close in zip(("2026-03-09", "2026-03-10"), closes.split(), strict=True)
    )
    bars = wire.parse(f"symbol,date,close\n{rows}", listed={ACME: "stock"}, name="prices", adjustment="split")
    return wire.open_store(tmp_path, *listed(ACME, "Acme", "0000000007"), bars, *more)


def earned(value: str, start: str, end: str) -> Harvest:
    row = told.figure(value, end, at=datetime(2026, 2, 20, tzinfo=UTC), accession=f"a{end}", start=start)
    return told.harvest(type(row)(**{**{n: getattr(row, n) for n in row.__dataclass_fields__},
                                     "concept": "us-gaap:EarningsPerShareDiluted", "unit": "USD/shares"}))  # fmt: skip


def test_a_price_is_set_against_the_last_full_year_filed(tmp_path: Path) -> None:
    store = acme(
        tmp_path, earned("4.05", "2025-01-01", "2025-12-31"), earned("1.50", "2025-10-01", "2025-12-31")
    )
    found = metrics.fact(store.view(date(2026, 3, 10)), "price-to-earnings", of=ACME)

    assert (found.value, found.unit) == (Decimal("24.9"), "ratio")
    assert found.part("earnings").value == Decimal("4.05")


def test_a_year_with_a_loss_or_long_past_has_no_ratio(tmp_path: Path) -> None:
    (tmp_path / "loss").mkdir()
    (tmp_path / "old").mkdir()
    loss = acme(tmp_path / "loss", earned("-0.10", "2025-01-01", "2025-12-31"))
    old = acme(tmp_path / "old", earned("4.05", "2023-01-01", "2023-12-31"))

    with pytest.raises(NotTrue, match="a loss"):
        metrics.fact(loss.view(date(2026, 3, 10)), "price-to-earnings", of=ACME)
    with pytest.raises(NoData, match="filed lately"):
        metrics.fact(old.view(date(2026, 3, 10)), "price-to-earnings", of=ACME)


def test_filings_are_counted_only_where_they_reach_back(tmp_path: Path) -> None:
    store = acme(
        tmp_path,
        told.harvest(told.filing("0000000007-26-000001", at=datetime(2026, 3, 9, 15, tzinfo=UTC))),
        told.harvest(told.filing("0000000007-26-000002", at=datetime(2026, 3, 10, 15, tzinfo=UTC))),
    )
    view = store.view(date(2026, 3, 10))

    assert metrics.fact(view, "filing", of=ACME).value == date(2026, 3, 10)
    assert metrics.fact(view, "filing-count", of=ACME, kind="results", over="1s").value == 1
    with pytest.raises(NoData, match="do not reach back"):
        metrics.fact(view, "filing-count", of=ACME, kind="results", over="10s")
    with pytest.raises(NoData, match="no filing of kind offering"):
        metrics.fact(view, "filing", of=ACME, kind="offering")


# --- shares that move with results -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def apple(acceptance_data: Path, tmp_path_factory: pytest.TempPathFactory) -> MarketStore:
    body = gzip.decompress((acceptance_data / "recorded/sec/submissions_CIK0000320193.json.gz").read_bytes())
    table = gzip.decompress((acceptance_data / "prices/sidebar_daily.csv.gz").read_bytes()).decode()
    rows = [row for row in table.splitlines() if row.startswith(("symbol", "AAPL,"))]
    bars = wire.parse("\n".join(rows).replace("AAPL,", f"{APPLE},"), listed={APPLE: "stock"}, name="prices",
                      columns=wire.LONG_BARS, adjustment="split")  # fmt: skip
    harvests = [*listed(APPLE, "Apple", "0000320193"), bars, edgar(body, "submissions 320193")]
    return wire.open_store(tmp_path_factory.mktemp("apple"), *harvests)


def earnings(view: MarketView) -> list[Any]:
    return [one for detect in DETECTORS for one in detect(view, FactBook(view), ()) if one.kind == "earnings"]


@pytest.mark.acceptance
def test_a_move_is_told_on_the_session_that_could_first_know_the_results(apple: MarketStore) -> None:
    (found,) = earnings(apple.view(date(2024, 5, 3)))  # filed at 16:30 on May 2

    assert (found.subject, found.fact.value) == (APPLE, Decimal("5.98"))
    assert found.size > 3
    assert metrics.fact(apple.view(date(2024, 5, 3)), "filing", of=APPLE).value == date(2024, 5, 2)


@pytest.mark.acceptance
@pytest.mark.parametrize("day", ["2024-05-02", "2024-05-06", "2024-08-02"])
def test_other_sessions_and_small_moves_are_silent(apple: MarketStore, day: str) -> None:
    assert earnings(apple.view(date.fromisoformat(day))) == []
