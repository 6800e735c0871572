"""A newsroom in memory for the tests of pages: entries, quotes, facts and instruments a test spells out.

The records are the catalogue's own; only where they are kept is faked. `busy()` is a front page's worth.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from markupsafe import escape

from broadtape.archive.local import Local
from broadtape.archive.records import (
    DefinitionView,
    Entry,
    FactView,
    Gone,
    HistoryRow,
    InstrumentView,
    Ledger,
    ParameterView,
    QuoteBoard,
    QuoteRow,
    Stamp,
    StandingPage,
    key_of,
)
from broadtape.config import Instance, load
from broadtape.model import (
    Article,
    Correction,
    Evidence,
    Fact,
    FactKey,
    Instrument,
    Part,
    Photo,
    Problem,
    Row,
    Span,
)
from broadtape.search import FacetCount, Hit, Query, Results

PACIFIC = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 1, 13, 18, 41, tzinfo=UTC)  # 10:41 a.m. in Sausalito
SESSION = date(2026, 1, 12)
RETRIEVED = datetime(2026, 1, 13, 10, 0, tzinfo=UTC)

SETTINGS = """
[instance]
title = "A test newsroom"
contact = "desk@example.org"
default_site = "sausalito"
audience = "{audience}"

[desk]
benchmarks = {{ large = "INDEXSP:SPX", small = "INDEXRUSSELL:RUT", tech = "INDEXNASDAQ:IXIC" }}
"""

SITE = """
name = "{name}"
place = "{place}"
url = "{url}"
hosts = ["{host}"]
time_zone = "{zone}"
tagline = "Book online or call the visitor desk"
watch_list = ["NASDAQ:AMZN", "NASDAQ:AAPL", "NASDAQ:NVDA", "NYSE:BAC"]
blocks = ["forecast", "traffic", "lodging", "recent-quotes"]
credits = "Photos by the site's own photographers"
copyright = "Sausalito local media"
founded = 2010
indexing = "{indexing}"
{more}

[block.traffic]
link = "https://example.org/traffic"

[block.lodging]
action = "https://example.org/search"
"""

CHART = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 300" width="640" height="300" role="img">
<title>Russell 2000 less S&amp;P 500</title><style>.l{fill:none;stroke:#0b4f6c;stroke-width:2}.a{stroke:#999}
text{font:12px sans-serif;fill:#555}@media (prefers-color-scheme:dark){.l{stroke:#8cc4dc}text{fill:#aaa}}</style>
<line class="a" x1="10" x2="600" y1="250" y2="250"/><line class="a" x1="10" x2="600" y1="150" y2="150"/>
<path class="l" d="M10 248L80 230 150 205 220 190 290 150 360 118 430 96 500 60 600 28"/>
<text x="10" y="280">Jan. 2</text><text x="560" y="280">Jan. 12</text></svg>
"""


def instance(
    root: Path, *, audience: str = "private", indexing: str = "owner", more: str = "", second: bool = False
) -> Instance:
    """An instance on disk with one site (two with `second`)."""
    sites = root / "content" / "sites"
    (sites / "sausalito").mkdir(parents=True, exist_ok=True)
    (root / "content" / "articles").mkdir(parents=True, exist_ok=True)
    (root / "content" / "broadtape.toml").write_text(SETTINGS.format(audience=audience), encoding="utf-8")
    (sites / "sausalito" / "site.toml").write_text(
        SITE.format(
            name="Sausalito",
            place="Sausalito, California",
            url="https://sausalito.example",
            host="sausalito.example",
            zone="America/Los_Angeles",
            indexing=indexing,
            more=more,
        ),
        encoding="utf-8",
    )
    if second:
        (sites / "keywest").mkdir(exist_ok=True)
        (sites / "keywest" / "site.toml").write_text(
            SITE.format(
                name="Key West",
                place="Key West, Florida",
                url="https://keywest.example",
                host="keywest.example",
                zone="America/New_York",
                indexing="noindex",
                more="",
            ),
            encoding="utf-8",
        )
    return load(root)


# --- records ------------------------------------------------------------------------------------------------


