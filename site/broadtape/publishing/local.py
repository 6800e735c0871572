"""What a site's local blocks show: from the market store, the site's folder and what readers opened.

Owns which of it is true now and the sanitising of the operator's HTML; how it looks is web's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import nh3

from broadtape import localblocks
from broadtape.archive.local import (
    HalfDay,
    Local,
    LocalForecast,
    LocalNotice,
    NearCompany,
)
from broadtape.market.places import local_companies
from broadtape.model import Problem
from broadtape.publishing import calendars

if TYPE_CHECKING:
    from broadtape.config import Site
    from broadtape.localblocks import Wanted
    from broadtape.model import Instrument, NewsView

MOST_HTML = 100_000  # bytes of one block
MOST_NOTICES = 40

Opened = Callable[[str, int, int], tuple[tuple[str, ...], datetime | None]]
"""Addresses of a site that readers opened in the last hours, at least so often each, most first; until when."""


def local(
    site: Site,
    news: NewsView | None,
    instruments: Iterable[Instrument],
    shown: Callable[[str], bool],
    opened: Opened,
    *,
    now: datetime,
) -> tuple[Local, list[Problem]]:
    """What the site's blocks hold now, and what is wrong with their settings and files.

    `shown` tells whether a symbol has a quote page here.
    """
    blocks, troubles = localblocks.wanted(site)
    where = f"sites/{site.key}/site.toml"
    problems = [_setting(where, text) for text in troubles]
    kinds = {block.kind for block in blocks}
    values: dict[str, object] = {}
    html: list[tuple[str, str]] = []
    if news is not None and kinds & {"forecast", "alerts", "traffic"}:
        values["forecast"] = _forecast(site, news, blocks)
        values["notices"] = _notices(site, news, blocks)
    if news is not None and "companies" in kinds:
        values["companies"], values["companies_of"] = _companies(site, news, instruments, shown)
    for block in blocks:
        if isinstance(block.table, localblocks.Events):
            try:
                path = _own_file(site, block.table.file)
                raw = path.read_bytes()
                first = now.astimezone(site.time_zone).date()
                found, passed = calendars.events(raw, site.time_zone, first=first, days=block.table.days)
            except (OSError, calendars.BadCalendar) as error:
                cause = "is not there" if isinstance(error, OSError) else str(error)
                problems.append(
                    Problem(
                        _place(site, block.table.file),
                        0,
                        cause,
                        f"it fills the block {block.name}",
                        "warning",
                    )
                )
                continue
            # Those over today are gone at the next look, so that a page printed before it is printed anew.
            values["events"] = tuple(event for event in found if event.all_day or event.ends >= now)
            changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            values["events_of"] = changed.astimezone(site.time_zone).date()
            problems += [
                Problem(_place(site, block.table.file), 0, text, "correct it in the calendar", "warning")
                for text in passed[:10]
            ]
        elif isinstance(block.table, localblocks.MostRead):
            found_read, until = opened(site.key, block.table.hours, block.table.least)
            # Some may be gone by now; more than these would only make pages differ that show the same.
            values["read"], values["read_until"] = found_read[: 2 * block.table.most], until
        elif isinstance(block.table, localblocks.Html):
            written, problem = _html(site, block, block.table)
            if problem is not None:
                problems.append(problem)
            if written:
                html.append((block.name, written))
    values["html"] = tuple(html)
    values["day"] = now.astimezone(site.time_zone).date() if blocks else None
    return Local(**values), problems  # type: ignore[arg-type]  # each value is made for its field above


def _setting(where: str, text: str) -> Problem:
    return Problem(where, 0, text.partition(": ")[2], "correct it; the block is left out", "warning")


def _place(site: Site, name: str) -> str:
    return f"sites/{site.key}/{name}"


def _own_file(site: Site, name: str) -> Path:
    """A file of the site's folder; what leads out of it is taken for one that is not there."""
    path = (site.folder / name).resolve()
    if not path.is_relative_to(site.folder.resolve()):
        raise FileNotFoundError(f"{name} is not in the site's folder")
    return path


# --- from the store ---------------------------------------------------------------------------------------


def place_name(site: Site, table: object) -> str:
    """The name under which the store has a site's place."""
    return str(getattr(table, "place_name", "") or site.key)


