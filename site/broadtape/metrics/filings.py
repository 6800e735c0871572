"""Filings: the last of a form, how many there were, a filed figure against a year ago, and a price against earnings.

Owns the metrics over what companies filed with the regulator. A figure counts from its filing; what was expected of it,
and what it will be, no filing says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from broadtape.metrics import windows
from broadtape.metrics.registry import Answer, Parameter, choice, metric, over, symbol_of
from broadtape.metrics.series import as_date, current, line, percent, percent_change
from broadtape.model import BadParameter, CompanyFact, Filing, MarketView, NewsView, NoData, NotTrue

_QUARTER = (timedelta(days=80), timedelta(days=100))
_YEAR = (timedelta(days=350), timedelta(days=380))
CLOSE = time(16, 0)  # New York: what is filed later is the next session's
_ALIVE = timedelta(days=30)  # a source that gave nothing of anyone for so long has nothing to say
_YEARS_APART = timedelta(days=10)  # a fiscal quarter begins and ends about a year after the last one's
_STALE = timedelta(days=500)  # since the end of a fiscal year: earnings older than this are not the last ones
CONCEPTS = {
    "eps": (("us-gaap:EarningsPerShareDiluted",), "diluted earnings a share", 2),
    "revenue": (
        ("us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax", "us-gaap:Revenues"), "revenue", 0,
    ),
    "net-income": (("us-gaap:NetIncomeLoss",), "net income", 0),
}  # fmt: skip
# Deals and offerings, by forms and item of the regulator's: what each says, it says of itself.
KINDS = {
    "results": (("8-K",), "2.02"),
    "acquisition": (("8-K",), "2.01"),
    "agreement": (("8-K",), "1.01"),
    "offering": (("424B1", "424B2", "424B3", "424B4", "424B5", "424B7", "424B8"), ""),
    "registration": (("S-1",), ""),
    "stake": (("SC 13D", "SCHEDULE 13D"), ""),
}
DEALS = ("acquisition", "agreement", "offering", "registration", "stake")


def _news(answer: Answer) -> NewsView:
    view = answer.view
    if not isinstance(view, NewsView):
        raise NoData("no filings are loaded; set up a source of filings")
    return view


def of_kind(filings: tuple[Filing, ...], kind: str) -> list[Filing]:
    """The filings of a kind, newest first; an amendment is a filing of its own and left out."""
    forms, item = KINDS[kind]
    return [one for one in filings if one.form in forms and (not item or item in one.items)]


@metric(
    "filing",
    "Last filing of a kind",
    "The New York day on which a company's last filing of a kind was accepted by the Securities and Exchange "
    "Commission: results (Form 8-K, item 2.02), a completed acquisition (2.01), a material agreement (1.01), a "
    "prospectus (424B), a registration (S-1) or a stake of over 5% (Schedule 13D). What the filing says is not read.",
    symbol_of("the company's share"),
    choice("kind", "what was filed", *KINDS),
    examples=("filing?of=NASDAQ:MSFT",),
)
def _filing(answer: Answer) -> None:
    found = of_kind(_news(answer).filings(answer["of"]), answer["kind"])
    if not found:
        raise NoData(f"{answer['of']}: no filing of kind {answer['kind']} was known on {answer.view.as_of}")
    last = found[0]
    day = last.at.astimezone(answer.view.time_zone).date()
    answer.value("date", day, "date")
    answer.names(answer["of"])
    answer.tags |= {"last", "filed", answer["kind"]}
    answer.said(f"filing:{last.accession}", day, "form", " ".join((last.form, *last.items)), last.origin)


def reports_results(filing: Filing) -> bool:
    """Whether a filing gives the company's results."""
    forms, item = KINDS["results"]
    return filing.form in forms and item in filing.items


def told_since(view: MarketView) -> datetime:
    """From when on something on file belongs to a session: the close of the session before, by the market's clock."""
    if len(view.sessions) < 2:
        raise NoData(f"the calendar has no session before {view.as_of}")
    return datetime.combine(as_date(view.sessions[-2]), CLOSE, view.time_zone)


def _since(answer: Answer) -> datetime:
    """The close before the window; a window that ended earlier holds nothing of what is on file now."""
    if answer["over"] == "1s":
        return told_since(answer.view)
    window, sessions = windows.resolve(answer.view, answer["over"]), answer.view.sessions
    if window.last != len(sessions) - 1:
        raise NoData(f"over: {answer['over']} does not end with the session of {answer.view.as_of}")
    return datetime.combine(as_date(sessions[window.base]), CLOSE, answer.view.time_zone)


