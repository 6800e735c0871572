"""The e-mail digest of a site's day: what was published, the watch list and corrections, as HTML and as text.

Owns what is in it and its form; sending is broadtape.mailing's. What may be shown is the catalogue's and the
licence rule's business, as on pages; nothing is computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from broadtape import numbers, resources, urls
from broadtape.config import may_show
from broadtape.feeds import DISCLAIMER
from broadtape.model import BroadtapeError

if TYPE_CHECKING:
    from broadtape.archive.catalogue import Catalogue
    from broadtape.archive.records import Entry
    from broadtape.config import Instance, Site

STORIES = 15  # of one day; more are named as a number
SCANNED = 400  # newest articles looked through for a day and for corrections
STEP = 100
LATE = timedelta(days=1)
LONGEST_SUBJECT = 120


class NothingToSend(BroadtapeError):
    """Nothing was published on that day: a digest would be empty."""


@dataclass(frozen=True, slots=True)
class Told:
    """A story: absolute addresses, what it says in short, and how many of its figures were proved."""

    title: str
    url: str
    summary: str
    authors: str
    late: str  # "Written on …" where that was long after its date
    claims: int
    checked: int
    proof: str


@dataclass(frozen=True, slots=True)
class Price:
    """A row of the watch list as printed; `direction` is "up", "down" or "flat"."""

    ticker: str
    name: str
    url: str
    price: str
    change: str
    direction: str
    as_of: str  # only where it differs from the table's day


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction made on the day, to a story of that or another day."""

    title: str
    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One site's day as the templates in templates/email/ print it."""

    site: str
    home: str
    language: str
    accent: str
    day: str  # "Monday, Jan. 12, 2026"
    lead: Told
    stories: tuple[Told, ...]
    more: int  # stories of the day that are not listed
    archive: str
    prices: tuple[Price, ...]
    prices_note: str
    corrections: tuple[Correction, ...]
    methods: str
    unsubscribe: str  # where to, "" where there is no list
    disclaimer: str
    rights: str


def newest_day(catalogue: Catalogue, site: Site) -> date:
    """The day, in the site's zone, of the newest visible story; NothingToSend without one."""
    newest = catalogue.latest(site.key, limit=1)
    if not newest:
        raise NothingToSend(
            f"{site.key}: nothing was published yet, so there is no digest; broadtape index publishes what is written"
        )
    return newest[0].article.date.astimezone(site.time_zone).date()


def gather(catalogue: Catalogue, site: Site, day: date, instance: Instance) -> Digest:
    """What the site published on a day of its own zone; NothingToSend where that is nothing."""
    start = datetime.combine(day, time(), site.time_zone)
    end = start + timedelta(days=1)
    entries, corrections = [], []
    for entry in _newest(catalogue, site):
        if start <= entry.article.date < end:
            entries.append(entry)
        corrections += [
            Correction(entry.article.title, _absolute(site, entry.address), one.text)
            for one in entry.article.corrections
            if start <= one.date < end and one.date > entry.article.date
        ]
    if not entries:
        raise NothingToSend(
            f"{site.key}: nothing was published on {numbers.day(day)}; name another day with --on"
        )
    # What has a picture leads, as on the front page; else the newest.
    lead = next((one for one in entries if one.article.photo is not None), entries[0])
    rest = [one for one in entries if one is not lead]
    sessions = [one.article.as_of for one in entries if one.article.as_of]
    prices, note = _prices(catalogue, site, max(sessions, default=None), instance)
    accent = site.palette.get("accent", "")
    return Digest(
        site=site.name,
        home=site.url + "/",
        language=site.locale.replace("_", "-"),
        accent=accent if accent.startswith("#") and accent[1:].isalnum() else "#0b4f6c",
        day=f"{numbers.weekday(day)}, {numbers.day(day)}",
        lead=_told(site, lead),
        stories=tuple(_told(site, one) for one in rest[: STORIES - 1]),
        more=max(0, len(rest) - STORIES + 1),
        archive=site.url + urls.month(day.year, day.month),
        prices=prices,
        prices_note=note,
        corrections=tuple(corrections),
        methods=site.url + urls.METHODS,
        unsubscribe=site.digest.unsubscribe[0] if site.digest.unsubscribe else "",
        disclaimer=DISCLAIMER,
        rights=f"© {day.year} {site.copyright or site.name}",
    )


