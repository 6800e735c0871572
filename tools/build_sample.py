"""Builds the sample tables under site/broadtape/sample/data from the packages skfolio and arch.

    pip install -e '.[sample]' && python tools/build_sample.py [FOLDER]

Reads the CSV files inside the installed packages (not their loaders, which need pandas and scipy), checks
that they are what they are said to be, and writes gzipped CSV with fixed time stamps and provenance.json:
the same packages give the same bytes. Downloads nothing, and does not decide how the sample newsroom uses the
tables: content/broadtape.toml does.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import sys
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

VERSIONS = {"skfolio": "1.12.2", "arch": "8.0.0"}
LICENCES = {"skfolio": "BSD-3-Clause", "arch": "NCSA"}
DATA = Path(__file__).resolve().parents[1] / "site" / "broadtape" / "sample" / "data"

LEAST = Decimal(1)
"""Adjusted closes come rounded to a tenth of a cent. Below one dollar that rounding alone can move a daily
return by more than a tenth of a percentage point, the precision the desk prints; such early stretches go into
a table of their own, which the sample newsroom leaves switched off."""

CENTS_SINCE = date(2001, 1, 29)  # the exchanges' change to decimal prices; sixteenths before

# Names as prose prints them; exchange as of the last session of the data, GICS sector of the same time.
COMPANIES = {
    "AAPL": ("Apple", "NASDAQ", "Information Technology"),
    "AMD": ("Advanced Micro Devices", "NASDAQ", "Information Technology"),
    "BAC": ("Bank of America", "NYSE", "Financials"),
    "BBY": ("Best Buy", "NYSE", "Consumer Discretionary"),
    "CVX": ("Chevron", "NYSE", "Energy"),
    "GE": ("General Electric", "NYSE", "Industrials"),
    "HD": ("Home Depot", "NYSE", "Consumer Discretionary"),
    "JNJ": ("Johnson & Johnson", "NYSE", "Health Care"),
    "JPM": ("JPMorgan Chase", "NYSE", "Financials"),
    "KO": ("Coca-Cola", "NYSE", "Consumer Staples"),
    "LLY": ("Eli Lilly", "NYSE", "Health Care"),
    "MRK": ("Merck", "NYSE", "Health Care"),
    "MSFT": ("Microsoft", "NASDAQ", "Information Technology"),
    "PEP": ("PepsiCo", "NASDAQ", "Consumer Staples"),
    "PFE": ("Pfizer", "NYSE", "Health Care"),
    "PG": ("Procter & Gamble", "NYSE", "Consumer Staples"),
    "RRC": ("Range Resources", "NYSE", "Energy"),
    "UNH": ("UnitedHealth Group", "NYSE", "Health Care"),
    "WMT": ("Walmart", "NYSE", "Consumer Staples"),
    "XOM": ("Exxon Mobil", "NYSE", "Energy"),
}
FACTORS = {
    "MTUM": ("iShares MSCI USA Momentum Factor ETF", "BATS"),
    "QUAL": ("iShares MSCI USA Quality Factor ETF", "BATS"),
    "SIZE": ("iShares MSCI USA Size Factor ETF", "NYSEARCA"),
    "USMV": ("iShares MSCI USA Min Vol Factor ETF", "BATS"),
    "VLUE": ("iShares MSCI USA Value Factor ETF", "BATS"),
}

Column = dict[date, Decimal]


class NotAsExpected(SystemExit):
    """The packages hold something else than this script was written for."""


def main(target: Path = DATA) -> None:
    """Write every table and provenance.json into `target`."""
    for package, wanted in VERSIONS.items():
        if find_spec(package) is None or version(package) != wanted:
            raise NotAsExpected(f"{package} {wanted} is not installed; run: pip install -e '.[sample]'")
    target.mkdir(parents=True, exist_ok=True)
    tables = [build(target) for build in (companies, early, amd, factors, indices, readings, instruments)]
    record = {
        "about": "Sample data of the demo newsroom, carried over from packages of the Python Package "
        "Index. Stale by intent; not for investment.",
        "built_by": "tools/build_sample.py",
        "tables": tables,
    }
    (target / "provenance.json").write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    total = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    for table in tables:
        print(f"{table['bytes']:>9,} {table['file']}")
    print(f"{total:>9,} bytes in all")


# --- the tables -------------------------------------------------------------------------------------


def companies(target: Path) -> dict[str, object]:
    """Adjusted closes of the 20 companies, one column each, from where their rounding stops mattering."""
    source, columns = _skfolio("sp500_dataset.csv.gz", tuple(COMPANIES))
    late = {symbol: _split(column)[1] for symbol, column in columns.items()}
    return _wide(
        target,
        "companies.csv.gz",
        late,
        source,
        "Values unchanged. A company's sessions up to its last close below one dollar are in "
        "companies-early.csv.gz: there the source's rounding to a tenth of a cent can move a daily return "
        "by more than a tenth of a point.",
    )


def early(target: Path) -> dict[str, object]:
    """The stretches that `companies` leaves out, so that nothing of the source is lost."""
    source, columns = _skfolio("sp500_dataset.csv.gz", tuple(COMPANIES))
    rows = {symbol: _split(column)[0] for symbol, column in columns.items()}
    return _wide(
        target,
        "companies-early.csv.gz",
        {symbol: column for symbol, column in rows.items() if column},
        source,
        "Values unchanged; too coarse for daily returns, so the sample newsroom does not load this table.",
    )


def amd(target: Path) -> dict[str, object]:
    """AMD once more as a printable price: it paid no dividend, so its closes are adjusted for splits only."""
    source, columns = _skfolio("sp500_dataset.csv.gz", ("AMD",))
    column = {day: value for day, value in columns["AMD"].items() if day >= CENTS_SINCE}
    if any(value != _round(value, 2) for value in column.values()):
        raise NotAsExpected(
            "AMD: a close since 2001-01-29 is not a whole cent, so it is adjusted for more than splits"
        )
    rows = [["symbol", "date", "close", "adj_close"]]
    rows += [["AMD", day.isoformat(), _text(value), _text(value)] for day, value in column.items()]
    series = [
        _series("AMD", "close", column, "USD", "split"),
        _series("AMD", "adj_close", column, "USD", "total"),
    ]
    return _file(
        target,
        "amd.csv.gz",
        rows,
        [source],
        series,
        "The AMD column of companies.csv.gz from 29 January 2001 on, given as close too: every value is a "
        "whole cent, which no dividend factor would leave, and the company paid none. The build checks it.",
    )


def factors(target: Path) -> dict[str, object]:
    """Adjusted closes of the five factor ETFs."""
    source, columns = _skfolio("factors_dataset.csv.gz", tuple(FACTORS))
    return _wide(target, "factors.csv.gz", columns, source, "Values unchanged.")


def indices(target: Path) -> dict[str, object]:
    """S&P 500 with open, high and low where arch has them, Nasdaq Composite, VIX closes; in points."""
    closes_from, closes = _skfolio("sp500_index.csv.gz", ("SP500",))
    spx_from, spx = _arch_bars("sp500")
    ixic_from, ixic = _arch_bars("nasdaq")
    vix_from, vix = _arch_column("vix/vix.csv.gz", "vix")
    for day, bar in spx.items():
        if closes["SP500"].get(day) != bar["close"]:
            raise NotAsExpected(
                f"S&P 500 on {day}: arch has {bar['close']}, skfolio {closes['SP500'].get(day)}"
            )
    bars = {
        "SPX": {day: spx.get(day, {"close": close}) for day, close in closes["SP500"].items()},
        "IXIC": ixic,
        "VIX": {day: {"close": close} for day, close in vix.items()},
    }
    rows = [["symbol", "date", "open", "high", "low", "close"]]
    series = []
    for symbol, days in bars.items():
        for day, bar in days.items():
            rows.append(
                [
                    symbol,
                    day.isoformat(),
                    *(_text(bar.get(name)) for name in ("open", "high", "low", "close")),
                ]
            )
        for name in ("open", "high", "low", "close"):
            column = {day: bar[name] for day, bar in days.items() if name in bar}
            if column:
                series.append(_series(symbol, name, column, "points", "raw"))
    return _file(
        target,
        "indices.csv.gz",
        rows,
        [closes_from, spx_from, ixic_from, vix_from],
        series,
        "S&P 500: closes from skfolio; open, high and low from arch, whose closes equal skfolio's on every "
        "common session (the build checks it). The levels are price levels: adjusted and plain close are "
        "the same in the source. arch's figures are 32-bit floating point and were rounded to the two "
        "decimals they stand for. Until 2007 the source often repeats the previous close as the S&P 500's "
        "open. Left out: volume, which the source does not define for an index, and the empty rows of the "
        "VIX on holidays.",
    )


def readings(target: Path) -> dict[str, object]:
    """Core CPI (monthly, index) and WTI (daily, dollars a barrel) under their FRED names."""
    cpi_from, cpi = _arch_column("core_cpi/core-cpi.csv.gz", "CPILFESL")
    wti_from, wti = _arch_column("wti/wti.csv.gz", "DCOILWTICO")
    rows = [["series", "date", "value"]]
    series = []
    for name, column, unit in (("CPILFESL", cpi, "index 1982-84=100"), ("DCOILWTICO", wti, "USD a barrel")):
        rows += [[name, day.isoformat(), _text(value)] for day, value in column.items()]
        series.append(_series(name, "value", column, unit, "none"))
    return _file(
        target,
        "readings.csv.gz",
        rows,
        [cpi_from, wti_from],
        series,
        "Values unchanged, empty rows on holidays left out. Core CPI is seasonally adjusted as it stood "
        "when the package took it in early 2019; first prints may have differed.",
    )


def instruments(target: Path) -> dict[str, object]:
    """Names, exchanges and sectors of the companies and ETFs; written here, not taken from the packages."""
    rows = [["symbol", "exchange", "name", "etf", "sector"]]
    rows += [[symbol, exchange, name, "N", sector] for symbol, (name, exchange, sector) in COMPANIES.items()]
    rows += [[symbol, exchange, name, "Y", ""] for symbol, (name, exchange) in FACTORS.items()]
    return _file(
        target,
        "instruments.csv.gz",
        rows,
        [],
        [],
        "Written for the sample in tools/build_sample.py: names, listing exchanges and GICS sectors as of "
        "December 2022.",
    )


# --- reading the packages -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A CSV file inside an installed package."""

    package: str
    file: str
    sha256: str

    def record(self) -> dict[str, str]:
        """The origin as provenance.json writes it."""
        return {
            "package": self.package,
            "version": VERSIONS[self.package],
            "licence": LICENCES[self.package],
            "file": self.file,
            "sha256": self.sha256,
        }


