"""What each page's template gets: one documented struct per page, and the small parts they share.

Owns no reading and no arithmetic: figures arrive here as the words that are printed.
docs/contracts/pages.md lists these classes and their fields; a test holds the two together. Structs, not dataclasses:
fifty-six of those were a seventh of what a reader takes to start.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Direction = Literal["up", "down", "flat"]


# --- parts that several pages share -------------------------------------------------------------------


class Moment(Struct, frozen=True):
    """A date or an instant: `iso` for `<time datetime>`, `text` for people, in the site's zone."""

    iso: str
    text: str


class Link(Struct, frozen=True):
    """A link of the navigation or a list; `current` marks the page one is on, `count` is 0 when unsaid."""

    title: str
    address: str
    current: bool = False
    count: int = 0


class Change(Struct, frozen=True):
    """A change as printed; direction is said by sign and arrow, never by colour alone."""

    direction: Direction
    amount: str  # "+0.08"
    percent: str  # "+0.04%"
    spoken: str  # "up": what a screen reader hears for the arrow

    @property
    def arrow(self) -> str:
        """▲, ▼ or an en dash."""
        return {"up": "▲", "down": "▼", "flat": "–"}[self.direction]


class QuoteLine(Struct, frozen=True):
    """One row of a quote table. `as_of` is set only where it differs from the table's own day."""

    symbol: str
    ticker: str
    name: str
    address: str
    price: str
    change: Change
    as_of: Moment | None
    source: str


class QuoteTable(Struct, frozen=True):
    """Recent quotes: rows, the day they are of, and the line that says how late they are."""

    title: str
    rows: tuple[QuoteLine, ...]
    as_of: Moment
    timing: str  # "Closing prices of Jan. 12, 2026."
    attribution: tuple[str, ...]
    left_out: tuple[str, ...]  # symbols without a price of that day


class Picture(Struct, frozen=True):
    """An article's chart or photo; width and height are None where the file does not say."""

    src: str
    alt: str
    caption: str
    credit: str
    width: int | None
    height: int | None
    data: str  # address of the table behind a chart, or ""
    drawing: tuple[str, str] | None = None  # a desk's chart: its view box, and its shapes as markup


class Card(Struct, frozen=True):
    """An article as other pages show it."""

    address: str
    title: str
    summary: str
    kicker: Link | None
    published: Moment
    updated: Moment | None  # the day of a running story's newest version
    as_of: Moment | None
    late: str  # "Written on …", where the article was written over a day from its date
    written: Moment | None  # and that day alone, for a line of stamps
    picture: Picture | None
    minutes: int
    checked: int  # figures that proof verified
    status: str  # later state of a running story, or ""


class BlockItem(Struct, frozen=True):
    """One line of a local block: a day, an alert, an event, a company. What it has not is empty."""

    title: str
    text: str = ""
    address: str = ""
    when: Moment | None = None  # a day, an event's time, or until when an alert holds
    value: str = ""  # the day's high, a price
    note: str = ""  # the night's low, a place, a sponsor
    mark: str = ""  # the chance of rain, an alert's severity
    change: Change | None = None


class Block(Struct, frozen=True):
    """A local block with something true to show, and how fresh that is."""

    kind: str  # as docs/contracts/settings.md lists them
    title: str
    address: str
    text: str  # the block in one line, for the masthead
    name: str = ""  # its name in the settings, unique on the site
    items: tuple[BlockItem, ...] = ()
    stamp: Moment | None = None
    stamped: str = ""  # what the stamp says: "Issued", "As of"
    source: str = ""
    more: Link | None = None
    label: str = ""  # "Sponsored", where it is
    html: str = ""  # sanitised, of the operator
    fields: tuple[str, str, str] = ("checkin", "checkout", "rooms")  # what the lodging form sends
    hidden: tuple[tuple[str, str], ...] = ()


class FeedLink(Struct, frozen=True):
    """A feed for `<link rel="alternate">`."""

    title: str
    address: str
    media_type: str


class Head(Struct, frozen=True):
    """What `<head>` says. `canonical` is absolute or empty; `robots` is empty where all may index."""

    title: str
    description: str
    canonical: str
    robots: str
    kind: Literal["website", "article"]
    image: str  # absolute, or ""
    json_ld: str  # a JSON text safe inside a script element, or ""
    feeds: tuple[FeedLink, ...]
    image_alt: str
    image_size: tuple[int, int] | None  # in pixels, where known
    properties: tuple[tuple[str, str], ...]  # further Open Graph properties: "article:tag", …