def _forecast(site: Site, news: NewsView, blocks: list[Wanted]) -> LocalForecast | None:
    table = next((block.table for block in blocks if block.kind == "forecast"), None)
    found = news.forecast(place_name(site, table)) if table is not None else None
    if found is None or found.stale or not found.periods:
        return None
    return LocalForecast(
        found.issued,
        found.origin.attribution or found.origin.source,
        tuple(
            HalfDay(
                one.start,
                one.end,
                one.daytime,
                None if one.temperature is None else int(one.temperature),
                one.unit,
                one.rain_chance,
                one.wind,
                one.words,
            )
            for one in found.periods
        ),
    )


def _notices(site: Site, news: NewsView, blocks: list[Wanted]) -> tuple[LocalNotice, ...]:
    wanted = {
        (place_name(site, block.table), kind)
        for block in blocks
        for kind in {"alerts": ("alert",), "traffic": ("closure", "chain-control")}.get(block.kind, ())
    }
    found = [
        LocalNotice(
            one.kind,
            one.title,
            one.words,
            one.starts,
            one.ends,
            one.link,
            one.severity,
            one.origin.attribution or one.origin.source,
            one.origin.retrieved,
        )
        for place in sorted({place for place, _ in wanted})
        for one in news.notices(place)
        if (place, one.kind) in wanted
    ]
    return tuple(found[:MOST_NOTICES])


def _companies(
    site: Site, news: NewsView, instruments: Iterable[Instrument], shown: Callable[[str], bool]
) -> tuple[tuple[NearCompany, ...], object]:
    companies = news.companies()
    found = local_companies(site.companies_near, companies, {one.symbol: one for one in instruments})
    near = tuple(
        NearCompany(one.symbol, one.name, one.city.title(), None if one.km is None else round(one.km))
        for one in found
        if shown(one.symbol)
    )
    read = max((one.origin.retrieved for one in companies), default=None)
    return near, read.astimezone(site.time_zone).date() if read is not None and near else None


# --- the operator's HTML ------------------------------------------------------------------------------------

_TAGS = {
    "a", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "div", "dl", "dt", "em", "figcaption",
    "figure", "h3", "h4", "h5", "h6", "hr", "i", "iframe", "img", "ins", "li", "ol", "p", "pre", "s", "small",
    "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "time", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "iframe": {"src", "title", "width", "height"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}


def sanitised(html: str, allowed: Iterable[str]) -> str:
    """HTML without anything that runs, styles, or loads from a host that `allowed` does not name.

    A picture may come from this site or a named host, a frame from a named host only, and in a sandbox.
    """
    hosts = {host.lower() for host in allowed}

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute not in ("src", "href"):
            return value
        return value if _may_load(tag, value, hosts) else None

    cleaner = nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        attribute_filter=keep,
        set_tag_attribute_values={
            "iframe": {"sandbox": "allow-scripts allow-popups", "loading": "lazy"},
            "img": {"loading": "lazy"},
        },
        link_rel="nofollow noopener",
        url_schemes={"http", "https", "mailto", "tel"},
    )
    text = cleaner.clean(html)
    # What has lost its address shows nothing: an empty frame or picture would only be announced.
    for tag in ("iframe", "img"):
        text = _without_source(text, tag)
    return text.strip()


def _may_load(tag: str, value: str, hosts: set[str]) -> bool:
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return False
    if tag == "a":
        return not value.strip().startswith("//")
    if not parts.scheme and not parts.netloc:
        return tag == "img" and value.startswith("/") and not value.startswith(("//", "/\\"))
    host = parts.hostname or ""
    named = host in hosts or any(one.startswith("*.") and host.endswith(one[1:]) for one in hosts)
    return parts.scheme == "https" and named and parts.port in (None, 443)


def _without_source(text: str, tag: str) -> str:
    close = f"</{tag}>" if tag == "iframe" else ""
    return re.sub(
        rf"<{tag}\b(?![^>]*\ssrc=)[^>]*>{'.*?' + close if close else ''}", "", text, flags=re.DOTALL
    )


def _html(site: Site, block: Wanted, table: localblocks.Html) -> tuple[str, Problem | None]:
    text = table.html
    if table.file:
        try:
            path = _own_file(site, table.file)
            raw = path.read_bytes()[: MOST_HTML + 1]
            text = raw.decode("utf-8")
        except OSError:
            problem = Problem(
                _place(site, table.file), 0, "is not there", f"it fills the block {block.name}", "warning"
            )
            return "", problem
        except UnicodeDecodeError:
            return "", Problem(_place(site, table.file), 0, "not UTF-8", "save the file as UTF-8", "warning")
    if len(text) > MOST_HTML:
        problem = Problem(
            f"sites/{site.key}/site.toml", 0, f"block {block.name}: over 100 kB", "shorten it", "warning"
        )
        return "", problem
    return sanitised(text, site.csp_allow), None