def _open(package: str, file: str) -> tuple[Source, list[dict[str, str]]]:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    raw = (Path(spec.submodule_search_locations[0]) / file).read_bytes()
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(raw).decode("utf-8"))))
    return Source(package, f"{package}/{file}", hashlib.sha256(raw).hexdigest()), rows


def _skfolio(name: str, symbols: tuple[str, ...]) -> tuple[Source, dict[str, Column]]:
    source, rows = _open("skfolio", f"datasets/data/{name}")
    columns = {s: {date.fromisoformat(row["Date"]): Decimal(row[s]) for row in rows} for s in symbols}
    for symbol, column in columns.items():
        _ascending(f"{name} {symbol}", column)
        if len(column) != len(rows) or min(column.values()) <= 0:
            raise NotAsExpected(f"{name} {symbol}: a repeated day or a price that is not positive")
    return source, columns


def _arch_column(file: str, name: str) -> tuple[Source, Column]:
    source, rows = _open("arch", f"data/{file}")
    column = {_american(row["Date"]): Decimal(row[name]) for row in rows if row[name] not in ("", ".")}
    _ascending(file, column)
    return source, column


def _arch_bars(folder: str) -> tuple[Source, dict[date, dict[str, Decimal]]]:
    source, rows = _open("arch", f"data/{folder}/{folder}.csv.gz")
    bars: dict[date, dict[str, Decimal]] = {}
    for row in rows:
        day = _american(row["Date"])
        if row["Close"] != row["Adj Close"]:
            raise NotAsExpected(f"{folder} on {day}: close and adjusted close differ")
        bar = {name.lower(): _cents(folder, day, row[name]) for name in ("Open", "High", "Low", "Close")}
        if not bar["low"] <= min(bar["open"], bar["close"]) <= max(bar["open"], bar["close"]) <= bar["high"]:
            raise NotAsExpected(f"{folder} on {day}: open or close outside low and high")
        bars[day] = bar
    _ascending(folder, bars)
    return source, bars