class Chrome(Struct, frozen=True):
    """What surrounds every page: name, clock, navigation, blocks, credits. Always current, never stored."""

    site: str
    place: str
    tagline: str
    language: str
    zone: str  # IANA name, for the clock
    now: Moment
    weekday: str
    data: Moment | None  # last session of the data that pages show
    utility: tuple[Link, ...]
    sections: tuple[Link, ...]
    legal: tuple[Link, ...]
    blocks: tuple[Block, ...]
    credits: str
    rights: str  # "Copyright © 2010–2026 …"
    preview: bool
    palette: str  # address of the site's colours, or ""
    look: str  # "broadsheet" or "bulletin"
    style: str
    script: str
    theme: str  # the site's colour, for what surrounds a page on a device
    touch_icon: str  # address of the icon in pixels, or ""


class Paging(Struct, frozen=True):
    """Where one stands in a long list; addresses are empty at the ends."""

    page: int
    pages: int
    newer: str
    older: str


# --- one per page ---------------------------------------------------------------------------------------


class FrontPage(Struct, frozen=True):
    """`/`: the lead with its chart, what matters beside it, briefs, rails by topic, and the rest in order."""

    lead: Card | None
    seconds: tuple[Card, ...]
    briefs: tuple[Card, ...]
    rails: tuple[Rail, ...]
    latest: tuple[Card, ...]
    strip: tuple[QuoteLine, ...]
    strip_as_of: Moment | None
    quotes: QuoteTable | None
    topics: tuple[Link, ...]
    archive: str
    blocks: tuple[Block, ...] = ()  # every local block; the chrome has what stands on all pages
    river: tuple[Card, ...] = ()  # everything but the lead by date, for a front page without hierarchy


class Rail(Struct, frozen=True):
    """A topic's stories on the front page."""

    topic: Link
    cards: tuple[Card, ...]


class ArticlePage(Struct, frozen=True):
    """`/YYYY/MM/DD/<slug>/`."""

    address: str
    title: str
    summary: str
    body: str  # sanitised HTML
    byline: tuple[Link, ...]
    desk: bool  # written by the desk: "automated", with the methods link
    made: str  # how a desk article's words came about, in a sentence or two
    published: Moment
    updated: Moment | None
    as_of: Moment | None
    written: Moment | None  # where it differs from `published` by over a day
    late: str  # the sentence above the text then, else ""
    later: Link | None  # what became of a run it reports
    since: str  # what its main fact has come to by the newest data: HTML with proof links, or ""
    history: tuple[
        CorrectionLine, ...
    ]  # updates of a story that runs on, newest first; address: the version before
    kicker: Link | None
    picture: Picture | None
    source: Link | None
    sources: tuple[str, ...]
    corrections: tuple[CorrectionLine, ...]
    topics: tuple[Link, ...]
    symbols: tuple[Link, ...]
    related: tuple[Card, ...]
    newer: Card | None
    older: Card | None
    quotes: QuoteTable | None
    story_quotes: QuoteTable | None
    minutes: int
    claims: int
    checked: int
    proof: str
    markdown: str
    share: tuple[Link, ...] = ()  # plain links to where a reader may pass it on; nothing of theirs is loaded


class CorrectionLine(Struct, frozen=True):
    """One correction or update. `article` is None on the article's own page; of an update, the version before it."""

    date: Moment
    text: str
    article: Link | None


class InputRow(Struct, frozen=True):
    """One deciding input of a fact."""

    series: str
    day: Moment
    field: str
    value: str
    source: str
    retrieved: Moment


class InputRange(Struct, frozen=True):
    """Inputs named as a range, with how many there were and their digest."""

    series: str
    field: str
    first: Moment
    last: Moment
    count: str
    digest: str
    source: str


class Proof(Struct, frozen=True):
    """One fact with what it was computed from. Inputs are empty where the licence keeps them from readers."""

    id: str
    status: str
    status_words: str
    claims: tuple[str, ...]  # the words of the article that rest on it
    printed: str
    title: str
    wording: str
    definition: str
    long_form: str
    as_of: Moment
    parts: tuple[tuple[str, str], ...]
    rows: tuple[InputRow, ...]
    ranges: tuple[InputRange, ...]
    withheld: bool


class ProofPage(Struct, frozen=True):
    """`…/proof`: every claim of the article with its evidence."""

    address: str
    title: str
    as_of: Moment | None
    counts: tuple[tuple[str, int], ...]
    proofs: tuple[Proof, ...]
    data: str


class ListPage(Struct, frozen=True):
    """`/topics/<t>/`, `/authors/<a>/`, `/archive/YYYY/MM/`, `/topics/` and `/archive/`."""

    label: str
    title: str
    description: str
    cards: tuple[Card, ...]
    links: tuple[Link, ...]
    paging: Paging
    total: int
    feed: str


class FoundSymbol(Struct, frozen=True):
    """An instrument that a look-up found; `former` is the former name by which it was."""

    symbol: str
    name: str
    address: str
    former: str
    kind: str