def change_fact(
    of: str = "INDEXRUSSELL:RUT",
    value: str = "-0.74",
    over: str = "2025-12",
    *,
    licence: str = "private",
    status: str = "verified",
) -> FactView:
    """A return with its evidence."""
    key = FactKey("return", (("of", of), ("over", over)), SESSION, 1)
    amount = Decimal(value)
    fact = Fact(
        key=key,
        value=amount,
        unit="percent",
        decimals=2,
        parts=(
            Part("value", "change", amount, "percent", 2),
            Part("subject", "entity", of),
            Part("month", "month", date(2025, 12, 1)),
        ),
        tags=frozenset({"down" if amount < 0 else "up"}),
        evidence=Evidence(
            (
                Row(of, date(2025, 11, 28), "close", "2500.43", "indices", RETRIEVED),
                Row(of, date(2025, 12, 31), "close", "2481.91", "indices", RETRIEVED),
            ),
            (Span(of, "close", date(2025, 11, 28), date(2025, 12, 31), 23, "0123456789abcdef", "indices"),),
        ),
        licence="public" if licence == "public" else "private",
    )
    wording = "The change from the close before the period to the close of its last session, in percent."
    return FactView(fact, status, "Return", wording, key.address, f"{amount}%".replace("-", "−"))


def claim(view: FactView, text: str, address: str) -> str:
    """The anchor that publishing makes of a fact link."""
    return (
        f'<a class="fact" href="{address}proof#{view.fact.id}" data-fact="{view.fact.id}" '
        f'data-status="{view.status}"><data value="{view.fact.value}">{text}</data></a>'
    )


def ticker(symbol: str) -> str:
    """The anchor that publishing makes of a ticker."""
    exchange, _, name = symbol.partition(":")
    return f'(<a class="ticker" href="/quotes/{symbol}/" data-symbol="{symbol}">{exchange}: {name}</a>)'


def entry(
    slug: str,
    title: str = "",
    *,
    when: datetime | str = "2026-01-12T13:41:00-08:00",
    html: str = "<p>The Russell 2000 fell.</p>",
    words: int = 640,
    topics: Iterable[str] = ("small-caps",),
    symbols: Iterable[str] = (),
    facts: Iterable[FactView] = (),
    later: tuple[str, str] = ("", ""),
    **article: object,
) -> Entry:
    """An entry; `article` sets any field of its Article."""
    moment = datetime.fromisoformat(when) if isinstance(when, str) else when
    told = Article(
        path=f"articles/{moment:%Y/%m}/{slug}/index.md",
        slug=slug,
        id=f"01KEV{slug.upper().replace('-', '')[:21]:0<21}",
        title=title or slug.replace("-", " ").capitalize(),
        date=moment,
        body="Body.",
        body_line=10,
        as_of=SESSION,
        summary="",
        authors=("Market Desk",),
        topics=tuple(topics),
        symbols=tuple(symbols),
        origin="desk",
    )
    counts: dict[str, int] = {}
    for view in facts:
        counts[view.status] = counts.get(view.status, 0) + 1
    return Entry(
        article=replace(told, **article),  # type: ignore[arg-type]  # a test's own fields
        address=f"/{moment:%Y/%m/%d}/{slug}/",
        html=html,
        text=html,
        feed_html=html,
        words=words,
        proof=counts,
        later=later[0],
        later_address=later[1],
    )


def row(
    symbol: str, name: str, price: str, change: str, percent: str, *, as_of: date = SESSION, licence: str = "private",
    unit: str = "USD", delay: int = 0,
) -> QuoteRow:  # fmt: skip
    """A quote."""
    return QuoteRow(
        symbol,
        name,
        Decimal(price),
        Decimal(change),
        Decimal(percent),
        unit,
        as_of,
        "sidebar",
        delay,
        "",
        licence,
    )