def _cents(folder: str, day: date, text: str) -> Decimal:
    """The two-decimal figure that a 32-bit float stands for; the package prints floats to six decimals."""
    value = Decimal(text)
    rounded = _round(value, 2)
    if abs(value - rounded) > value / 2**24 + Decimal("0.000001"):
        raise NotAsExpected(f"{folder} on {day}: {text} is not a two-decimal figure")
    return rounded


def _american(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a session date has no time zone


def _ascending(what: str, column: dict[date, object] | Column | dict[date, dict[str, Decimal]]) -> None:
    days = list(column)
    if days != sorted(days):
        raise NotAsExpected(f"{what}: days do not ascend")


def _split(column: Column) -> tuple[Column, Column]:
    """The days up to the last value below LEAST, and the days after it."""
    coarse = [day for day, value in column.items() if value < LEAST]
    if not coarse:
        return {}, column
    return (
        {day: value for day, value in column.items() if day <= coarse[-1]},
        {day: value for day, value in column.items() if day > coarse[-1]},
    )


# --- writing -----------------------------------------------------------------------------------------


def _wide(
    target: Path, name: str, columns: dict[str, Column], source: Source, treatment: str
) -> dict[str, object]:
    days = sorted({day for column in columns.values() for day in column})
    rows = [["date", *columns]]
    rows += [[day.isoformat(), *(_text(column.get(day)) for column in columns.values())] for day in days]
    series = [_series(symbol, "adj_close", column, "USD", "total") for symbol, column in columns.items()]
    return _file(target, name, rows, [source], series, treatment)


def _file(
    target: Path,
    name: str,
    rows: list[list[str]],
    sources: list[Source],
    series: list[dict[str, object]],
    treatment: str,
) -> dict[str, object]:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    raw = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=9, mtime=0) as packed:
        packed.write(text.getvalue().encode("utf-8"))
    (target / name).write_bytes(raw.getvalue())
    return {
        "file": name,
        "sha256": hashlib.sha256(raw.getvalue()).hexdigest(),
        "bytes": len(raw.getvalue()),
        "origins": [source.record() for source in sources],
        "series": series,
        "treatment": treatment,
    }


def _series(symbol: str, quantity: str, column: Column, unit: str, adjustment: str) -> dict[str, object]:
    return {
        "symbol": symbol,
        "quantity": quantity,
        "first": min(column).isoformat(),
        "last": max(column).isoformat(),
        "rows": len(column),
        "unit": unit,
        "adjustment": adjustment,
    }


def _text(value: Decimal | None) -> str:
    if value is None:
        return ""
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