def message(digest: Digest, site: Site, day: date, *, sender: str, to: str, now: datetime) -> EmailMessage:
    """The digest as a message to one address (which may be a list's), text and HTML side by side."""
    made = EmailMessage(policy=SMTP)
    host = urlsplit(site.url).hostname or "localhost"
    subject = _line(f"{digest.site}: {digest.lead.title}")
    made["Subject"] = subject if len(subject) <= LONGEST_SUBJECT else subject[:LONGEST_SUBJECT] + "…"
    made["From"] = sender or f"{_line(site.name)} <digest@{host}>"
    made["To"] = to or "undisclosed-recipients:;"
    made["Date"] = format_datetime(now.astimezone(UTC))
    # The same digest to the same address is the same message, whoever sends it twice.
    stamp = hashlib.sha256(f"{site.key}|{day}|{parseaddr(to)[1]}".encode()).hexdigest()[:20]
    made["Message-ID"] = f"<digest.{day:%Y%m%d}.{stamp}@{host}>"
    made["List-Id"] = f"<digest.{site.key}.{host}>"
    if site.digest.unsubscribe:
        made["List-Unsubscribe"] = ", ".join(f"<{address}>" for address in site.digest.unsubscribe)
        if any(address.startswith("https://") for address in site.digest.unsubscribe):
            made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made["Auto-Submitted"] = "auto-generated"
    made["Content-Language"] = digest.language
    made.set_content(text(digest, site), cte="quoted-printable")
    made.add_alternative(html(digest, site), subtype="html", cte="quoted-printable")
    return made


def text(digest: Digest, site: Site) -> str:
    """The digest for people who read mail as text."""
    return _rendered("email/digest.txt", digest, site)


def html(digest: Digest, site: Site) -> str:
    """The digest as HTML that mail clients show: tables, styles on the elements, nothing fetched."""
    return _rendered("email/digest.html", digest, site)


def _rendered(name: str, digest: Digest, site: Site) -> str:
    environment = resources.environment([site.folder / "templates"])
    values = {one.name: getattr(digest, one.name) for one in fields(digest)}
    return environment.get_template(name).render(**values)


# --- parts ------------------------------------------------------------------------------------------------


def _newest(catalogue: Catalogue, site: Site) -> list[Entry]:
    found: list[Entry] = []
    for offset in range(0, SCANNED, STEP):
        more = catalogue.latest(site.key, limit=STEP, offset=offset)
        found += more
        if len(more) < STEP:
            break
    return found


def _told(site: Site, entry: Entry) -> Told:
    article = entry.article
    late = ""
    if article.written is not None and article.written - article.date > LATE:
        written = numbers.day(article.written.astimezone(site.time_zone).date())
        known = f", from data as of {numbers.day(article.as_of)}" if article.as_of else ""
        late = f"Written on {written}{known}."
    first = " ".join(entry.text.split())
    short = first if len(first) <= 240 else first[:240].rsplit(" ", 1)[0] + " …"
    return Told(
        title=_line(article.title),
        url=_absolute(site, entry.address),
        summary=_line(article.summary) or short,
        authors=numbers.listing([_line(name) for name in article.authors]),
        late=late,
        claims=sum(entry.proof.values()),
        checked=entry.proof.get("verified", 0) + entry.proof.get("revised", 0),
        proof=_absolute(site, urls.proof(entry.address)),
    )


def _prices(
    catalogue: Catalogue, site: Site, day: date | None, instance: Instance
) -> tuple[tuple[Price, ...], str]:
    """The watch list at the day's session, as far as it may be given out, and of when and from whom it is."""
    board = catalogue.quotes(site.key, day) or catalogue.quotes(site.key, None)
    if board is None:
        return (), ""
    rows = [
        row
        for row in board.rows
        if not row.symbol.startswith("UNLISTED:") and may_show(instance.audience, row.licence)
    ]
    if not rows:
        return (), ""
    prices = []
    for row in rows:
        moved = numbers.rounded(row.percent, 2)
        prices.append(
            Price(
                ticker=row.symbol.partition(":")[2],
                name=row.name,
                url=_absolute(site, urls.quote_page(row.symbol)),
                price=numbers.plain(row.price, 4 if 0 < row.price < 1 else 2),
                change=numbers.signed_percent(row.percent, decimals=2),
                direction="up" if moved > 0 else "down" if moved < 0 else "flat",
                as_of=numbers.day(row.as_of) if row.as_of != board.as_of else "",
            )
        )
    delay = max(row.delay_minutes for row in rows)
    delayed = f" Quotes delayed at least {delay} minutes." if delay else ""
    credited: dict[str, None] = {}
    for (
        line
    ) in board.attribution:  # a list of our own sources' names is taken apart, so that each stands once
        pieces = line.split(", ")
        credited |= dict.fromkeys(pieces if all(instance.source(piece) for piece in pieces) else [line])
    source = f" Source: {'; '.join(credited)}." if credited else ""
    return tuple(prices), f"Closing prices of {numbers.day(board.as_of)}.{delayed}{source}"


def _absolute(site: Site, address: str) -> str:
    return site.url + quote(address, safe="/:.-^=$#?&")


def _line(text: str) -> str:
    """One line without control characters: a header cannot be broken by a title."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def recipients(site: Site) -> Sequence[str]:
    """Who gets the site's digest, each once."""
    return tuple(dict.fromkeys(site.digest.to))