@cache
def walk(
    symbol: str,
    name: str,
    last: str,
    *,
    sessions: int = 260,
    basis: str = "price",
    kind: str = "stock",
    licence: str = "private",
    until: date = SESSION,
) -> InstrumentView:
    """An instrument whose closes wander to `last`, the same on every run."""
    wander = random.Random(symbol)
    days: list[date] = []
    day = until
    while len(days) < sessions:
        if day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    closes = [float(last)]
    for _ in range(sessions):
        closes.append(closes[-1] / math.exp(wander.gauss(0.0006, 0.013)))
    history = []
    for at, when in enumerate(days):
        close, before = Decimal(f"{closes[at]:.2f}"), Decimal(f"{closes[at + 1]:.2f}")
        price = basis == "price"
        history.append(
            HistoryRow(
                day=when,
                open=before if price else None,
                high=max(close, before) + Decimal("0.40") if price else None,
                low=min(close, before) - Decimal("0.35") if price else None,
                close=close if price else None,
                volume=1_200_000 + at if price and kind != "index" else None,
                percent=(close - before) / before * 100,
            )
        )
    unit = "points" if kind == "index" else "USD"
    close, before = Decimal(f"{closes[0]:.2f}"), Decimal(f"{closes[1]:.2f}")
    quote = row(
        symbol, name, str(close), str(close - before), f"{(close - before) / before * 100:.4f}", as_of=until,
        licence=licence, unit=unit,
    )  # fmt: skip
    return InstrumentView(
        instrument=Instrument(symbol, name, kind, sector="Information Technology" if kind == "stock" else ""),  # type: ignore[arg-type]  # one of the kinds
        quote=quote if basis == "price" else None,
        history=tuple(history),
        basis="price" if basis == "price" else "total",
        adjustment="split" if basis == "price" else "total",
        unit=unit,
        first=days[-1],
        last=days[0],
        source="sidebar",
        attribution="daily closes, operator's own table",
        licence=licence,
        retrieved=RETRIEVED,
    )


def board(*rows: QuoteRow, as_of: date = SESSION, left_out: tuple[str, ...] = ()) -> QuoteBoard:
    """A board of the site's watch list."""
    return QuoteBoard(as_of, rows, left_out, ("daily closes, operator's own table",))


REFERENCE_ROWS = (
    row("NASDAQ:AMZN", "Amazon.com, Inc.", "246.47", "-0.91", "-0.3679"),
    row("NASDAQ:AAPL", "Apple Inc.", "260.25", "0.88", "0.3393"),
    row("NASDAQ:AMD", "Advanced Micro Devices, Inc.", "207.69", "4.52", "2.2247"),
    row("NYSE:BAC", "Bank of America Corporation", "55.19", "-0.66", "-1.1817"),
    row("NASDAQ:GOOG", "Alphabet Inc.", "332.73", "3.59", "1.0907"),
    row("NASDAQ:META", "Meta Platforms, Inc.", "641.97", "-11.09", "-1.6982"),
    row("NASDAQ:MSFT", "Microsoft Corporation", "477.18", "-2.10", "-0.4382"),
    row("NASDAQ:NVDA", "NVIDIA Corporation", "184.94", "0.08", "0.0433"),
    row("NYSE:ORCL", "Oracle Corporation", "204.68", "6.16", "3.1030"),
    row("NASDAQ:TSLA", "Tesla, Inc.", "448.96", "3.95", "0.8876"),
)


# --- the catalogue --------------------------------------------------------------------------------------