class QuotesPage(Struct, frozen=True):
    """`/quotes/`: the look-up, the site's watch list and other instruments of our stories.

    `query` is what was looked up, `found` what was found.
    """

    quotes: QuoteTable | None
    others: tuple[Link, ...]
    feed: str
    query: str
    found: tuple[FoundSymbol, ...]


class KeyFigure(Struct, frozen=True):
    """A figure of the quote page with the days it is of."""

    label: str
    value: str
    note: str
    change: Change | None = None


class ChartMark(Struct, frozen=True):
    """A tick of a chart's axis: `at` in the drawing's units."""

    at: str
    label: str


class LineChart(Struct, frozen=True):
    """A drawn line: SVG path data in a box of `width` × `height`, its axes and its words.

    `other` is the line it is compared with, empty without one; `names` then are those of both.
    """

    width: int
    height: int
    left: int
    right: int
    bottom: int
    line: str
    area: str
    xs: tuple[ChartMark, ...]
    ys: tuple[ChartMark, ...]
    title: str
    description: str
    other: str = ""
    names: tuple[str, str] = ("", "")


class ChartControls(Struct, frozen=True):
    """How the chart can be changed: by links and a form without scripts, in place with them.

    `series` and `script` and the like are addresses of what the browser fetches when a reader touches the chart.
    """

    ranges: tuple[Link, ...]
    range: str
    versus: str
    versus_title: str
    problem: str  # why what was asked to be compared with is not
    series: str
    symbols: str


class SayingLine(Struct, frozen=True):
    """A computed fact of an instrument in words; `definition` is the page of what it means."""

    text: str
    definition: str
    title: str


class Notice(Struct, frozen=True):
    """A headline or a filing elsewhere: title, where, who has it, when, what kind of thing it is, and who says what."""

    title: str
    link: str
    source: str
    at: Moment
    kind: str
    speaker: str = ""
    words: str = ""


class SessionRow(Struct, frozen=True):
    """One session of the history table; `price` is empty on a series that includes dividends."""

    day: Moment
    open: str
    high: str
    low: str
    price: str
    change: Change | None
    volume: str


class QuotePage(Struct, frozen=True):
    """`/quotes/<EXCHANGE>:<SYMBOL>/`. `price` is empty where the series is returns only."""

    symbol: str
    ticker: str
    exchange: str
    name: str
    kind: str
    about: tuple[tuple[str, str], ...]
    price: str
    unit: str
    change: Change | None
    as_of: Moment | None
    timing: str
    figures: tuple[KeyFigure, ...]
    chart: LineChart | None
    history: tuple[SessionRow, ...]
    ranged: bool  # open, high and low are known
    csv: str
    source: str
    retrieved: Moment | None
    notes: tuple[str, ...]
    cards: tuple[Card, ...]
    total: int
    feed: str
    controls: ChartControls | None
    sayings: tuple[SayingLine, ...]
    headlines: tuple[Notice, ...]
    filings: tuple[Notice, ...]
    sessions: str  # "5,365 sessions since Jan. 3, 2005"
    paging: Paging | None


class PerformanceRow(Struct, frozen=True):
    """One instrument over several windows; a window without data is None."""

    line: QuoteLine
    whole: str  # the name in full, where the line has it shortened
    windows: tuple[Change | None, ...]
    starts: tuple[str, ...]  # from which close each window counts


class PerformanceTable(Struct, frozen=True):
    """A table of the markets page: its windows name the columns."""

    title: str
    note: str
    windows: tuple[str, ...]
    rows: tuple[PerformanceRow, ...]


class IndicatorRow(Struct, frozen=True):
    """A macro series: value, change, the period it is of, its source. `as_of` is set for daily ones."""

    title: str
    value: str
    unit: str
    change: Change | None
    since: str
    as_of: Moment | None
    period: str
    source: str
    stale: bool


class IndicatorTable(Struct, frozen=True):
    """Series of one kind."""

    title: str
    rows: tuple[IndicatorRow, ...]


class MoverRow(Struct, frozen=True):
    """An instrument that moved much; `basis` says where its change includes dividends."""

    ticker: str
    name: str
    address: str
    change: Change
    basis: str


class MoverTable(Struct, frozen=True):
    """What rose, or fell, most; `note` says of how many and of which day."""

    title: str
    rows: tuple[MoverRow, ...]
    note: str
    sources: tuple[str, ...]


class CalendarRow(Struct, frozen=True):
    """Something scheduled: its day, and the time in the site's zone."""

    day: Moment
    time: str
    title: str
    link: str
    source: str


class MarketsPage(Struct, frozen=True):
    """`/markets/`: benchmarks, groups and the watch list, movers, rates, commodities, prints, what comes next.

    `stale` says it where the newest session is older than it should be.
    """

    as_of: Moment | None
    timing: str
    tables: tuple[PerformanceTable, ...]
    sources: tuple[str, ...]
    cards: tuple[Card, ...]
    stale: str
    movers: tuple[MoverTable, ...]
    indicators: tuple[IndicatorTable, ...]
    calendar: tuple[CalendarRow, ...]
    headlines: tuple[Notice, ...]


