"""The local blocks as pages show them: what is true at the moment of the page, with the stamp of its freshness.

Owns which block is absent because it has nothing true to show. Pure: records and `now` in, contexts out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from broadtape import localblocks, numbers, urls
from broadtape.archive.local import CONFIRMED, FORECAST_FRESH, Local, LocalEvent, LocalNotice
from broadtape.localblocks import Wanted
from broadtape.web import words
from broadtape.web.contexts import Block, BlockItem, Link, Moment, QuoteLine

if TYPE_CHECKING:
    from broadtape.archive.local import HalfDay
    from broadtape.config import Site

DAYS = 7
SOURCES = {"nws": "National Weather Service", "caltrans": "Caltrans"}  # by the name of their settings
WORDS = 280  # of an alert's text; the rest is behind its link
MILE_KM = 1.609344

Quote = Callable[[str], QuoteLine | None]
Story = Callable[[str], str]


def blocks(site: Site, local: Local, *, now: datetime, quote: Quote, story: Story) -> tuple[Block, ...]:
    """The site's blocks in its order; one that has nothing true to show at `now` is absent.

    `quote` gives the quote of a symbol that may be shown, `story` the title at an address, or "".
    """
    found = (_block(site, one, local, now, quote, story) for one in localblocks.wanted(site)[0])
    return tuple(block for block in found if block is not None)


def everywhere(found: tuple[Block, ...]) -> tuple[Block, ...]:
    """What of the blocks every page shows: names, and only what stands in the masthead and beside stories.

    A forecast's figures are not among them: with them, each new forecast would make every page anew.
    """
    kept = []
    for block in found:
        if block.kind in ("lodging", "most-read", "sponsored"):
            kept.append(block)
        elif block.kind == "alerts":
            grave = tuple(replace(item, text="") for item in block.items if item.mark)
            kept.append(replace(block, items=grave, stamp=None, text=""))
        elif block.kind in ("forecast", "traffic"):
            address = f"{urls.LOCAL}#b-{block.name}" if block.items else block.address
            kept.append(Block(block.kind, block.title, address, "", name=block.name))
    return tuple(kept)


def _block(site: Site, one: Wanted, local: Local, now: datetime, quote: Quote, story: Story) -> Block | None:
    table = one.table
    match table:
        case localblocks.Forecast():
            return _forecast(site, one, table, local, now)
        case localblocks.Alerts():
            return _alerts(site, one, local, now)
        case localblocks.Traffic():
            return _traffic(site, one, table, local, now)
        case localblocks.Lodging(action=action) if action:
            hidden = tuple((name, value) for name, value in table.also.items())
            title, text = table.title or "Places to stay", f"Search hotels in {site.name}"
            names = (table.check_in, table.check_out, table.rooms)
            return Block("lodging", title, action, text, name=one.name, fields=names, hidden=hidden)
        case localblocks.Events():
            return _events(site, one, table, local, now)
        case localblocks.Companies():
            return _companies(site, one, table, local, quote)
        case localblocks.MostRead():
            items = tuple(BlockItem(title, address=a) for a in local.read if (title := story(a)))
            if not items or local.read_until is None:
                return None
            stamp = words.of_instant(local.read_until, site.time_zone)
            text = f"In the last {table.hours} hours"
            return Block(
                "most-read", table.title or "Most read", "", text,
                name=one.name, items=items[: table.most], stamp=stamp, stamped="Counted",
            )  # fmt: skip
        case localblocks.Sponsored():
            return _sponsored(one, table, now.astimezone(site.time_zone).date())
        case localblocks.Html():
            html = next((text for name, text in local.html if name == one.name), "")
            return Block("html", table.title, "", "", name=one.name, html=html) if html else None
    return None


# --- weather ------------------------------------------------------------------------------------------------


def _forecast(
    site: Site, one: Wanted, table: localblocks.Forecast, local: Local, now: datetime
) -> Block | None:
    forecast = local.forecast
    if forecast is None or now - forecast.issued > FORECAST_FRESH:
        return None
    days: dict[date, list[HalfDay]] = {}
    for part in forecast.periods:
        if part.end > now:
            # The small hours belong to the evening before: "tonight" ends in the morning.
            local_start = (max(part.start, now) - timedelta(hours=6)).astimezone(site.time_zone)
            days.setdefault(local_start.date(), []).append(part)
    today = now.astimezone(site.time_zone).date()
    items = tuple(_day(day, parts, today) for day, parts in sorted(days.items())[:DAYS])
    if not items:
        return None
    return Block(
        "forecast",
        table.title or "7-day forecast",
        table.link,
        f"{items[0].title}: {_brief(items[0])}",
        name=one.name,
        items=items,
        stamp=words.of_instant(forecast.issued, site.time_zone),
        stamped="Issued",
        source=SOURCES.get(forecast.source, forecast.source),
    )


def _day(day: date, parts: list[HalfDay], today: date) -> BlockItem:
    daytime = next((part for part in parts if part.daytime), None)
    night = next((part for part in parts if not part.daytime), None)
    said = daytime or night
    assert said is not None
    rain = max((part.rain_chance or 0 for part in parts), default=0)
    weekday = numbers.weekday(day)
    return BlockItem(
        title=("Today" if daytime else "Tonight") if day <= today else weekday,
        text=said.words,
        when=words.of_day(day),
        value=_degrees(daytime),
        note=_degrees(night),
        mark=f"{rain}%" if rain >= 10 else "",
    )


def _degrees(part: HalfDay | None) -> str:
    if part is None or part.temperature is None:
        return ""
    return f"{part.temperature}°".replace("-", "−")


def _brief(item: BlockItem) -> str:
    return " / ".join(one for one in (item.value, item.note) if one) + (f", {item.text}" if item.text else "")


def _alerts(site: Site, one: Wanted, local: Local, now: datetime) -> Block | None:
    ranks = ("Extreme", "Severe", "Moderate", "Minor")
    notices = [notice for notice in local.notices if notice.kind == "alert" and _in_force(notice, now)]
    notices.sort(key=lambda notice: ranks.index(notice.severity) if notice.severity in ranks else len(ranks))
    return _notices(site, one, one.table.title or "Weather alerts", "", notices)


def _traffic(
    site: Site, one: Wanted, table: localblocks.Traffic, local: Local, now: datetime
) -> Block | None:
    notices = [notice for notice in local.notices if notice.kind != "alert" and _in_force(notice, now)]
    title = table.title or "Traffic"
    if notices:
        return _notices(site, one, title, table.link, notices[: table.most])
    if not table.link:
        return None
    return Block("traffic", title, table.link, f"Traffic around {site.name}", name=one.name)


def _in_force(notice: LocalNotice, now: datetime) -> bool:
    begun = notice.starts is None or notice.starts <= now + timedelta(hours=12)
    return begun and (notice.ends > now if notice.ends is not None else now - notice.seen <= CONFIRMED)


def _notices(site: Site, one: Wanted, title: str, link: str, notices: list[LocalNotice]) -> Block | None:
    if not notices:
        return None
    items = tuple(
        BlockItem(
            title=notice.title,
            text=shortened(notice.words, WORDS),
            address=notice.link,
            when=words.of_instant(notice.ends, site.time_zone) if notice.ends is not None else None,
            mark=notice.severity if notice.severity in ("Extreme", "Severe") else "",
        )
        for notice in notices
    )
    newest = max(notice.seen for notice in notices)
    return Block(
        one.kind,
        title,
        link,
        f"Traffic around {site.name}" if one.kind == "traffic" else items[0].title,
        name=one.name,
        items=items,
        stamp=words.of_instant(newest, site.time_zone),
        stamped="As of",
        source="; ".join(dict.fromkeys(SOURCES.get(one.source, one.source) for one in notices)),
    )


def shortened(text: str, most: int) -> str:
    """The text to the end of a word, with an ellipsis where some was left out."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0].rstrip(".,;:") + " …"


