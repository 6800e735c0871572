"""Hand-made facts over every metric and statements that follow from them, for tests of claims and proof.

The figures are invented; the shapes (parts, units, tags) are those of docs/contracts/metrics.md.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from broadtape.desk.claims.names import NameTable
from broadtape.model import Evidence, Fact, FactKey, Instrument, Part

AS_OF = date(2026, 1, 12)
SMALL, LARGE, TECH, FUND = "INDEXRUSSELL:RUT", "INDEXSP:SPX", "INDEXNASDAQ:IXIC", "NYSEARCA:IWM"
CHIPS, SOFT = "NASDAQ:NVDA", "NASDAQ:MSFT"
INSTRUMENTS = (
    Instrument(SMALL, "Russell 2000", "index"),
    Instrument(LARGE, "S&P 500", "index"),
    Instrument(TECH, "Nasdaq Composite", "index"),
    Instrument(FUND, "iShares Russell 2000 ETF", "etf"),
    Instrument(CHIPS, "NVIDIA Corporation", "stock", aliases=("Nvidia",)),
    Instrument(SOFT, "Microsoft Corporation", "stock"),
    Instrument("NYSE:TGT", "Target Corporation", "stock"),
)
NAMES = NameTable.of(INSTRUMENTS, {"small": SMALL, "large": LARGE})


def number(name: str, kind: str, value: str, unit: str = "percent", decimals: int = 2) -> Part:
    return Part(name, kind, Decimal(value), unit, decimals)  # type: ignore[arg-type]  # kinds by hand


def count(name: str, value: int, unit: str) -> Part:
    return Part(name, "count", value, unit, 0)


def on(name: str, day: str) -> Part:
    return Part(name, "date", date.fromisoformat(day), "", 0)


def in_month(name: str, month: str) -> Part:
    return Part(name, "month", date.fromisoformat(f"{month}-01"), "", 0)


def who(symbol: str, name: str = "subject") -> Part:
    return Part(name, "entity", symbol, "", 0)


def fact(
    address: str, value: Part, *parts: Part, tags: str = "", as_of: date = AS_OF, version: int = 1
) -> Fact:
    metric, _, query = address.partition("?")
    params = tuple(sorted(tuple(pair.split("=", 1)) for pair in query.split("&") if pair))
    return Fact(
        FactKey(metric, params, as_of, version),  # type: ignore[arg-type]  # pairs
        value.value, value.unit, value.decimals, (value, *parts), frozenset(tags.split()), Evidence(),
    )  # fmt: skip


def _range(name: str = "range") -> Part:
    return Part(name, "range", (Decimal("3.50"), Decimal("3.75")), "percent", 2)


def _window(start: str, end: str, sessions: int) -> tuple[Part, Part, Part]:
    return on("start", start), on("end", end), count("sessions", sessions, "sessions")


FACTS: dict[str, Fact] = {
    "december": fact(
        f"return?of={SMALL}&over=2025-12", number("value", "change", "-0.74"), who(SMALL),
        *_window("2025-12-01", "2025-12-31", 22), in_month("month", "2025-12"),
        number("from", "level", "2500.40", "points"), number("to", "level", "2481.90", "points"), tags="down size0",
    ),
    "first5": fact(
        f"return?of={SMALL}&over=2026.first5s", number("value", "change", "4.92"), who(SMALL),
        *_window("2026-01-02", "2026-01-08", 5), tags="up size2 first",
    ),
    "span": fact(
        f"return?of={SMALL}&over=2026-01-02..2026-01-12", number("value", "change", "6.20"), who(SMALL),
        *_window("2026-01-02", "2026-01-12", 7), tags="up size3",
    ),
    "day": fact(
        f"return?of={SMALL}&over=1s", number("value", "change", "0.44"), who(SMALL),
        *_window("2026-01-12", "2026-01-12", 1), tags="up size1",
    ),
    "ytd-total": fact(
        f"return?basis=total&of={FUND}&over=ytd", number("value", "change", "6.23"), who(FUND),
        *_window("2026-01-02", "2026-01-12", 7), tags="up size3 total to-date",
    ),
    "quarter": fact(
        f"return?of={LARGE}&over=2025-Q4", number("value", "change", "2.35"), who(LARGE),
        *_window("2025-10-01", "2025-12-31", 64), count("quarter", 4, "quarter"), Part("year", "year", 2025, "", 0),
        tags="up size2",
    ),
    "year": fact(
        f"return?of={LARGE}&over=2022", number("value", "change", "-19.44"), who(LARGE),
        *_window("2022-01-03", "2022-12-30", 251), Part("year", "year", 2022, "", 0), tags="down size4",
    ),
    "sixty": fact(
        f"return?of={LARGE}&over=63s", number("value", "change", "3.61"), who(LARGE),
        *_window("2025-10-10", "2026-01-12", 63), tags="up size2",
    ),
    "three-years": fact(
        f"return?of={LARGE}&over=since:2023-01-12", number("value", "change", "75.20"), who(LARGE),
        *_window("2023-01-12", "2026-01-12", 752), tags="up since size4",
    ),
    "gap": fact(
        f"relative-return?of={SMALL}&vs={LARGE}&over=2026-01-02..2026-01-12",
        number("value", "change", "4.28", "percentage points"), who(SMALL), who(LARGE, "object"),
        *_window("2026-01-02", "2026-01-12", 7), tags="lead",
    ),
    "behind": fact(
        f"relative-return?of={SMALL}&vs={LARGE}&over=2025-12",
        number("value", "change", "-0.69", "percentage points"), who(SMALL), who(LARGE, "object"),
        *_window("2025-12-01", "2025-12-31", 22), in_month("month", "2025-12"), tags="lag",
    ),
    "streak": fact(
        f"relative-streak?of={SMALL}&vs={LARGE}", count("value", 7, "sessions"), who(SMALL), who(LARGE, "object"),
        on("start", "2026-01-02"), on("end", "2026-01-12"), tags="streak lead ongoing",
    ),
    "ended": fact(
        f"relative-streak-ended?of={SMALL}&vs={LARGE}", count("value", 14, "sessions"), who(SMALL),
        who(LARGE, "object"), on("start", "2025-12-19"), on("end", "2026-01-09"), on("broken", "2026-01-12"),
        tags="streak lead ended",
    ),
    "longer": fact(
        f"streak-last-longer?of={SMALL}&vs={LARGE}", count("value", 8, "sessions"), who(SMALL), who(LARGE, "object"),
        on("start", "2019-01-02"), on("end", "2019-01-11"), tags="streak lead longer longest since last",
    ),
    "longer-tied": fact(
        f"streak-last-longer?of={SMALL}&vs={TECH}", count("value", 8, "sessions"), who(SMALL), who(TECH, "object"),
        on("start", "2019-01-02"), on("end", "2019-01-11"), tags="streak lead longer longest since last tie",
    ),
    "equal": fact(
        f"streak-last-equal?of={SMALL}&vs={LARGE}", count("value", 2, "runs"), who(SMALL), who(LARGE, "object"),
        on("end1", "2022-02-11"), on("end2", "2022-09-15"), count("length", 7, "sessions"),
        tags="streak tie since last",
    ),
    "longest": fact(
        f"streak-longest?of={SMALL}&vs={LARGE}", count("value", 14, "sessions"), who(SMALL), who(LARGE, "object"),
        on("data_start", "2016-06-28"), on("start", "2025-12-19"), on("end", "2026-01-12"),
        tags="streak lead longest since in-data record ongoing",
    ),
    "count": fact(
        f"streak-count?at_least=7&of={SMALL}&vs={LARGE}", count("value", 6, "runs"), who(SMALL), who(LARGE, "object"),
        count("at_least", 7, "sessions"), on("data_start", "2016-06-28"), tags="streak at-least earlier few",
    ),
    "months": fact(
        f"periods-led?from=2025-02&of={SMALL}&to=2025-12&vs={LARGE}", count("value", 3, "months"), who(SMALL),
        who(LARGE, "object"), count("total", 11, "months"), in_month("from", "2025-02"), in_month("to", "2025-12"),
        tags="lead",
    ),
    "rise": fact(
        f"streak?of={LARGE}", count("value", 3, "sessions"), who(LARGE), on("start", "2026-01-08"),
        on("end", "2026-01-12"), tags="streak up ongoing",
    ),
    "record": fact(
        f"record?of={SMALL}", number("value", "level", "2635.70", "points"), who(SMALL), on("date", "2026-01-12"),
        on("data_start", "2016-06-28"), tags="record highest close in-data",
    ),
    "all-time": fact(
        f"record?of={LARGE}", number("value", "level", "6977.30", "points"), who(LARGE), on("date", "2026-01-12"),
        on("data_start", "1957-03-04"), tags="record highest close all-time",
    ),
    "low52": fact(
        f"record?of={TECH}&side=low&window=52w", number("value", "level", "10321.64", "points"), who(TECH),
        on("date", "2026-01-12"), on("data_start", "2016-06-28"), tags="lowest close 52-week",
    ),
    "last-record": fact(
        f"last-record?of={LARGE}", number("value", "level", "6921.46", "points"), who(LARGE), on("date", "2026-01-08"),
        on("data_start", "1957-03-04"), tags="record highest close last all-time",
    ),
    "records": fact(
        f"record-count?of={LARGE}&over=2025", count("value", 39, "records"), who(LARGE),
        *_window("2025-01-02", "2025-12-31", 250), Part("year", "year", 2025, "", 0), tags="record close highest",
    ),
    "extreme": fact(
        f"extreme-since?of={LARGE}&side=high", Part("value", "date", date(2025, 10, 15), "date", 0), who(LARGE),
        number("level", "level", "6910.20", "points"), number("then", "level", "6921.00", "points"),
        tags="highest since close last",
    ),
    "best-month": fact(
        f"return-extreme?of={SMALL}&unit=month", number("value", "change", "6.81"), who(SMALL),
        on("start", "2025-11-03"), on("end", "2025-11-28"), on("since", "2023-12-29"),
        number("then", "change", "12.05"),
        on("data_start", "2016-06-28"), tags="best largest since up",
    ),
    "worst-day": fact(
        f"return-extreme?of={SMALL}&side=worst", number("value", "change", "-4.12"), who(SMALL),
        on("start", "2026-01-12"), on("end", "2026-01-12"), on("since", "2025-04-04"),
        number("then", "change", "-4.37"), on("data_start", "2016-06-28"), tags="worst largest since down",
    ),
    "round": fact(
        f"first-close?level=2600&of={SMALL}", Part("value", "date", date(2026, 1, 8), "date", 0), who(SMALL),
        number("level", "level", "2600", "points"), number("close", "level", "2603.90", "points"),
        on("data_start", "2016-06-28"), tags="first above close in-data",
    ),
    "back-below": fact(
        f"first-close-since?level=2400&of={SMALL}&side=below", Part("value", "date", date(2025, 9, 25), "date", 0),
        who(SMALL), number("level", "level", "2400", "points"), number("close", "level", "2391.25", "points"),
        on("date", "2026-01-12"), tags="first since below close",
    ),
    "drawdown": fact(
        f"drawdown?of={TECH}", number("value", "change", "-3.25"), who(TECH), on("peak", "2025-10-29"),
        number("peak_level", "level", "23958.50", "points"), number("level", "level", "23180.10", "points"),
        tags="down below record highest close",
    ),
    "dip": fact(
        f"max-drawdown?of={LARGE}&over=2025", number("value", "change", "-18.90"), who(LARGE),
        *_window("2025-01-02", "2025-12-31", 250), Part("year", "year", 2025, "", 0), on("peak", "2025-02-19"),
        on("trough", "2025-04-08"), tags="down largest",
    ),
    "correction": fact(
        f"decline?of={LARGE}", on("value", "2025-03-13"), who(LARGE), number("at_least", "level", "10", decimals=0),
        on("peak", "2025-02-19"), number("close", "level", "5521.52", "points"), count("length", 16, "sessions"),
        tags="first below close down decline peak correction",
    ),
    "correction-before": fact(
        f"decline-before?of={LARGE}", on("value", "2023-10-27"), who(LARGE),
        number("at_least", "level", "10", decimals=0), tags="last since below close peak earlier decline",
    ),
    "bull": fact(
        f"advance?of={LARGE}", on("value", "2023-06-08"), who(LARGE), number("at_least", "level", "20", decimals=0),
        on("low", "2022-10-12"), number("close", "level", "4293.93", "points"), count("length", 164, "sessions"),
        tags="first above close up bull-market trough",
    ),
    "recovery": fact(
        f"recovery?of={LARGE}", count("value", 126, "sessions"), who(LARGE), on("peak", "2025-07-14"),
        on("date", "2026-01-12"), tags="recovered above close peak first earlier",
    ),
    "recovery-climb": fact(
        f"recovery?of={LARGE}&stat=climb", count("value", 103, "sessions"), who(LARGE), on("trough", "2025-08-20"),
        on("date", "2026-01-12"), tags="recovered above close trough",
    ),
    "regained": fact(
        f"regained?of={LARGE}", number("value", "share", "41", decimals=0), who(LARGE), on("peak", "2025-02-19"),
        on("trough", "2025-04-08"), tags="regained down close peak trough",
    ),
    "declines": fact(
        f"declines?of={LARGE}", count("value", 4, "cases"), who(LARGE), number("at_least", "level", "10", decimals=0),
        on("data_start", "2016-06-28"), tags="earlier at-least decline down close correction few",
    ),
    "declines-back": fact(
        f"declines?of={LARGE}&stat=back", count("value", 120, "sessions"), count("n", 4, "cases"), who(LARGE),
        number("at_least", "level", "10", decimals=0), on("data_start", "2016-06-28"),
        tags="earlier at-least decline down close correction few median recovered trough",
    ),
    "losing-weeks": fact(
        f"streak?of={LARGE}&side=down&unit=week", count("value", 7, "weeks"), who(LARGE), on("start", "2025-11-24"),
        on("end", "2026-01-09"), tags="streak down ongoing",
    ),
    "weeks-ended": fact(
        f"streak-ended?of={LARGE}&side=down&unit=week", count("value", 7, "weeks"), who(LARGE),
        on("start", "2025-11-17"), on("end", "2026-01-02"), on("broken", "2026-01-09"), tags="streak down ended",
    ),
    "weeks-longer": fact(
        f"streak-longer?of={LARGE}&side=down&unit=week", count("value", 8, "weeks"), who(LARGE),
        on("start", "2001-02-05"), on("end", "2001-03-30"), tags="streak down longer longest since last",
    ),
    "weeks-most": fact(
        f"streak-most?of={LARGE}&side=down&unit=week", count("value", 7, "weeks"), who(LARGE),
        on("start", "2025-11-24"), on("end", "2026-01-09"), on("data_start", "2016-07-01"),
        tags="streak down longest since in-data record ongoing",
    ),
    "within": fact(
        f"session-extreme?of={LARGE}", number("value", "change", "-3.99"), who(LARGE), on("date", "2026-01-12"),
        tags="intraday lowest down",
    ),
    "gapped": fact(
        f"gap?of={LARGE}", number("value", "change", "-1.36"), who(LARGE), on("date", "2026-01-12"),
        tags="intraday gap down",
    ),
    "volume": fact(
        f"volume?of={FUND}", number("value", "level", "3.5", "times", 1), who(FUND), on("date", "2026-01-12"),
        tags="volume median",
    ),
    "volume-since": fact(
        f"volume-since?of={FUND}", on("value", "2020-03-26"), who(FUND), tags="volume since largest last",
    ),
    "average": fact(
        f"average-distance?of={LARGE}", number("value", "change", "-0.46"), who(LARGE),
        count("length", 200, "sessions"), tags="below mean close",
    ),
    "crossed-average": fact(
        f"average-cross?of={LARGE}&side=below", count("value", 85, "sessions"), who(LARGE),
        count("length", 200, "sessions"), tags="below mean close earlier first",
    ),
    "above-average": fact(
        "above-average?basis=total&in=sp500-members", count("value", 115, "members"), count("total", 499, "members"),
        count("length", 200, "sessions"), tags="share above mean total",
    ),
    "ratio": fact(
        f"ratio-extreme?of={SMALL}&side=low&vs={LARGE}", on("value", "2001-04-05"), who(SMALL), who(LARGE, "object"),
        tags="ratio since last lowest",
    ),
    "correlation": fact(
        f"correlation?of={LARGE}&vs={SMALL}", number("value", "level", "0.86", "ratio"), who(LARGE),
        who(SMALL, "object"), count("length", 63, "sessions"), tags="correlation positive",
    ),
    "correlation-since": fact(
        f"correlation-since?of={LARGE}&vs={TECH}", on("value", "2022-05-06"), who(LARGE), who(TECH, "object"),
        count("length", 63, "sessions"), tags="correlation since last first negative",
    ),
    "dispersion": fact(
        "dispersion?in=sector-funds&over=1s", number("value", "change", "4.87", "percentage points"),
        count("members", 11, "members"), *_window("2026-01-12", "2026-01-12", 1), tags="dispersion best worst",
    ),
    "season": fact(
        f"season?month=9&of={LARGE}&stat=median", number("value", "change", "-0.81"), who(LARGE),
        count("n", 33, "years"), in_month("month", "2025-09"), on("data_start", "1990-01-02"),
        tags="season earlier median down",
    ),
    "season-up": fact(
        f"season?month=9&of={LARGE}&stat=positive", count("value", 15, "years"), who(LARGE), count("n", 33, "years"),
        in_month("month", "2025-09"), on("data_start", "1990-01-02"), tags="season earlier positive",
    ),
    "year-rest": fact(
        f"year-rest?of={SMALL}&stat=median", number("value", "change", "3.25"), who(SMALL),
        count("sessions", 7, "sessions"), count("n", 17, "years"), on("data_start", "1990-01-02"),
        tags="season earlier first median up",
    ),
    "level-crossings": fact(
        f"level-crossings?level=2400&of={SMALL}&side=below", count("value", 8, "times"), who(SMALL),
        number("level", "level", "2400", "points"), on("data_start", "2016-06-28"), tags="below close earlier in-data",
    ),
    "records-running": fact(
        f"record-run?of={LARGE}", count("value", 8, "records"), who(LARGE), on("start", "2025-12-31"),
        on("end", "2026-01-12"), on("data_start", "2016-06-28"), tags="record close highest streak ongoing in-data",
    ),
    "on-file": fact(
        f"on-file?of={CHIPS}", count("value", 3, "pieces"), who(CHIPS), on("since", "2026-01-09"), tags="filed",
    ),
    "not-on-file": fact(
        f"on-file?of={CHIPS}", count("value", 0, "pieces"), who(CHIPS), on("since", "2026-01-09"), tags="filed",
    ),
    "year-start": fact(
        f"year-start?of={SMALL}", Part("value", "year", 2019, "", 0), who(SMALL), number("change", "change", "4.88"),
        count("sessions", 7, "sessions"), tags="best since first up",
    ),
    "rank": fact(
        f"rank?basis=total&in=sp500-members&of={CHIPS}&over=2026-01-02..2026-01-12", Part("value", "rank", 3, "", 0),
        who(CHIPS), count("total", 503, "members"), number("change", "change", "-5.31"),
        *_window("2026-01-02", "2026-01-12", 7), tags="total",
    ),
    "best": fact(
        f"rank?in=sidebar&of={CHIPS}&over=1s", Part("value", "rank", 1, "", 0), who(CHIPS),
        count("total", 10, "members"), number("change", "change", "3.10"), *_window("2026-01-12", "2026-01-12", 1),
        tags="first best",
    ),
    "breadth": fact(
        "breadth?in=small-caps&over=1s", count("value", 27, "members"), count("total", 40, "members"),
        *_window("2026-01-12", "2026-01-12", 1), tags="up share",
    ),
    "median-member": fact(
        "group-return?in=sp500-members&over=2025-12", number("value", "change", "-1.15"),
        count("members", 498, "members"), *_window("2025-12-01", "2025-12-31", 22), in_month("month", "2025-12"),
        tags="median down",
    ),
    "quote": fact(
        f"quote?of={SOFT}", number("value", "level", "477.18", "USD"), who(SOFT),
        number("change", "change", "-2.10", "USD"), number("percent", "change", "-0.44"), on("date", "2026-01-12"),
        tags="close down",
    ),
    "level": fact(
        f"level?of={SMALL}", number("value", "level", "2635.70", "points"), who(SMALL), on("date", "2026-01-12"),
        tags="close",
    ),
    "rate": fact("policy-rate", _range("value"), on("day", "2025-12-10"), tags="policy"),
    "last-cut": fact(
        "policy-last", number("value", "change", "-25", "basis points", 0), _range(), on("day", "2025-12-10"),
        tags="cut down last policy",
    ),
    "cuts": fact(
        "policy-moves?over=2025-09..2025-12&side=cut", count("value", 3, "cuts"), on("day1", "2025-09-17"),
        on("day2", "2025-10-29"), on("day3", "2025-12-10"), number("total", "level", "75", "basis points", 0),
        number("each", "level", "25", "basis points", 0), _range(), in_month("from", "2025-09"),
        in_month("to", "2025-12"), tags="cut policy",
    ),
    "cpi": fact(
        "reading?series=CPIAUCSL&transform=yoy", number("value", "change", "3.0", decimals=1),
        in_month("period", "2025-09"), Part("series", "text", "consumer price index", "", 0),
        count("span", 12, "months"), tags="up",
    ),
    "jobless": fact(
        "reading?series=UNRATE", number("value", "level", "4.4", decimals=1), in_month("period", "2025-09"),
        Part("series", "text", "unemployment rate", "", 0),
    ),
    "turned": fact(
        f"what-followed?at_least=2&event=turn&horizon=5&of={LARGE}&stat=n", count("value", 9, "cases"),
        count("n", 9, "cases"), count("horizon", 5, "sessions"), number("at_least", "level", "2", "percent", 0),
        who(LARGE), on("data_start", "2016-06-28"), tags="earlier",
    ),
    "after-n": fact(
        f"what-followed?at_least=7&event=relative-streak&horizon=21&of={SMALL}&vs={LARGE}&stat=n",
        count("value", 6, "cases"), count("horizon", 21, "sessions"), count("at_least", 7, "sessions"), who(SMALL),
        who(LARGE, "object"), on("data_start", "2016-06-28"), tags="few earlier",
    ),
    "after-median": fact(
        f"what-followed?at_least=7&event=relative-streak&horizon=21&measure=relative&of={SMALL}&vs={LARGE}&stat=median",
        number("value", "change", "-0.97", "percentage points"), count("n", 6, "cases"),
        count("horizon", 21, "sessions"), count("at_least", 7, "sessions"), who(SMALL), who(LARGE, "object"),
        on("data_start", "2016-06-28"), tags="lag few earlier median",
    ),
    "after-share": fact(
        f"what-followed?at_least=3&event=drop&horizon=5&of={LARGE}&stat=share",
        number("value", "share", "61.9", decimals=1),
        count("n", 42, "cases"), count("horizon", 5, "sessions"), number("at_least", "level", "3", decimals=0),
        who(LARGE), on("data_start", "2016-06-28"), tags="positive earlier",
    ),
    "event": fact(
        "next-event?kind=cpi", Part("value", "date", date(2026, 1, 13), "date", 0),
        Part("title", "text", "Consumer Price Index for December 2025", "", 0), count("days", 1, "days"),
        tags="next scheduled",
    ),
    "fall-from": fact(
        f"decline-from?from=2025-02-19&of={LARGE}", number("value", "change", "-18.90"), who(LARGE),
        on("peak", "2025-02-19"), on("trough", "2025-04-08"), count("length", 89, "sessions"),
        on("broken", "2025-06-27"), tags="decline down below close peak trough lowest ended recovered",
    ),
    "inversion-from": fact(
        "inversion-from?from=2022-07-06", count("value", 537, "sessions"), who("series:DGS10"),
        who("series:DGS2", "object"), Part("series", "text", "10-year Treasury yield", "", 0),
        on("start", "2022-07-06"), number("deepest", "change", "-1.08", "percentage points"),
        on("deepest_day", "2023-07-03"), on("broken", "2024-08-27"), tags="lag inversion streak ended",
    ),
    "run-from": fact(
        f"relative-streak-from?from=2026-01-02&of={SMALL}&vs={LARGE}", count("value", 7, "sessions"), who(SMALL),
        who(LARGE, "object"), on("start", "2026-01-02"), on("end", "2026-01-12"), tags="streak lead ongoing",
    ),
    "rises-from": fact(
        f"streak-from?from=2026-01-02&of={SMALL}", count("value", 7, "sessions"), who(SMALL), on("start", "2026-01-02"),
        on("end", "2026-01-12"), tags="streak up ongoing",
    ),
    "filing": fact(
        f"filing?of={SOFT}", Part("value", "date", date(2026, 1, 9), "date", 0), who(SOFT), tags="last filed results",
    ),
    "filings": fact(
        "filing-count?kind=offering&over=2025-12", count("value", 14, "filings"), on("start", "2025-12-01"),
        on("end", "2025-12-31"), count("sessions", 22, "sessions"), in_month("month", "2025-12"), tags="filed offering",
    ),
    "grown": fact(
        f"filed-growth?figure=revenue&of={SOFT}", number("value", "change", "32.9", decimals=1), who(SOFT),
        Part("figure", "text", "revenue", "", 0), on("period_end", "2025-09-30"), on("filed", "2025-10-29"),
        count("span", 12, "months"), tags="up filed",
    ),
    "trailing": fact(
        f"price-to-earnings?of={SOFT}", number("value", "level", "34.9", "ratio", 1), who(SOFT),
        number("close", "level", "477.18", "USD"), number("earnings", "level", "13.64", "USD"),
        on("period_end", "2025-06-30"), tags="filed trailing",
    ),
    "released": fact(
        "last-event?kind=cpi", Part("value", "date", date(2025, 12, 18), "date", 0),
        Part("title", "text", "Consumer Price Index for November 2025", "", 0), tags="last released",
    ),
    "cpi-rate": fact(
        "reading?series=CPIAUCSL&transform=annualised", number("value", "change", "2.2", decimals=1),
        in_month("period", "2025-12"), Part("series", "text", "consumer price index", "", 0),
        count("span", 3, "months"), tags="up annualised",
    ),
    "cpi-high": fact(
        "reading-extreme?series=CPIAUCSL&transform=yoy", number("value", "change", "9.0", decimals=1),
        in_month("period", "2025-12"), Part("series", "text", "consumer price index", "", 0),
        count("span", 12, "months"), in_month("since", "1981-11"), number("then", "change", "9.6", decimals=1),
        on("data_start", "1948-01-01"), tags="up highest since",
    ),
    "spread-beyond": fact(
        "reading-beyond?series=BAMLH0A0HYM2", count("value", 12, "readings"), count("total", 426, "readings"),
        Part("series", "text", "high-yield bond spread", "", 0),
        number("level", "level", "4.57", "percentage points"), on("data_start", "2023-08-22"),
        tags="beyond highest earlier",
    ),
    "cut-run": fact(
        "policy-run", count("value", 3, "cuts"), on("start", "2025-09-17"), on("end", "2025-12-10"), _range(),
        tags="cut policy streak ongoing",
    ),
    "cut-cycle": fact(
        "policy-cycle", count("value", 6, "cuts"), number("total", "level", "175", "basis points", 0),
        on("start", "2024-09-18"), on("day", "2025-12-10"),
        Part("before", "range", (Decimal("5.25"), Decimal("5.50")), "percent", 2), _range(), tags="cut policy since",
    ),
    "cut-first": fact(
        "policy-first", Part("value", "date", date(2020, 3, 15), "date", 0), on("day", "2025-12-10"),
        tags="cut policy first since last",
    ),
    "cut-largest": fact(
        "policy-largest", number("value", "change", "-50", "basis points", 0), on("day", "2025-12-10"),
        on("since", "2020-03-15"), tags="cut policy largest since down",
    ),
    "payrolls-mean": fact(
        "reading-mean?last=12&series=PAYEMS&transform=change", number("value", "change", "181", "thousand jobs", 0),
        Part("series", "text", "nonfarm payrolls", "", 0), count("span", 12, "months"), in_month("period", "2025-12"),
        tags="mean up",
    ),
    "yields": fact(
        "yield-gap", number("value", "change", "-0.22", "percentage points"), who("series:DGS10"),
        who("series:DGS2", "object"), Part("series", "text", "10-year Treasury yield", "", 0),
        on("period", "2026-01-09"), tags="lag",
    ),
    "inversion": fact(
        "yield-inversion", count("value", 502, "sessions"), who("series:DGS10"), who("series:DGS2", "object"),
        Part("series", "text", "10-year Treasury yield", "", 0), on("start", "2024-01-08"), on("end", "2026-01-09"),
        number("deepest", "change", "-1.08", "percentage points"), on("deepest_day", "2024-07-03"),
        tags="lag inversion streak ongoing",
    ),
    "shift": fact(
        "curve-shift?over=21", number("value", "change", "0.10", "percentage points"), who("series:DGS10"),
        who("series:DGS2", "object"), Part("series", "text", "10-year Treasury yield", "", 0),
        number("long_change", "change", "-0.24", "percentage points"),
        number("short_change", "change", "-0.34", "percentage points"),
        number("size", "level", "0.10", "percentage points"), on("start", "2025-12-10"), on("end", "2026-01-09"),
        count("sessions", 21, "sessions"), tags="steeper bull",
    ),
    "beyond": fact(
        f"closes-beyond?of={TECH}", count("value", 12, "sessions"), count("total", 2467, "sessions"), who(TECH),
        number("level", "level", "38.57", "points"), on("data_start", "2016-06-28"),
        tags="beyond earlier close highest",
    ),
    "realised": fact(
        f"realised-volatility?of={LARGE}", number("value", "level", "77.9", decimals=1), who(LARGE),
        count("sessions", 21, "sessions"), on("start", "2025-12-11"), on("end", "2026-01-12"), tags="annualised",
    ),
    "sessions": fact(
        "session-count?from=2026-01-02&to=2026-01-12", count("value", 7, "sessions"), on("start", "2026-01-02"),
        on("end", "2026-01-12"),
    ),
}  # fmt: skip

# (fact, what the sentence is about, what it says): every one of them is true.
TRUE: tuple[tuple[str, str, str], ...] = (
    ("december", SMALL, "fell 0.7% in December"),
    ("december", SMALL, "fell 0.74 percent in December 2025"),
    ("december", SMALL, "was little changed in December, down 0.7%"),
    ("december", SMALL, "lost 0.7% from Dec. 1 through Dec. 31"),
    ("december", SMALL, "had a loss of about 0.7% last month"),
    ("december", "", "Small caps declined 0.7% in December"),
    ("december", SMALL, "−0.74%, December 2025"),
    ("first5", SMALL, "rose 4.9% in the first five sessions of 2026"),
    ("first5", SMALL, "gained nearly 5% in the first five sessions of 2026"),
    ("span", SMALL, "jumped 6.2% from Jan. 2 through Jan. 12"),
    ("span", SMALL, "rose 6.2% in seven sessions"),
    ("span", SMALL, "rose more than 6% between Jan. 2 and Jan. 12"),
    ("span", SMALL, "gained 6.2% over the last seven sessions"),
    ("span", SMALL, "climbed 6.2 percent, Jan. 2–12"),
    ("day", SMALL, "edged up 0.4% on Monday"),
    ("day", SMALL, "rose 0.44% on Monday, Jan. 12"),
    ("ytd-total", FUND, "rose 6.2% this year, including dividends"),
    ("ytd-total", FUND, "jumped 6.2% in the year to date, dividends included"),
    ("quarter", LARGE, "rose 2.4% in the fourth quarter of 2025"),
    ("quarter", LARGE, "gained 2.35% last quarter"),
    ("year", LARGE, "fell 19.4% in 2022"),
    ("year", LARGE, "plunged 19.4% in 2022"),
    ("turned", LARGE, "had turned from a loss of at least 2% in nine earlier cases in data since June 2016"),
    ("three-years", LARGE, "was still up 75.2% in three years"),
    ("three-years", LARGE, "was up 75.2% in 36 months"),
    ("three-years", LARGE, "was up 75.2% since Jan. 12, 2023"),
    ("sixty", LARGE, "rose 3.6% over the latest 63 sessions"),
    ("gap", SMALL, "beat the S&P 500 by 4.3 percentage points in seven sessions"),
    ("gap", SMALL, "finished 4.3 percentage points ahead of the S&P 500 from Jan. 2 through Jan. 12"),
    ("gap", LARGE, "trailed the Russell 2000 by 4.28 percentage points from Jan. 2 to Jan. 12"),
    ("gap", "", "The S&P 500 lagged the Russell 2000 by 4.3 percentage points in seven sessions"),
    ("behind", SMALL, "trailed the S&P 500 by 0.7 percentage points in December"),
    ("behind", LARGE, "led the Russell 2000 by 0.7 percentage points in December 2025"),
    ("streak", SMALL, "outpaced the S&P 500 for a seventh straight session on Monday, Jan. 12"),
    ("streak", SMALL, "has beaten the S&P 500 in seven straight sessions"),
    ("streak", SMALL, "beat the S&P 500 again on Monday, Jan. 12, the seventh session in a row"),
    ("streak", "", "Small caps beat S&P 500 for seventh straight session"),
    ("streak", "", "The Russell 2000’s seven-session run against the S&P 500"),
    ("streak", SMALL, "led the S&P 500 in each of the seven sessions since Jan. 2"),
    ("streak", LARGE, "has been beaten by the Russell 2000 for seven sessions"),
    ("streak", SMALL, "began on Friday, Jan. 2"),
    ("ended", SMALL, "ended a run of 14 sessions ahead of the S&P 500 on Monday, Jan. 12"),
    ("ended", SMALL, "was ahead of the S&P 500 for 14 sessions until Friday, Jan. 9"),
    ("longer", SMALL, "the longest run since one of eight sessions ended in January 2019"),
    ("longer", SMALL, "the longest since January 2019"),
    ("longer", SMALL, "last had a longer run, of eight sessions, in January 2019"),
    ("longer-tied", SMALL, "last had a longer run, of eight sessions, in January 2019"),
    ("equal", SMALL, "matching runs that ended in February and September 2022"),
    ("equal", SMALL, "as many as in February and September 2022"),
    ("equal", SMALL, "matching September 2022"),
    ("equal", SMALL, "as long as the runs that ended on Feb. 11, 2022, and Sept. 15, 2022"),
    ("longest", SMALL, "the longest run in data since June 2016"),
    ("longest", SMALL, "at 14 sessions the longest in the data"),
    ("count", SMALL, "six earlier runs of at least seven sessions"),
    ("count", SMALL, "only six earlier runs of seven sessions or more"),
    ("months", SMALL, "led the S&P 500 in three of the 11 months from February through December 2025"),
    ("months", SMALL, "beat the S&P 500 in only 3 of 11 months between February and December 2025"),
    ("rise", LARGE, "rose for a third straight session on Monday"),
    ("rise", LARGE, "has gained for three sessions in a row"),
    ("record", SMALL, "closed at 2,635.70, a record in data since June 2016"),
    ("record", SMALL, "closed on Monday, Jan. 12, at its highest close in the data, 2,635.70"),
    ("all-time", LARGE, "closed at an all-time high of 6,977.30 on Monday"),
    ("all-time", LARGE, "set a record close, 6,977.30 points, on Jan. 12"),
    ("low52", TECH, "closed at a 52-week low of 10,321.64"),
    ("low52", TECH, "closed at 10,321.64 on Monday, Jan. 12, its lowest close in 52 weeks"),
    ("last-record", LARGE, "set its latest record close, 6,921.46, on Thursday, Jan. 8"),
    ("records", LARGE, "set 39 record closes in 2025"),
    ("records", LARGE, "made the 39th record close of 2025"),
    ("extreme", LARGE, "closed at its highest since Oct. 15, 2025"),
    ("extreme", LARGE, "its highest close since October"),
    ("extreme", LARGE, "last closed higher on Oct. 15"),
    ("best-month", SMALL, "had its best month since December 2023, a gain of 6.8%"),
    ("worst-day", SMALL, "fell 4.1%, the worst session since April 4, 2025"),
    ("worst-day", SMALL, "fell 4.12% in its worst day since April"),
    (
        "round",
        SMALL,
        "closed above 2,600 for the first time on Thursday, Jan. 8, at 2,603.90, in data since June 2016",
    ),
    ("round", SMALL, "first closed above 2,600 on Jan. 8"),
    ("back-below", SMALL, "closed below 2,400 for the first time since Sept. 25, at 2,391.25"),
    ("drawdown", TECH, "stood 3.3% below its record close of Oct. 29"),
    ("drawdown", TECH, "was 3.25% below its record close of 23,958.50, set on Oct. 29, 2025"),
    (
        "correction",
        LARGE,
        "first closed in the present correction, at least 10% below its peak, on March 13, 2025",
    ),
    ("correction", LARGE, "took 16 sessions from the peak to that close"),
    ("correction-before", LARGE, "had last closed so far below a peak on Oct. 27, 2023"),
    ("correction", LARGE, "has been in a correction since March 13, 2025"),
    (
        "bull",
        LARGE,
        "closed for the first time at least 20% above its low of Oct. 12, 2022, which makes it a bull market",
    ),
    ("bull", LARGE, "took 164 sessions from that low to this close"),
    ("recovery", LARGE, "took 126 sessions from that peak"),
    ("recovery", LARGE, "the first since July 14, 2025"),
    ("recovery-climb", LARGE, "103 sessions of them from its low of Aug. 20, 2025"),
    ("recovery", LARGE, "back above its peak of July 2025"),
    ("regained", LARGE, "has regained 41% of its fall from Feb. 19, 2025, to April 8, 2025"),
    ("declines", LARGE, "had four earlier cases of a decline of at least 10%"),
    ("declines-back", LARGE, "a median 120 sessions to recover from the low"),
    ("losing-weeks", LARGE, "the seventh week in a row with a loss"),
    ("losing-weeks", LARGE, "seventh losing week in a row"),
    ("weeks-ended", LARGE, "a run of seven weeks with a loss ended"),
    ("weeks-longer", LARGE, "the longest run since one of eight weeks ended in March 2001"),
    ("weeks-most", LARGE, "the longest such run in data since July 2016"),
    ("within", LARGE, "fell as much as 4.0% within the session"),
    ("gapped", LARGE, "opened 1.4% lower"),
    ("volume", FUND, "traded 3.5 times its median volume"),
    ("volume-since", FUND, "traded the most since March 26, 2020"),
    ("average", LARGE, "closed 0.5% below its 200-session average"),
    ("crossed-average", LARGE, "closed below its 200-session average after 85 sessions on the other side"),
    (
        "above-average",
        "",
        "115 of the 499 companies closed above their 200-session average, dividends included",
    ),
    ("ratio", SMALL, "at its lowest against the S&P 500 since April 5, 2001"),
    ("correlation", LARGE, "a correlation of 0.86 with the Russell 2000 in 63 sessions"),
    ("correlation-since", LARGE, "a correlation with the Nasdaq Composite as last seen on May 6, 2022"),
    ("dispersion", "", "4.9 percentage points apart on Monday"),
    ("season", LARGE, "had a median loss of 0.8% in September of 33 earlier years"),
    ("season-up", LARGE, "was higher in 15 of the 33 years"),
    ("year-start", SMALL, "the best start since 2019"),
    ("year-start", SMALL, "its best start of a year since 2019"),
    ("year-rest", SMALL, "had a median gain of 3.3% in the rest of 17 earlier years that began that way"),
    (
        "level-crossings",
        SMALL,
        "had come to close below that level eight times in earlier data since June 2016",
    ),
    ("not-on-file", CHIPS, "none found"),
    ("on-file", CHIPS, "three pieces were found on file"),
    ("records-running", LARGE, "the eighth record close in a row, in data since June 2016"),
    ("dip", LARGE, "fell as much as 18.9% in 2025, from the close of Feb. 19 to that of April 8"),
    (
        "rank",
        CHIPS,
        "ranked third of 503 members, dividends included, with a loss of 5.3% from Jan. 2 through Jan. 12",
    ),
    ("rank", CHIPS, "ranked No. 3 of the 503 S&P 500 members from Jan. 2 to Jan. 12, including dividends"),
    ("best", CHIPS, "had the best return of the 10 companies, 3.1% higher"),
    ("breadth", "", "27 of 40 small caps rose"),
    ("breadth", "", "more than half of the 40 stocks rose on Monday"),
    ("median-member", "", "the median member lost 1.2% in December"),
    ("median-member", "", "the median of the 498 S&P 500 members fell 1.15% in December"),
    ("quote", SOFT, "fell $2.10, or 0.44%, to $477.18"),
    ("quote", SOFT, "closed at $477.18, down 0.4%, on Monday"),
    ("level", SMALL, "closed at 2,635.70 on Monday, Jan. 12"),
    ("level", SMALL, "closed at 2,636 points"),
    ("span", SMALL, "rose 6.2% over seven sessions"),
    ("gap", SMALL, "led the S&P 500 by 4.3 percentage points over the seven sessions through Jan. 12"),
    ("rate", "@FED", "stands at 3.50%–3.75%"),
    ("rate", "@FED", "has been at 3.50% to 3.75% since Dec. 10"),
    ("last-cut", "@FED", "cut its target range by 25 basis points on Dec. 10, to 3.50%–3.75%"),
    ("last-cut", "@FED", "lowered rates by a quarter point at its last meeting, in December"),
    ("cuts", "@FED", "cut its target range in September, October and December 2025, to 3.50%–3.75%"),
    ("cuts", "@FED", "cut rates three times from September through December 2025"),
    ("cuts", "", "three quarter-point cuts in September, October and December 2025"),
    ("cpi", "", "Consumer prices rose 3.0% in the 12 months to September 2025"),
    ("cpi", "", "Consumer prices rose 3.0% over the 12 months through September"),
    ("jobless", "", "The unemployment rate was 4.4% in September"),
    ("after-n", SMALL, "21 sessions after six earlier cases"),
    ("after-median", SMALL, "trailed the S&P 500 by a median 1.0 percentage points after 21 sessions"),
    ("after-median", SMALL, "a median lag of 0.97 percentage points"),
    ("after-share", LARGE, "was higher in 62% of 42 cases five sessions after a drop of at least 3%"),
    ("after-share", LARGE, "rose in 61.9% of them"),
    ("event", "", "The Consumer Price Index for December 2025 is due on Tuesday, Jan. 13"),
    ("sessions", "", "seven sessions from Jan. 2 through Jan. 12"),
    ("run-from", SMALL, "outpaced the S&P 500 for a seventh straight session on Jan. 12"),
    ("rises-from", SMALL, "rose for a seventh session in a row"),
    (
        "fall-from",
        LARGE,
        "closed back at its peak of Feb. 19, 2025, on June 27, 2025, and was down 18.9% at its lowest close in between",
    ),
    (
        "fall-from",
        LARGE,
        "was down 18.9% from its peak of Feb. 19, 2025, at its lowest close of April 8, 2025",
    ),
    ("inversion-from", "series:curve", "an inversion of 537 sessions ended on Aug. 27, 2024"),
    ("filing", SOFT, "filed its results on Friday, Jan. 9"),
    ("filings", "", "14 filings in December 2025"),
    ("grown", SOFT, "rose 32.9% in the quarter to Sept. 30 from that of 12 months before"),
    ("trailing", SOFT, "stood at 34.9 times its earnings a share of the fiscal year to June 30"),
    ("released", "", "The Consumer Price Index for November 2025 was released on Thursday, Dec. 18"),
    ("cpi-rate", "series:CPIAUCSL", "rose at an annual rate of 2.2% in the three months to December"),
    (
        "payrolls-mean",
        "series:PAYEMS",
        "rose by a monthly average of 181,000 in the 12 months to December",
    ),
    (
        "cpi-high",
        "series:CPIAUCSL",
        "rose 9.0% in the 12 months to December, the highest since November 1981",
    ),
    (
        "spread-beyond",
        "series:BAMLH0A0HYM2",
        "was higher in 12 of 426 earlier readings in data since August 2023",
    ),
    ("cut-run", "@FED", "the third cut in a row"),
    ("cut-run", "@FED", "a third straight cut"),
    (
        "cut-cycle",
        "@FED",
        "cut its range six times since Sept. 18, 2024, by 1.75 percentage points in all, from 5.25%–5.50%",
    ),
    ("cut-first", "@FED", "the first cut since March 15, 2020"),
    ("cut-largest", "@FED", "the largest cut since March 15, 2020"),
    (
        "yields",
        "",
        "The 10-year Treasury yield stood 0.22 percentage point below the two-year Treasury yield on Jan. 9",
    ),
    (
        "inversion",
        "series:DGS10",
        "has been below the two-year Treasury yield for 502 sessions in a row, since Jan. 8, 2024",
    ),
    ("shift", "", "The yield curve steepened by 0.10 percentage point from Dec. 10 through Jan. 9"),
    ("beyond", TECH, "closed higher on 12 of 2,467 earlier sessions in data since June 2016"),
    ("realised", LARGE, "moved at an annual rate of 77.9% over 21 sessions"),
)