class WidgetLine(Struct, frozen=True):
    """A row of a widget: a quote with price and change, or a headline with its day. Addresses are absolute."""

    address: str
    title: str
    name: str
    price: str
    change: Change | None
    at: Moment | None


class EmbedPage(Struct, frozen=True):
    """`/embed/…`: a small document in another site's frame. `note` says of when the prices are and how late."""

    kind: Literal["quotes", "headlines"]
    theme: Literal["auto", "light", "dark"]
    title: str
    site: str
    language: str
    home: str
    lines: tuple[WidgetLine, ...]
    note: str
    empty: str
    palette: str


class WidgetsPage(Struct, frozen=True):
    """`/widgets/`: a form, the widget as it would look, and the markup to copy."""

    kind: Literal["quotes", "headlines"]
    symbols: str
    topic: str
    limit: int
    most: int
    themes: tuple[Link, ...]
    topics: tuple[Link, ...]
    preview: str
    title: str
    width: int
    height: int
    code: str
    private: bool


class DefinitionLine(Struct, frozen=True):
    """A metric as the list shows it."""

    name: str
    title: str
    wording: str
    address: str


class DefinitionsPage(Struct, frozen=True):
    """`/definitions/`."""

    definitions: tuple[DefinitionLine, ...]


class Parameter(Struct, frozen=True):
    """A parameter of a metric."""

    name: str
    meaning: str
    default: str
    example: str


class DefinitionPage(Struct, frozen=True):
    """`/definitions/<metric>/`."""

    name: str
    title: str
    version: int
    wording: str
    parameters: tuple[Parameter, ...]
    examples: tuple[str, ...]


class CorrectionsPage(Struct, frozen=True):
    """`/corrections/`: newest first."""

    corrections: tuple[CorrectionLine, ...]
    articles: int


class TextPage(Struct, frozen=True):
    """`/about/`, `/about/methods/`, `/privacy/`, `/terms/`, `/accessibility/`."""

    title: str
    body: str
    updated: Moment | None
    siblings: tuple[Link, ...]
    record: tuple[
        tuple[str, str], ...
    ] = ()  # of the methods page: what was checked and corrected, in figures


class FeedsPage(Struct, frozen=True):
    """`/feeds/`: groups of pages; each link's address has the three feeds under it."""

    groups: tuple[tuple[str, tuple[Link, ...]], ...]


class Hit(Struct, frozen=True):
    """A search result; `title` and `snippet` are escaped HTML in which only `<mark>` is markup."""

    address: str
    title: str
    snippet: str
    published: Moment


class FactHit(Struct, frozen=True):
    """A published fact that a search found: its value, where it is stated and its proof."""

    printed: str
    title: str  # of the metric
    heading: str  # the article's words where they say something, else of what it is which figure
    question: str  # the fact's long form
    as_of: Moment
    status: str
    status_words: str
    symbols: tuple[Link, ...]
    definition: str
    article: Link
    published: Moment
    more: int  # other articles that state it
    proof: str


class Facet(Struct, frozen=True):
    """Choices that narrow a search; each address keeps the rest of the state."""

    title: str
    choices: tuple[Link, ...]


class SearchPage(Struct, frozen=True):
    """`/search`: everything about it is in the address."""

    query: str
    asked: bool
    total: int
    hits: tuple[Hit, ...]
    facts: tuple[FactHit, ...]  # where `fact:` asks for them; then `total` counts facts
    quotes: tuple[Link, ...]  # instruments whose ticker was typed
    facets: tuple[Facet, ...]
    chosen: tuple[Link, ...]  # filters in force; the address removes one
    hidden: tuple[tuple[str, str], ...]  # fields the form carries along
    since: str  # "2026-01-12", as a date field takes it
    until: str
    sorts: tuple[Link, ...]
    suggestion: Link | None  # another spelling, worth a try
    respelt: bool  # its stories are shown, for the one typed has none
    ways: tuple[Link, ...]  # wider searches that find something, where this one does not
    notes: tuple[str, ...]  # what of the query was left out
    paging: Paging
    topics: tuple[Link, ...]
    latest: tuple[Card, ...]
    feed: str


class LocalPage(Struct, frozen=True):
    """`/local/`: every local block with something true to show."""

    title: str
    place: str
    blocks: tuple[Block, ...]


class ErrorPage(Struct, frozen=True):
    """What a reader sees instead of a page: 404, 405, 410, 500, 503. `reference` finds the entry in the log."""

    code: int
    title: str
    text: str
    note: str
    reference: str
    links: tuple[Link, ...]