# --- what is on, who is near, who pays ------------------------------------------------------------------------


def _events(site: Site, one: Wanted, table: localblocks.Events, local: Local, now: datetime) -> Block | None:
    here_now = now.astimezone(site.time_zone)
    ahead = [
        event
        for event in local.events
        if (event.ends.date() >= here_now.date() if event.all_day else event.ends >= here_now)
    ]
    items = tuple(
        BlockItem(event.title, address=event.link, when=_when(event, site), note=event.place)
        for event in ahead[: table.most]
    )
    if not items or local.events_of is None:
        return None
    return Block(
        "events", table.title or "What’s on", "", "", name=one.name,
        items=items, stamp=words.of_day(local.events_of), stamped="Calendar of",
    )  # fmt: skip


def _when(event: LocalEvent, site: Site) -> Moment:
    start, end = event.starts.astimezone(site.time_zone), event.ends.astimezone(site.time_zone)
    first = f"{numbers.weekday(start.date())}, {numbers.day(start.date())}"
    if event.all_day:
        days = first if start.date() == end.date() else f"{first}, to {numbers.day(end.date())}"
        return Moment(start.date().isoformat(), days)
    text = f"{first}, {words.clock(start)}"
    if end > start:
        same = start.date() == end.date()
        text += f" to {words.clock(end)}" if same else f", to {numbers.day(end.date())}, {words.clock(end)}"
    return Moment(start.isoformat(timespec="minutes"), text)


def _companies(
    site: Site, one: Wanted, table: localblocks.Companies, local: Local, quote: Quote
) -> Block | None:
    items = []
    for company in local.companies[: table.most]:
        line = quote(company.symbol)
        far = "" if company.km is None else _distance(company.km, site)
        items.append(
            BlockItem(
                company.name,
                address=urls.quote_page(company.symbol),
                value=line.price if line else "",
                note=", ".join(part for part in (company.city, far) if part),
                change=line.change if line else None,
                when=line.as_of if line else None,
            )
        )
    if not items:
        return None
    stamp = words.of_day(local.companies_of) if local.companies_of is not None else None
    more = Link("Markets", urls.MARKETS)
    return Block(
        "companies", table.title or f"Companies near {site.name}", "", "", name=one.name, items=tuple(items),
        stamp=stamp, stamped="Addresses as of" if stamp else "", more=more,
    )  # fmt: skip


def _distance(km: int, site: Site) -> str:
    if site.locale == "en_US":
        miles = max(1, round(km / MILE_KM))
        return f"{miles} {'mile' if miles == 1 else 'miles'}"
    return f"{max(1, km)} km"


def _sponsored(one: Wanted, table: localblocks.Sponsored, today: date) -> Block | None:
    items = tuple(
        BlockItem(slot.title, text=slot.text, address=slot.link, note=slot.sponsor)
        for slot in table.slots
        if (slot.since is None or slot.since <= today) and (slot.until is None or today <= slot.until)
    )
    if not items:
        return None
    return Block("sponsored", table.title, "", "", name=one.name, items=items, label=table.label)