def _reaches_back(news: NewsView, lately: datetime, since: datetime) -> bool:
    """Whether something was known in the month before, so that none found in the window means that none came."""
    return any(one.at <= since for one in news.filings(since=lately)) or any(
        one.known_at <= since for one in news.stories(lately)
    )


@metric(
    "on-file",
    "What is on file of a session",
    "How many filings with the Securities and Exchange Commission and stories of the sources that are followed name "
    "the share, from the close of the session before to the end of the as-of session's day. None found says that "
    "these sources have none, not that nothing happened.",
    symbol_of("the company's share"),
    Parameter(
        "over", "a window that ends with the session; the session if left out", "1s", "2025-12", "window"
    ),
    examples=("on-file?of=NASDAQ:MSFT", "on-file?of=NASDAQ:MSFT&over=5s"),
)
def _on_file(answer: Answer) -> None:
    news, since = _news(answer), _since(answer)
    own, others = news.filings(answer["of"], since=since), news.stories(since, symbol=answer["of"])
    lately = since - _ALIVE
    if not own and not others and not news.filings(since=lately) and not news.stories(lately):
        raise NoData(
            f"of: no filing or story is known of the month to {answer.view.as_of}; set up a source of either"
        )
    if answer["over"] != "1s" and not _reaches_back(news, lately, since):
        raise NoData(f"over: no filing or story is known of the month before {since.date()}")
    answer.value("count", len(own) + len(others), "pieces")
    answer.names(answer["of"])
    answer.day("since", since.date())
    answer.tags.add("filed")
    for one in own[:40]:
        answer.said(
            f"filing:{one.accession}", one.filed, "form", " ".join((one.form, *one.items)), one.origin
        )
    for other in others[:40]:
        day = other.known_at.astimezone(answer.view.time_zone).date()
        answer.said(f"story:{other.uid}", day, "publisher", other.publisher, other.origin)


@metric(
    "filing-count",
    "Number of filings of a kind",
    "How many filings of a kind were accepted from the first to the last day of the window, of the companies whose "
    "filings are followed, or of one of them.",
    Parameter("of", "one company's share; all that are followed if left out", "", "NASDAQ:MSFT", "symbol"),
    choice("kind", "what was filed", *KINDS),
    over("2025-12"),
    examples=("filing-count?kind=offering&over=2025-12",),
)
def _filing_count(answer: Answer) -> None:
    news, window = _news(answer), windows.resolve(answer.view, answer["over"])
    sessions, zone = answer.view.sessions, answer.view.time_zone
    first, last = as_date(sessions[window.first]), as_date(sessions[window.last])
    since = datetime.combine(first, datetime.min.time(), zone)
    followed = news.filings(answer["of"])
    if not followed or min(one.at for one in followed) > since:
        raise NoData(f"over: the filings known do not reach back to {first}")
    found = [
        one
        for one in of_kind(news.filings(answer["of"], since=since), answer["kind"])
        if first <= one.at.astimezone(zone).date() <= last
    ]
    answer.value("count", len(found), "filings")
    if answer["of"]:
        answer.names(answer["of"])
    answer.window(window)
    answer.tags |= {"filed", answer["kind"]}
    for one in (found or list(followed[:1]))[:40]:
        day = one.at.astimezone(zone).date()
        answer.said(f"filing:{one.accession}", day, "form", " ".join((one.form, *one.items)), one.origin)


@dataclass(frozen=True, slots=True)
class _Figures:
    """What a company filed of a concept, by the end of its period; the latest filing of each."""

    cik: str
    rows: tuple[CompanyFact, ...]

    def over(self, span: tuple[timedelta, timedelta]) -> list[CompanyFact]:
        """Those of periods of about that length, ascending by their end."""
        low, high = span
        found = [one for one in self.rows if one.start is not None and low <= one.end - one.start <= high]
        return sorted(found, key=lambda one: (one.end, one.known_at))