@dataclass
class FakeCatalogue:
    """What a Catalogue answers, from lists a test fills; `generation` rises when a test says so."""

    entries: list[Entry] = field(default_factory=list)
    boards: dict[date, QuoteBoard] = field(default_factory=dict)
    views: dict[str, InstrumentView] = field(default_factory=dict)
    close_by: tuple[str, ...] = ()
    around: Local = field(default_factory=Local)
    told: dict[str, dict[str, FactView]] = field(default_factory=dict)
    withdrawn: dict[str, Gone] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    standing: dict[str, StandingPage] = field(default_factory=dict)
    metrics: dict[str, DefinitionView] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)
    generation: int = 1
    now: Callable[[], datetime] = lambda: NOW
    written: datetime | None = datetime(2026, 1, 13, 10, 5, tzinfo=UTC)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        yield

    def _visible(self, site: str) -> list[Entry]:
        seen = [
            e for e in self.entries if e.article.date <= self.now() and site in (e.article.sites or (site,))
        ]
        return sorted(seen, key=lambda e: e.article.date, reverse=True)

    def _tagged(self, site: str, topic: str, author: str, symbol: str, month: str) -> list[Entry]:
        return [
            e
            for e in self._visible(site)
            if (not topic or key_of(topic) in map(key_of, e.article.topics))
            and (not author or key_of(author) in map(key_of, e.article.authors))
            and (not symbol or symbol.upper() in e.article.symbols)
            and (not month or f"{e.article.date:%Y-%m}" == month)
        ]

    def latest(
        self, site: str, *, limit: int = 20, offset: int = 0, topic: str = "", author: str = "", symbol: str = "",
        month: str = "",
    ) -> list[Entry]:  # fmt: skip
        return self._tagged(site, topic, author, symbol, month)[offset : offset + limit]

    def count(
        self, site: str, *, topic: str = "", author: str = "", symbol: str = "", month: str = ""
    ) -> int:
        return len(self._tagged(site, topic, author, symbol, month))

    def entry(self, site: str, address: str) -> Entry | None:
        return next((e for e in self._visible(site) if e.address == address), None)

    def entry_by_id(self, site: str, article_id: str) -> Entry | None:
        return next((e for e in self._visible(site) if e.article.id == article_id), None)

    def gone(self, site: str, address: str) -> Gone | None:
        return self.withdrawn.get(address)

    def moved(self, site: str, address: str) -> str | None:
        return self.aliases.get(address)

    def _counted(self, site: str, of: Callable[[Entry], Iterable[str]]) -> list[tuple[str, int]]:
        counts: dict[str, int] = {}
        for e in self._visible(site):
            for name in of(e):
                counts[name] = counts.get(name, 0) + 1
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    def topics(self, site: str) -> list[tuple[str, int]]:
        return self._counted(site, lambda e: e.article.topics)

    def authors(self, site: str) -> list[tuple[str, int]]:
        return self._counted(site, lambda e: e.article.authors)

    def symbols(self, site: str) -> list[tuple[str, int]]:
        return self._counted(site, lambda e: e.article.symbols)

    def months(self, site: str) -> list[tuple[str, int]]:
        return sorted(self._counted(site, lambda e: [f"{e.article.date:%Y-%m}"]), reverse=True)

    def addresses(self, site: str) -> list[tuple[str, datetime]]:
        return [(e.address, e.article.updated or e.article.date) for e in self._visible(site)]

    def owned_elsewhere(self, site: str) -> list[str]:
        return [e.address for e in self._visible(site) if e.article.owner_site not in ("", site)]

    def neighbours(self, site: str, entry: Entry) -> tuple[Entry | None, Entry | None]:
        seen = self._visible(site)
        at = seen.index(entry)
        return (seen[at + 1] if at + 1 < len(seen) else None), (seen[at - 1] if at else None)

    def related(self, site: str, entry: Entry, limit: int = 4) -> list[Entry]:
        mine = set(entry.article.topics)
        return [e for e in self._visible(site) if e is not entry and mine & set(e.article.topics)][:limit]

    def quotes(self, site: str, as_of: date | None) -> QuoteBoard | None:
        return self.boards.get(as_of or max(self.boards, default=SESSION))

    def ledger(self, site: str) -> Ledger:
        seen = self._visible(site)
        claims: dict[str, int] = {}
        for entry in seen:
            for status, count in entry.proof.items():
                claims[status] = claims.get(status, 0) + count
        corrected = [len(entry.article.corrections) for entry in seen if entry.article.corrections]
        return Ledger(len(seen), claims, sum(corrected), len(corrected))

    def near(self, site: str) -> tuple[str, ...]:
        return self.close_by

    def local(self, site: str) -> Local:
        return self.around

    def page(self, site: str, name: str) -> StandingPage | None:
        return self.standing.get(name)

    def pages(self, site: str) -> list[str]:
        return sorted(self.standing)

    def problems(self) -> list[Problem]:
        return self.found

    def facts(self, article_id: str) -> dict[str, FactView]:
        return self.told.get(article_id, {})

    def instrument(self, symbol: str) -> InstrumentView | None:
        return self.views.get(symbol)

    def instruments(self) -> list[str]:
        return sorted(self.views)

    def definition(self, name: str) -> DefinitionView | None:
        return self.metrics.get(name)

    def definitions(self) -> list[DefinitionView]:
        return [self.metrics[name] for name in sorted(self.metrics)]

    def next_change(self, site: str) -> datetime | None:
        return None

    def stamp(self) -> Stamp:
        return Stamp(SESSION, RETRIEVED, self.written, self.generation)

    # --- filling ----------------------------------------------------------------------------------------

    def publish(self, *entries: Entry, facts: Iterable[FactView] = ()) -> Entry:
        """Add entries, the facts belonging to the first."""
        self.entries += entries
        self.told[entries[0].article.id] = {view.fact.id: view for view in facts}
        self.generation += 1
        return entries[0]

    def quote(self, view: InstrumentView) -> InstrumentView:
        """Add an instrument."""
        self.views[view.instrument.symbol] = view
        return view


