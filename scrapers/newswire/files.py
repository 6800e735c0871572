"""The files source: tables an operator supplies, as CSV or Parquet, into observations.

Reads no other place than the one file it is given and stores nothing (docs/sources.md is its manual).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from newswire import tables
from newswire.directory import QUALIFIED, Directory, Meaning, plain
from newswire.errors import SourceError
from newswire.observations import (
    Adjustment,
    BarTable,
    Decision,
    Event,
    Harvest,
    Instrument,
    InstrumentKind,
    Licence,
    Provenance,
    Reading,
    Skipped,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from newswire.tables import Table

PRICES = ("open", "high", "low", "close", "adj_close")
BAR_COLUMNS = (*PRICES, "volume", "dividend")
COLUMNS: dict[str, tuple[str, ...]] = {
    "instruments": (
        "symbol",
        "name",
        "exchange",
        "etf",
        "test_issue",
        "sector",
        "industry",
        "headquarters",
        "cik",
        "inception",
    ),
    "bars": ("symbol", "date", *BAR_COLUMNS),
    "readings": ("series", "date", "value", "known_at"),
    "policy": ("date", "lower", "upper", "change_bp", "url"),
    "events": ("date", "time", "zone", "kind", "title", "known_at", "url"),
}
# A close may leave its day's range by this share: feeds round, and correct one column before another.
# An adjusted close beside raw highs and lows is further out and is refused.
RANGE_TOLERANCE = 0.005
# Prices beyond these are mistakes, and their quotients would leave the 28 digits that figures are made with.
LEAST_PRICE, MOST = 1e-8, 1e12
DECISION_TIME = time(14, 0)  # a statement of the FOMC, New York
DECISION_ZONE = ZoneInfo("America/New_York")
MAX_TEXT = 300  # characters of a name or title
VERSION = 4  # of this parser: raised when the same bytes would give other observations

_SERIES = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.^=\-]{0,63}")
_KIND = re.compile(r"[a-z][a-z0-9-]{0,31}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
_CREATED = re.compile(tables.TRAILER + r":\s*(\d{2})(\d{2})(\d{4})(\d{2}):?(\d{2})")


@dataclass(frozen=True, slots=True)
class NamedInstrument:
    """An instrument spelt out in the settings, whose word is final. `bare` is what the table calls it."""

    symbol: str
    bare: str = ""
    name: str = ""
    kind: InstrumentKind | None = None
    inception: str = ""
    sector: str = ""
    industry: str = ""
    headquarters: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileSettings:
    """One `[[sources.files]]` table: what the file holds and how (docs/contracts/settings.md)."""

    name: str
    path: str  # as written, which may name an environment variable
    holds: Literal["instruments", "bars", "readings", "policy", "events"]
    columns: Mapping[str, str] = field(default_factory=dict)
    layout: Literal["long", "wide"] = "long"
    value: str = ""
    exchange: str = ""
    exchange_codes: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    unit: Literal["USD", "points"] = "USD"
    adjustment: Adjustment = "raw"
    proxies: Mapping[str, str] = field(default_factory=dict)
    instruments: tuple[NamedInstrument, ...] = ()
    attribution: str = ""
    licence: Licence = "private"
    delay_minutes: int = 0


@dataclass(frozen=True, slots=True)
class FileSnapshot:
    """The bytes of one file as read. `path` is where; instants are aware UTC."""

    path: str
    data: bytes
    digest: str  # sha256, in hex
    retrieved: datetime
    modified: datetime | None = None


def load_file(settings: FileSettings, path: Path, *, now: datetime) -> FileSnapshot:
    """The file's bytes; SourceError when it is missing, unreadable or too large."""
    source, shown = settings.name, str(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # opening a pipe waits for its writer
            raise SourceError(
                "not a file but a pipe or device; write it to a file", source=source, path=shown
            )
        with path.open("rb") as file:
            data = file.read(tables.MAX_FILE_BYTES + 1)
            modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError as error:
        message = "no such file; put it there or correct the path in broadtape.toml"
        raise SourceError(message, source=source, path=shown) from error
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", source=source, path=shown) from error
    if len(data) > tables.MAX_FILE_BYTES:
        message = f"larger than {tables.MAX_FILE_BYTES // 2**20} MB; split it into several files"
        raise SourceError(message, source=source, path=shown)
    now = now.astimezone(UTC)
    return FileSnapshot(shown, data, hashlib.sha256(data).hexdigest(), now, min(modified, now))


class FilesSource:
    """One file of the operator's. Parsing is pure: same bytes, directory and instant, same harvest."""

    def __init__(self, settings: FileSettings, *, zone: ZoneInfo = DECISION_ZONE) -> None:
        self._settings = settings
        self._zone = zone  # of the sessions: a date later than today there is an error

    def kinds(self, directory: Directory) -> list[tuple[str, InstrumentKind]]:
        """The instruments that the settings of this source spell out, with their kinds."""
        return [(one.symbol, one.kind) for one in _named(self._settings, directory)]

    def meaning(self, raw: str, directory: Directory) -> str:
        """What a symbol of this table stands for now; empty when it cannot be one."""
        found = directory.resolve(raw, _local_names(self._settings))
        return found.symbol if found else ""

    def parse(self, snapshot: FileSnapshot, directory: Directory) -> Harvest:
        """What the file holds. SourceError or BadValue refuses it whole, naming line, column and value.

        `directory` knows the instruments loaded so far; those that the settings name for this source are
        known in it too.
        """
        settings = self._settings
        where = tables.Where(settings.name, snapshot.path)
        mapped = [settings.columns[name] for name in COLUMNS[settings.holds] if settings.columns.get(name)]
        wide = settings.layout == "wide"
        table = tables.read(snapshot.data, where, wanted=list if wide else mapped)
        rows_read = table.rows + len(table.trailers)
        tally = _Tally()
        for line, text in table.trailers:
            tally.count("trailer" if tables.TRAILER in text else "empty", line, 1)
        published = _created(table.trailers, snapshot.retrieved)
        empty = table.empty_rows(table.columns)
        tally.add(table, empty, "empty")
        table = table.filter(~empty)
        provenance = Provenance(
            source=settings.name,
            address=settings.path,
            digest=snapshot.digest,
            retrieved=snapshot.retrieved,
            attribution=settings.attribution,
            licence=settings.licence,
            delay_minutes=settings.delay_minutes,
            published=published or snapshot.modified,
        )
        names = _Names(directory, _local_names(settings))
        today = snapshot.retrieved.astimezone(self._zone).date()
        job = _Job(settings, table, names, provenance, tally, today, self._zone)
        match settings.holds, settings.layout:
            case "instruments", _:
                harvest = _instruments(job)
            case "bars", "wide":
                harvest = _wide_bars(job)
            case "bars", _:
                harvest = _long_bars(job)
            case "readings", "wide":
                harvest = _wide_readings(job)
            case "readings", _:
                harvest = _long_readings(job)
            case "policy", _:
                harvest = _policy(job)
            case _:
                harvest = _events(job)
        return replace(
            harvest,
            instruments=(*harvest.instruments, *_named(settings, directory)),
            rows_read=rows_read,
            skipped=tally.skipped(),
            unresolved=names.unresolved(),
            names=names.understood(),
            ambiguous=names.ambiguous(),
            provenance=provenance,
        )


# --- what the readers below share -----------------------------------------------------------------------


@dataclass(slots=True)
class _Tally:
    """Rows left out, by reason: the first line and how many."""

    reasons: dict[str, tuple[int, int]] = field(default_factory=dict)

    def count(self, reason: str, line: int, rows: int) -> None:
        first, before = self.reasons.get(reason, (line, 0))
        self.reasons[reason] = (first, before + rows)

    def add(self, table: Table, rows: NDArray[np.bool_], reason: str) -> None:
        found = np.flatnonzero(rows)
        if len(found):
            self.count(reason, table.line(int(found[0])), len(found))

    def skipped(self) -> tuple[Skipped, ...]:
        found = (Skipped(line, reason, count) for reason, (line, count) in self.reasons.items())
        return tuple(sorted(found, key=lambda one: (one.line, one.reason)))


@dataclass(slots=True)
class _Names:
    """How the table's symbols are understood, remembered for the report."""

    directory: Directory
    local: Mapping[str, str]
    meanings: dict[str, Meaning] = field(default_factory=dict)

    def resolve(self, raw: str) -> Meaning | None:
        meaning = self.directory.resolve(raw, self.local)
        if meaning is not None:
            self.meanings[raw] = meaning
        return meaning

    def unresolved(self) -> tuple[str, ...]:
        return tuple(sorted({one.symbol for one in self.meanings.values() if not one.listed}))

    def understood(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((raw, meaning.symbol) for raw, meaning in self.meanings.items()))

    def ambiguous(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        found = ((raw, (one.symbol, *one.others)) for raw, one in self.meanings.items() if one.others)
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class _Job:
    """One table being read."""

    settings: FileSettings
    table: Table
    names: _Names
    provenance: Provenance
    tally: _Tally
    today: date
    zone: ZoneInfo

    def column(self, name: str) -> str:
        """The file's column for one of our names; empty when it has none."""
        return self.settings.columns.get(name, "")

    def texts(self, name: str, *, most: int = MAX_TEXT) -> list[str]:
        """The column's strings, white space folded, control characters gone; all empty when not mapped."""
        column = self.column(name)
        if not column:
            return [""] * self.table.rows
        found = [" ".join(_CONTROL.sub(" ", text).split()) for text in self.table.text(column)]
        for row, text in enumerate(found):
            if len(text) > most:
                self.table.refuse(row, column, text, f"longer than {most} characters")
        return found

    def refuse(self, row: int, name: str, value: object, message: str) -> NoReturn:
        """A value of one of our columns is wrong."""
        self.table.refuse(row, self.column(name), value, message)

    def without(self, rows: NDArray[np.bool_], reason: str) -> _Job:
        """The same job without some rows, which are counted."""
        self.tally.add(self.table, rows, reason)
        return replace(self, table=self.table.filter(~rows))

    def addresses(self, name: str) -> list[str]:
        """The column's web addresses."""
        found = self.texts(name, most=2000)
        for row, text in enumerate(found):
            if text and not re.match(r"https?://[^\s/]+", text):
                self.refuse(row, name, text, "not an http or https address")
        return found


def _local_names(settings: FileSettings) -> dict[str, str]:
    """The table's own names for the instruments the settings spell out."""
    return {plain(one.bare or one.symbol.partition(":")[2]): one.symbol for one in settings.instruments}


def _named(settings: FileSettings, directory: Directory) -> list[Instrument]:
    """The instruments and proxies that the settings of this source spell out."""
    found: dict[str, Instrument] = {}
    for one in settings.instruments:
        default: InstrumentKind = "index" if settings.unit == "points" else "stock"
        inception = tables.parse_instant(one.inception) if one.inception else None
        if one.inception and (inception is None or isinstance(inception, datetime)):
            message = f"instruments: inception of {one.symbol}: {one.inception!r} is not an ISO date"
            raise SourceError(message, source=settings.name, path="broadtape.toml")
        found[one.symbol] = Instrument(
            symbol=one.symbol,
            name=one.name,
            kind=one.kind or directory.kind(one.symbol) or default,
            sector=one.sector,
            industry=one.industry,
            headquarters=one.headquarters,
            inception=inception,
            aliases=one.aliases,
            standing="settings",
        )
    for symbol, index in settings.proxies.items():
        known = found.get(symbol) or Instrument(
            symbol=symbol, name="", kind=directory.kind(symbol) or "etf", standing="settings"
        )
        found[symbol] = replace(known, proxy_of=index)
    return list(found.values())


def _created(trailers: Sequence[tuple[int, str]], retrieved: datetime) -> datetime | None:
    """When the exchange made the file, by its last line; None where it does not say."""
    for _, text in reversed(trailers):
        found = _CREATED.search(text)
        if found:
            month, day, year, hour, minute = (int(part) for part in found.groups())
            try:
                made = datetime(year, month, day, hour, minute, tzinfo=DECISION_ZONE)
            except ValueError:
                continue
            return min(made.astimezone(UTC), retrieved)
    return None


# --- instruments -----------------------------------------------------------------------------------------


def _instruments(job: _Job) -> Harvest:
    settings = job.settings
    if job.column("test_issue"):
        job = job.without(
            np.array([text == "Y" for text in job.texts("test_issue")], dtype=bool), "test issue"
        )
    codes = [text.upper() for text in job.texts("exchange")]
    if job.column("exchange") and settings.exchange_codes:
        unknown = np.array([code not in settings.exchange_codes for code in codes], dtype=bool)
        job = job.without(unknown, "exchange not in exchange_codes")
        codes = [settings.exchange_codes[text.upper()] for text in job.texts("exchange")]
    symbols = job.texts("symbol", most=64)
    texts = {name: job.texts(name) for name in ("name", "etf", "sector", "industry", "headquarters", "cik")}
    inceptions = job.texts("inception")
    has_flag = bool(job.column("etf"))
    seen: dict[str, int] = {}
    instruments: list[Instrument] = []
    for row, raw in enumerate(symbols):
        exchange = codes[row] or settings.exchange
        if not raw:
            job.refuse(row, "symbol", raw, "no symbol")
        if exchange and ":" not in raw:
            symbol = f"{exchange}:{_dotted(raw.upper())}"
            if not QUALIFIED.fullmatch(symbol):
                job.refuse(row, "symbol", raw, f"not a symbol of {exchange}")
        else:
            meaning = job.names.resolve(raw)
            if meaning is None:
                job.refuse(row, "symbol", raw, "not a symbol")
            symbol = meaning.symbol
        if symbol in seen:
            job.refuse(row, "symbol", raw, f"stands twice; first on line {job.table.line(seen[symbol])}")
        seen[symbol] = row
        inception = tables.parse_instant(inceptions[row]) if inceptions[row] else None
        if inceptions[row] and (inception is None or isinstance(inception, datetime)):
            job.refuse(row, "inception", inceptions[row], "not an ISO date (2026-01-12)")
        flagged: InstrumentKind = "etf" if texts["etf"][row].upper() in ("Y", "YES", "TRUE", "1") else "stock"
        known = job.names.directory.kind(symbol)
        instruments.append(
            Instrument(
                symbol=symbol,
                name=texts["name"][row],
                kind=flagged if has_flag else (known or "stock"),
                sector=texts["sector"][row],
                industry=texts["industry"][row],
                headquarters=texts["headquarters"][row],
                cik=texts["cik"][row],
                inception=inception,
                standing="directory" if exchange else "members",
            )
        )
    groups = ((settings.group, tuple(sorted(seen))),) if settings.group else ()
    return Harvest(settings.name, instruments=tuple(instruments), groups=groups)


def _dotted(symbol: str) -> str:
    """A directory's symbol with its class mark as a dot: BRK-B and BRK/B are BRK.B."""
    return re.sub(r"[-/](?=[A-Z]{1,2}$)", ".", symbol)


# --- bars -------------------------------------------------------------------------------------------------


def _long_bars(job: _Job) -> Harvest:
    given = [name for name in BAR_COLUMNS if job.column(name)]
    values = {name: job.table.numbers(job.column(name)) for name in given}
    prices = [values[name] for name in PRICES if name in values]
    nothing = np.all(np.isnan(np.stack(prices)), axis=0)
    if nothing.any():
        job = job.without(nothing, "no value")
        values = {name: column[~nothing] for name, column in values.items()}
    table = job.table
    _check_values(job, values)
    days = table.days(job.column("date"), latest=job.today)
    codes, raws = table.codes(job.column("symbol"))
    symbols: list[str] = []
    for code, raw in enumerate(raws):
        meaning = job.names.resolve(raw)
        if meaning is None:
            row = int(np.argmax(codes == code))
            job.refuse(row, "symbol", raw, "not a symbol" if raw else "no symbol")
        symbols.append(meaning.symbol)
    # Two spellings of one symbol are one series.
    ordered = sorted(set(symbols))
    place = {symbol: number for number, symbol in enumerate(ordered)}
    series = np.array([place[symbol] for symbol in symbols], dtype=np.int64)[codes] if symbols else codes
    order = np.lexsort((days, series))
    series, days = series[order], days[order]
    twice = (series[1:] == series[:-1]) & (days[1:] == days[:-1])
    if twice.any():
        at = int(np.argmax(twice))
        first, second = sorted((int(order[at]), int(order[at + 1])))
        job.refuse(second, "date", f"{raws[codes[second]]} {days[at]}", f"also on line {table.line(first)}")
    values = {name: column[order] for name, column in values.items()}
    bounds = np.searchsorted(series, np.arange(len(ordered) + 1))
    bars = [
        _bar_table(
            job,
            symbol,
            days[bounds[number] : bounds[number + 1]],
            {name: column[bounds[number] : bounds[number + 1]] for name, column in values.items()},
        )
        for number, symbol in enumerate(ordered)
    ]
    return _bar_harvest(job, bars)


def _wide_bars(job: _Job) -> Harvest:
    table = job.table
    date_column = job.column("date")
    if date_column not in table.header:
        table.where.refuse(f"line 1: no column {date_column!r}")
    days = table.days(date_column, latest=job.today)
    order = np.argsort(days, kind="stable")
    _refuse_twice(job, days, order)
    bars: dict[str, BarTable] = {}
    named: dict[str, str] = {}
    for column in table.header:
        if column == date_column:
            continue
        meaning = job.names.resolve(column)
        if meaning is None:
            table.where.refuse(f"line 1: the column {column!r} is not a symbol")
        if meaning.symbol in bars:
            table.where.refuse(f"line 1: the columns {named[meaning.symbol]!r} and {column!r} are one symbol")
        values = table.numbers(column)
        _check_positive(table, column, values)
        values = values[order]
        has = ~np.isnan(values)
        named[meaning.symbol] = column
        bars[meaning.symbol] = _bar_table(
            job, meaning.symbol, days[order][has], {job.settings.value: values[has]}
        )
    return _bar_harvest(job, [bars[symbol] for symbol in sorted(bars)])


def _bar_harvest(job: _Job, bars: Sequence[BarTable]) -> Harvest:
    members = tuple(table.symbol for table in bars)
    groups = ((job.settings.group, members),) if job.settings.group else ()
    return Harvest(job.settings.name, bars=tuple(one for one in bars if len(one.days)), groups=groups)


def _check_values(job: _Job, values: Mapping[str, NDArray[np.float64]]) -> None:
    """Prices positive, volumes and dividends not negative, the day's range in order."""
    for name, column in values.items():
        if name in PRICES:
            _check_positive(job.table, job.column(name), column)
        elif ((column < 0) | (column > MOST)).any():
            row = int(np.argmax((column < 0) | (column > MOST)))
            job.refuse(row, name, f"{column[row]:g}", "negative" if column[row] < 0 else "too large")
    low, high = values.get("low"), values.get("high")
    if low is None or high is None:
        return
    swapped = high < low
    if swapped.any():
        row = int(np.argmax(swapped))
        job.refuse(row, "high", f"{high[row]:g}", f"below the day's low, {low[row]:g}")
    for name in ("open", "close"):
        if name in values:
            price = values[name]
            outside = (price < low * (1 - RANGE_TOLERANCE)) | (price > high * (1 + RANGE_TOLERANCE))
            if outside.any():
                row = int(np.argmax(outside))
                message = f"outside the day's range {low[row]:g} to {high[row]:g}; is it adjusted otherwise?"
                job.refuse(row, name, f"{price[row]:g}", message)


def _check_positive(table: Table, column: str, values: NDArray[np.float64]) -> None:
    wrong = (values <= 0) | (values < LEAST_PRICE) | (values > MOST)
    if wrong.any():
        row = int(np.argmax(wrong))
        message = "not a positive price" if values[row] <= 0 else "no price; is it another column's value?"
        table.refuse(row, column, f"{values[row]:g}", message)


def _bar_table(
    job: _Job, symbol: str, days: NDArray[np.datetime64], values: Mapping[str, NDArray[np.float64]]
) -> BarTable:
    """The bars of one symbol; prices that include dividends are never kept as open, high, low or close."""
    settings = job.settings
    none = np.full(len(days), np.nan)
    columns = {name: values.get(name, none) for name in BAR_COLUMNS}
    adjustment = settings.adjustment
    if adjustment == "total":
        if "adj_close" not in values:
            columns["adj_close"] = columns["close"]
        columns.update(dict.fromkeys(("open", "high", "low", "close"), none))
    elif "close" not in values:
        adjustment = "total"
    printed = columns["close"] if adjustment != "total" else columns["adj_close"]
    # One table may hold both: an index among shares has no price in dollars.
    index = symbol.startswith("INDEX") or job.names.directory.kind(symbol) == "index"
    unit = "points" if index else settings.unit
    return BarTable(
        symbol=symbol,
        days=days,
        adjustment=adjustment,
        unit=unit,
        # Prices are printed in cents, also those of a table of whole dollars or of halved ones.
        decimals=tables.decimals(printed) if unit == "points" else max(2, tables.decimals(printed, most=2)),
        provenance=job.provenance,
        **columns,
    )


def _refuse_twice(job: _Job, days: NDArray[np.datetime64], order: NDArray[np.int64]) -> None:
    twice = days[order][1:] == days[order][:-1]
    if twice.any():
        at = int(np.argmax(twice))
        first, second = sorted((int(order[at]), int(order[at + 1])))
        job.refuse(second, "date", days[second], f"also on line {job.table.line(first)}")


# --- readings ---------------------------------------------------------------------------------------------


def _long_readings(job: _Job) -> Harvest:
    column = job.column("value")
    job, values = _with_values(job, column)
    series = job.texts("series")
    periods = job.table.days(job.column("date"), latest=job.today, months=True)
    known = _instants(job, "known_at")
    seen: dict[tuple[str, object, object], int] = {}
    readings: list[Reading] = []
    for row, name in enumerate(series):
        if not _SERIES.fullmatch(name):
            job.refuse(row, "series", name, "not the name of a series")
        key = (name, periods[row], known[row])
        if key in seen:
            job.refuse(row, "date", f"{name} {periods[row]}", f"also on line {job.table.line(seen[key])}")
        seen[key] = row
        readings.append(Reading(name, periods[row].item(), values[row], known[row], job.provenance))
    return Harvest(job.settings.name, readings=tuple(readings))


def _wide_readings(job: _Job) -> Harvest:
    table = job.table
    date_column = job.column("date")
    if date_column not in table.header:
        table.where.refuse(f"line 1: no column {date_column!r}")
    readings: list[Reading] = []
    for column in table.header:
        if column == date_column:
            continue
        if not _SERIES.fullmatch(column):
            table.where.refuse(f"line 1: the column {column!r} is not the name of a series")
        one, values = _with_values(job, column)
        periods = one.table.days(date_column, latest=job.today, months=True)
        _refuse_twice(one, periods, np.argsort(periods, kind="stable"))
        readings += [
            Reading(column, period.item(), value, None, job.provenance)
            for period, value in zip(periods, values, strict=True)
        ]
    return Harvest(job.settings.name, readings=tuple(readings))


def _with_values(job: _Job, column: str) -> tuple[_Job, list[Decimal]]:
    """The rows that have a value, and the values exactly as printed. FRED's older files say "." for none."""
    texts = job.table.text(column)
    none = np.array([text in ("", ".", "nan") for text in texts], dtype=bool)
    job = job.without(none, "no value")
    return job, [_decimal(job.table, column, row, text) for row, text in enumerate(job.table.text(column))]


def _decimal(table: Table, column: str, row: int, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        table.refuse(row, column, text, "not a number")
    if not value.is_finite() or "_" in text or not text.isascii():
        table.refuse(row, column, text, "not a finite number")
    if abs(value.adjusted()) > 30 or len(text) > 40:
        table.refuse(row, column, text, "too long a number")
    return value


def _instants(job: _Job, name: str, zones: Sequence[ZoneInfo] | None = None) -> list[datetime | None]:
    """The column's instants in UTC: a date alone means its first moment; without an offset, the zone's."""
    found: list[datetime | None] = []
    for row, text in enumerate(job.texts(name)):
        if not text:
            found.append(None)
            continue
        value = tables.parse_instant(text)
        if value is None:
            job.refuse(row, name, text, "neither an ISO date nor an ISO date and time")
        if not isinstance(value, datetime):
            value = datetime.combine(value, time())
        if value.tzinfo is None:
            value = value.replace(tzinfo=zones[row] if zones else job.zone)
        found.append(value.astimezone(UTC))
    return found


# --- decisions and events ---------------------------------------------------------------------------------


def _policy(job: _Job) -> Harvest:
    days = job.table.days(job.column("date"), latest=job.today)
    order = np.argsort(days, kind="stable")
    _refuse_twice(job, days, order)
    lowers, uppers, changes = job.texts("lower"), job.texts("upper"), job.texts("change_bp")
    urls = job.addresses("url")
    decisions: list[Decision] = []
    for row in (int(one) for one in order):
        lower = _decimal(job.table, job.column("lower"), row, lowers[row])
        upper = _decimal(job.table, job.column("upper"), row, uppers[row])
        if lower > upper:
            job.refuse(row, "lower", lowers[row], f"above the range's upper end, {uppers[row]}")
        if not -10 <= lower <= upper <= 100:
            job.refuse(row, "upper", uppers[row], "not a policy rate in percent")
        if changes[row]:
            change = _decimal(job.table, job.column("change_bp"), row, changes[row])
        else:
            change = (upper - decisions[-1].upper) * 100 if decisions else Decimal(0)
        if change != change.to_integral_value():
            job.refuse(row, "change_bp", changes[row], "not a whole number of basis points")
        day = days[row].item()
        known = datetime.combine(day, DECISION_TIME, DECISION_ZONE).astimezone(UTC)
        decisions.append(Decision(day, lower, upper, int(change), known, urls[row], job.provenance))
    return Harvest(job.settings.name, decisions=tuple(decisions))


def _events(job: _Job) -> Harvest:
    zones = [_zone(job, row, text) for row, text in enumerate(job.texts("zone"))]
    days = job.table.days(job.column("date"), latest=date(9000, 1, 1))
    times, kinds, titles = job.texts("time"), job.texts("kind"), job.texts("title")
    known, urls = _instants(job, "known_at", zones), job.addresses("url")
    seen: dict[tuple[date, str, str], int] = {}
    events: list[Event] = []
    for row in range(job.table.rows):
        day, kind, title = days[row].item(), kinds[row].lower(), titles[row]
        if not _KIND.fullmatch(kind):
            job.refuse(row, "kind", kinds[row], "not a kind such as cpi, jobs or fomc")
        if not title:
            job.refuse(row, "title", title, "no title")
        if times[row] and not _TIME.fullmatch(times[row]):
            job.refuse(row, "time", times[row], "not a time such as 08:30")
        if (day, kind, title) in seen:
            job.refuse(row, "date", f"{day} {kind}", f"also on line {job.table.line(seen[day, kind, title])}")
        seen[day, kind, title] = row
        # Without a time the day's last minute: what it brings counts as known no sooner.
        clock = time.fromisoformat(times[row].zfill(5)) if times[row] else time(23, 59)
        at = datetime.combine(day, clock, zones[row]).astimezone(UTC)
        first_known = known[row] or min(at, job.provenance.retrieved)
        events.append(Event(day, at, zones[row].key, kind, title, first_known, urls[row], job.provenance))
    return Harvest(job.settings.name, events=tuple(sorted(events, key=lambda one: (one.at, one.kind))))


def _zone(job: _Job, row: int, name: str) -> ZoneInfo:
    if not name:
        return job.zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        job.refuse(row, "zone", name, "not a time zone such as America/New_York")