def _figures(answer: Answer, name: str) -> _Figures:
    news = _news(answer)
    cik = next((one.cik for one in news.companies() if answer["of"] in one.symbols), "") or (
        answer.view.instrument(answer["of"]).cik
    )
    if not cik:
        raise NoData(f"{answer['of']}: its number with the regulator is not known")
    for concept in CONCEPTS[name][0]:
        rows = news.company_facts(cik.zfill(10), concept)
        if rows:
            return _Figures(cik, rows)
    raise NoData(f"{answer['of']}: no {CONCEPTS[name][1]} was filed in the data known on {answer.view.as_of}")


def _filed(answer: Answer, one: CompanyFact) -> None:
    span = f"{one.start} to {one.end}" if one.start is not None else str(one.end)
    answer.said(f"{one.concept}:{one.accession}", one.end, span, f"{one.value:f}", one.origin)


@metric(
    "filed-growth",
    "Filed figure against a year ago",
    "The change in percent of a figure of the last quarter filed as a quarter, against the same quarter a year "
    "before, both as last filed. A fourth quarter that is only in a year's figure is not taken apart; a loss then "
    "or now has no change in percent.",
    symbol_of("the company's share"),
    choice("figure", "what was filed", *CONCEPTS),
    examples=("filed-growth?figure=revenue&of=NASDAQ:MSFT",),
)
def _filed_growth(answer: Answer) -> None:
    name = answer["figure"]
    quarters = _figures(answer, name).over(_QUARTER)
    if not quarters:
        raise NoData(f"{answer['of']}: no quarter's {CONCEPTS[name][1]} was filed")
    now = quarters[-1]
    wanted = now.end - timedelta(days=365)
    before = next((one for one in reversed(quarters) if abs(one.end - wanted) <= _YEARS_APART), None)
    if before is None:
        raise NoData(f"{answer['of']}: no {CONCEPTS[name][1]} was filed for the quarter to {wanted}")
    if before.value <= 0 or now.value <= 0:
        raise NotTrue(f"{answer['of']}: from {before.value} to {now.value} there is no change in percent")
    change = percent(percent_change(before.value, now.value), 1)
    answer.value("change", change, "percent", 1)
    answer.names(answer["of"])
    answer.part("figure", "text", CONCEPTS[name][1])
    answer.day("period_end", now.end)
    answer.day("filed", now.known_at.astimezone(answer.view.time_zone).date())
    answer.count("span", 12, "months")
    answer.direction(change)
    answer.tags.add("filed")
    _filed(answer, before)
    _filed(answer, now)


@metric(
    "price-to-earnings",
    "Price against trailing earnings",
    "The close over the diluted earnings a share of the last full fiscal year filed: how many times a year's "
    "earnings the price is. Earnings yet to come are nobody's fact; a year with a loss has no such ratio, and "
    "neither has one whose filing is over 500 days older than the session.",
    symbol_of("the company's share"),
    examples=("price-to-earnings?of=NASDAQ:MSFT",),
)
def _price_to_earnings(answer: Answer) -> None:
    years = _figures(answer, "eps").over(_YEAR)
    if not years or answer.view.as_of - years[-1].end > _STALE:
        raise NoData(f"{answer['of']}: no fiscal year's earnings a share were filed lately")
    if years[-1].value <= 0:
        raise NotTrue(f"{answer['of']}: the last fiscal year filed has a loss")
    series = current(line(answer.view, answer["of"]))
    last = len(series.sessions) - 1
    if series.bars.adjustment == "raw":
        raise BadParameter(
            f"of: the closes of {answer['of']} are not adjusted for splits since the year filed"
        )
    ratio = percent(series.exact(last) / years[-1].value, 1)
    answer.value("level", Decimal(ratio), "ratio", 1)
    answer.names(answer["of"])
    answer.level("close", series, last)
    answer.part("earnings", "level", years[-1].value, "USD", 2)
    answer.day("period_end", years[-1].end)
    answer.tags |= {"filed", "trailing"}
    answer.row(series, last)
    _filed(answer, years[-1])


def moved_on(
    sessions: np.ndarray[tuple[int], np.dtype[np.datetime64]], filing: Filing, close: datetime
) -> date | None:
    """The session whose close could first know of a filing: its own day's before the close, else the next."""
    day = np.datetime64(filing.at.astimezone(close.tzinfo).date(), "D")
    after = filing.at.astimezone(close.tzinfo).time() >= close.time()
    at = int(np.searchsorted(sessions, day, side="right" if after else "left"))
    return as_date(sessions[at]) if at < len(sessions) else None