class FakeSearch:
    """Finds the catalogue's stories whose title or summary holds every word; nothing is stemmed."""

    generation = 1

    def __init__(self, catalogue: FakeCatalogue) -> None:
        self.catalogue = catalogue
        self.asked: list[Query] = []

    @property
    def documents(self) -> int:
        return len(self.catalogue.entries)

    def search(self, query: Query) -> Results:
        self.asked.append(query)
        terms = query.text.lower().split()
        found = [
            e
            for e in self.catalogue.latest(
                query.site, limit=10_000, topic=query.topic, author=query.author, symbol=query.symbol
            )
            if all(term in f"{e.article.title} {e.article.summary}".lower() for term in terms)
            and (not query.year or e.article.date.year == query.year)
        ]
        topics: dict[str, int] = {}
        for e in found:
            for topic in e.article.topics:
                topics[topic] = topics.get(topic, 0) + 1
        return Results(
            query.text,
            len(found),
            tuple(self._hit(e, terms) for e in found[query.offset : query.offset + query.limit]),
            {"topic": tuple(FacetCount(name, count) for name, count in sorted(topics.items()))},
            "small caps" if query.text == "smoll caps" else "",
            ("Only the first 32 words were used.",) if len(terms) > 32 else (),
        )

    def _hit(self, found: Entry, terms: list[str]) -> Hit:
        title = str(escape(found.article.title))
        for term in terms:
            title = re.sub(f"(?i){re.escape(term)}", lambda m: f"<mark>{m[0]}</mark>", title)
        it = found.article
        return Hit(it.slug, found.address, it.title, it.date, 1.0, str(escape(it.summary)), title)

    def suggest(self, text: str, *, limit: int = 8) -> tuple[str, ...]:
        return tuple(word for word in ("small", "smaller") if word.startswith(text))[:limit]

    def close(self) -> None:
        pass


STORIES = (
    ("Nasdaq slips as seven of ten watch-list names rise", ("technology", "watch-list"), 420),
    ("Regional banks trail the index for a third week", ("banks",), 610),
    ("What the calendar holds: December prices on Tuesday", ("calendar", "inflation"), 260),
    ("The Fed’s three cuts, and where the rate stands now", ("federal-reserve",), 540),
    ("Bank of America falls 1.2% in a flat session", ("banks", "watch-list"), 210),
    ("Oracle’s best day since October lifts software names", ("technology", "watch-list"), 480),
    ("Small caps close above 2,600 for the first time", ("small-caps", "records"), 380),
    ("Volatility index ends the week at its lowest close of the month", ("volatility",), 240),
    ("Russell 2000 opens the year with a 4.9% gain in five sessions", ("small-caps",), 700),
    ("Semiconductors lead the first week, utilities lag", ("technology", "sectors"), 520),
)


def busy(catalogue: FakeCatalogue, root: Path, count: int = 30) -> FakeCatalogue:
    """A front page on a busy day: a lead with its chart, and as many stories as asked for."""
    lead_at = "/2026/01/12/small-caps-run/"
    views = [
        change_fact(),
        change_fact("INDEXSP:SPX", "-0.05"),
        change_fact(value="4.92", over="2026.first5s"),
    ]
    december, large, first = views
    html = (
        f"<p>The Russell 2000 {ticker('INDEXRUSSELL:RUT')} rose more than the S&amp;P 500 "
        f"{ticker('INDEXSP:SPX')} for a seventh session on Monday, Jan. 12, as many as in February and September "
        "2022. Only one run since January 2019 was longer.</p>"
        f"<p>The index {claim(december, 'fell 0.7% in December', lead_at)}, while the S&amp;P 500 "
        f"{claim(large, 'fell 0.05%', lead_at)}. It then "
        f"{claim(first, 'gained 4.9% in the first five sessions of 2026', lead_at)}.</p>"
        "<h2>A run counted in sessions</h2>"
        "<p>The streak began on Friday, Jan. 2. Small caps led in three of the 11 months from February to December "
        "2025, so this is a run of days and not of months. It took the index above 2,600 for the first time, at "
        "the close of Thursday, Jan. 8.</p>"
        f"<p>NVIDIA {ticker('NASDAQ:NVDA')} ended the session little changed and Microsoft {ticker('NASDAQ:MSFT')} "
        "lost 0.4%. Neither belongs to the index.</p>"
        "<h2>Few precedents</h2>"
        "<p>The data hold seven earlier runs of seven sessions or more. So few carry no conclusion: after them the "
        "index led over the following 21 sessions in three cases and trailed in four.</p>"
        "<ul><li>Seven sessions in September 2022</li><li>Seven sessions in February 2022</li>"
        "<li>Eight sessions in January 2019</li></ul>"
        "<h2>What comes next</h2>"
        "<p>December consumer prices are due on Tuesday, Jan. 13, at 8:30 a.m. New York time. The Federal Open "
        "Market Committee’s next statement is due on Wednesday, Jan. 28.</p>"
    )
    lead = entry(
        "small-caps-run",
        "Small caps beat the S&P 500 for a seventh session, matching 2022’s longest runs",
        html=html,
        words=940,
        topics=("small-caps", "records", "federal-reserve"),
        symbols=("INDEXRUSSELL:RUT", "INDEXSP:SPX", "NASDAQ:NVDA", "NASDAQ:MSFT"),
        facts=views,
        summary="The Russell 2000 has outpaced the S&P 500 on each of the seven sessions from Jan. 2 to Jan. 12, "
        "a run last exceeded in January 2019.",
        photo=Photo(
            "chart.svg",
            alt="Line chart: the Russell 2000’s lead over the S&P 500 grew on each session from Jan. 2 to Jan. 12.",
            caption="The Russell 2000’s return less the S&P 500’s, in percentage points since Dec. 31.",
            credit="Chart: Market Desk",
        ),
        updated=datetime(2026, 1, 12, 23, 0, tzinfo=UTC),
        written=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
        corrections=(
            Correction(
                datetime(2026, 1, 12, 23, 0, tzinfo=UTC), "An earlier version gave the day as Jan. 9."
            ),
        ),
    )
    folder = root / "content" / Path(lead.article.path).parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.md").write_text("# The story\n", encoding="utf-8")
    (folder / "chart.svg").write_text(CHART, encoding="utf-8")
    (folder / "chart.csv").write_text("date,lead\n2026-01-02,0.31\n", encoding="utf-8")
    if count:
        catalogue.publish(lead, facts=views)
    start = datetime.combine(SESSION, time(6, 30), PACIFIC)
    for number in range(count - 1):
        title, topics, words = STORIES[number % len(STORIES)]
        again = f" ({number // len(STORIES) + 1})" if number >= len(STORIES) else ""
        catalogue.publish(
            entry(
                f"story-{number}",
                title + again,
                when=start - timedelta(hours=7 * number),
                words=words,
                topics=topics,
                symbols=("NASDAQ:NVDA",) if number % 3 == 0 else (),
                summary="The move, its size and what it followed, from the closing prices of the session "
                "and the ones before it.",
                facts=views[: number % 3 + 1],
            )
        )
    catalogue.boards[SESSION] = board(*REFERENCE_ROWS)
    for symbol, name, last, kind in (
        ("INDEXSP:SPX", "S&P 500", "6977.27", "index"),
        ("INDEXRUSSELL:RUT", "Russell 2000", "2635.69", "index"),
        ("INDEXNASDAQ:IXIC", "Nasdaq Composite", "23733.90", "index"),
        *((quote.symbol, quote.name, str(quote.price), "stock") for quote in REFERENCE_ROWS),
    ):
        catalogue.quote(walk(symbol, name, last, kind=kind))
    catalogue.quote(walk("NYSE:JPM", "JPMorgan Chase & Co.", "310.00", basis="total"))
    catalogue.metrics["return"] = DefinitionView(
        "return",
        "Return",
        1,
        "The change from the close before the period to the close of its last session, in percent.",
        (
            ParameterView("of", "the instrument", None, "RUT"),
            ParameterView("over", "the period", None, "2025-12"),
        ),
        ("return?of=INDEXRUSSELL:RUT&over=2025-12",),
    )
    return catalogue
