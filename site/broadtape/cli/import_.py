"""`broadtape import`: an article page of another publisher into an attributed draft.

Reads the page and prints; what the draft holds is broadtape.importing's.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadtape.cli import Newsroom, known, pass_newsroom

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from broadtape.config import Instance
    from broadtape.desk.audit import Audit
    from broadtape.extraction import Extracted, Page
    from broadtape.importing import ToCheck
    from broadtape.market import MarketStore
    from broadtape.model import Article


@click.command("import")
@click.argument("place", metavar="FILE|URL")
@click.option("--url", metavar="ADDRESS", help="Where a file was published, if it does not say so itself.")
@click.option("--site", metavar="SITE", help="The site that the draft is for; by default all.")
@click.option(
    "--symbol", "symbols", multiple=True, metavar="EXCHANGE:SYMBOL", help="An instrument it is about."
)
@click.option("--dry-run", is_flag=True, help="Show what would be filed; file nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_newsroom
def command(
    newsroom: Newsroom,
    place: str,
    url: str | None,
    site: str | None,
    symbols: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """An article page of another publisher into an attributed draft.

    FILE is HTML, Markdown or plain text ("-": standard input); URL is asked for politely, its robots.txt obeyed. The
    draft holds headline, an excerpt of at most 300 characters, the link, the instruments and a list of what to check;
    never the text. Importing the same address again leaves the draft that is there.
    """
    from broadtape.extraction import extract
    from broadtape.extraction.loading import load_page

    instance = newsroom.instance()
    known("--site", site, instance.sites)
    _check(url, symbols)
    with _working(place, quiet=as_json):
        page = load_page(place, instance)
    if url and not page.address:
        page = replace(page, address=url)  # a day in it votes, and what is relative starts there
    now = datetime.now(UTC)
    store = _store(instance)
    extracted = extract(page, now=now, feed=_feed_dates(store, now))
    draft, claims = _drafted(instance, store, page, extracted, now, url or "", site, symbols)
    filed, article = False, draft
    if not dry_run:
        from broadtape.archive import Archive
        from broadtape.importing import file_draft

        made = file_draft(Archive(instance.content, zone=draft.date.tzinfo), draft)
        filed, article = made.filed, made.article
    if as_json:
        outcome = "would file" if dry_run else "filed" if filed else "kept"
        click.echo(
            json.dumps(_as_json(instance, outcome, article, extracted, claims), ensure_ascii=False, indent=2)
        )
        return
    _print(instance, article, extracted, claims, filed=filed, dry_run=dry_run)


def _check(url: str | None, symbols: Sequence[str]) -> None:
    import re

    if url is not None and not re.fullmatch(r"https?://[^\s<>\"/]+(?:/[^\s<>\"]*)?", url):
        raise click.BadParameter(f"{url!r} is no web address", param_hint="--url")
    for one in symbols:
        if not re.fullmatch(r"[A-Z][A-Z0-9]*:[A-Z0-9][A-Z0-9.\-/$=^]*", one):
            raise click.BadParameter(f"{one!r} is not EXCHANGE:SYMBOL", param_hint="--symbol")


def _working(place: str, *, quiet: bool) -> Any:
    from rich.console import Console

    errors = Console(stderr=True)
    if quiet or not errors.is_terminal or "://" not in place:
        return nullcontext()
    return errors.status(f"asking for {place[:100]}")


def _store(instance: Instance) -> MarketStore | None:
    """The market store where there is one; an import needs none."""
    from broadtape.market import MarketStore

    return MarketStore.open(instance.store, readonly=True) if instance.store.is_file() else None


def _feed_dates(store: MarketStore | None, now: datetime) -> Mapping[str, datetime]:
    """When the feeds that were read say that addresses were published."""
    if store is None:
        return {}
    return {one.link: one.published for one in store.news(now).stories() if one.published}


def _drafted(
    instance: Instance,
    store: MarketStore | None,
    page: Page,
    extracted: Extracted,
    now: datetime,
    url: str,
    site: str | None,
    symbols: Sequence[str],
) -> tuple[Article, tuple[ToCheck, ...]]:
    from broadtape import importing
    from broadtape.model import NoData

    view = None
    linked: list[str] = list(symbols)
    if store is not None:
        try:
            view = store.view(extracted.published.day or now.date())
        except NoData:
            view = None  # a page from before any session
        excerpt = importing.excerpt_of(extracted)
        linked += [one.symbol for one in store.lexicon().links(extracted.headline, excerpt)]
    instruments = store.shelf().instruments if store is not None else None
    found = importing.symbols_of(
        extracted, None if instruments is None else lambda symbol: symbol in instruments, linked
    )
    names = importing.names_of(view, extracted)
    claims = importing.claims_of(extracted, names)
    if store is not None and view is not None and extracted.published.day is not None:
        claims = importing.judged(claims, _audited(instance, store, page, extracted), names)
    home = instance.sites[site or instance.default_site]
    draft = importing.draft_of(
        extracted,
        page,
        now=now.astimezone(home.time_zone),
        symbols=found,
        claims=claims,
        address=url,
        sites=(site,) if site else (),
    )
    return draft, claims


def _audited(instance: Instance, store: MarketStore, page: Page, extracted: Extracted) -> Audit:
    from broadtape.desk.audit import audit
    from broadtape.desk.audit.scripts import from_page

    return audit(from_page(extracted, path=page.name, zone=instance.time_zone), store.view)


def _print(
    instance: Instance,
    article: Article,
    extracted: Extracted,
    claims: Sequence[ToCheck],
    *,
    filed: bool,
    dry_run: bool,
) -> None:
    source = article.source
    assert source is not None
    day = extracted.published.day
    click.echo(article.title)
    click.echo(
        f"  {source.name}, {day.isoformat() if day else 'no date'}, {extracted.words:,} words, "
        f"{len(extracted.tables)} tables, {len(extracted.quotes)} quotes"
    )
    if article.symbols:
        click.echo(f"  about {', '.join(article.symbols)}")
    counts = Counter(one.status for one in claims)
    told = ", ".join(
        f"{counts[name]} {name}"
        for name in ("contradicted", "unverifiable", "unchecked", "verified")
        if counts[name]
    )
    click.echo(
        f"  {len(claims)} claims listed{f': {told}' if told else ''}; 'broadtape audit' on the same page says more"
    )
    for notice in extracted.notices:
        click.echo(f"broadtape: warning: {notice}", err=True)
    if dry_run:
        click.echo("nothing filed (--dry-run)")
    else:
        where = _shown(article.path, instance)
        click.echo(f"filed as a draft: {where}" if filed else f"there already, left as it is: {where}")


def _shown(path: str, instance: Instance) -> str:
    try:
        return str(Path(path).relative_to(instance.root))
    except ValueError:
        return path


def _as_json(
    instance: Instance, outcome: str, article: Article, extracted: Extracted, claims: Sequence[ToCheck]
) -> dict[str, object]:
    published = extracted.published
    return {
        "outcome": outcome,
        "path": _shown(article.path, instance) if article.path else None,
        "title": article.title,
        "excerpt": article.summary,
        "source": {"name": article.source.name, "url": article.source.url} if article.source else None,
        "form": extracted.form,
        "published": published.value.isoformat() if published.value else None,
        "votes": [
            {"by": one.by, "value": one.value.isoformat(), "said": one.said} for one in published.votes
        ],
        "conflict": published.conflict,
        "updated": extracted.updated.value.isoformat() if extracted.updated.value else None,
        "as_of": extracted.as_of.isoformat() if extracted.as_of else None,
        "authors": list(extracted.authors),
        "sections": [one.heading.text for one in extracted.sections if one.heading],
        "disclaimer": extracted.disclaimer,
        "tickers": [{"symbol": one.symbol, "name": one.name, "line": one.line} for one in extracted.tickers],
        "words": extracted.words,
        "access": extracted.access,
        "symbols": list(article.symbols),
        "quotes": [
            {
                "symbol": one.symbol,
                "price": str(one.price),
                "change": None if one.change is None else str(one.change),
                "change_pct": None if one.change_pct is None else str(one.change_pct),
                "line": one.line,
            }
            for one in extracted.quotes
        ],
        "tables": [
            {
                "caption": one.caption,
                "header": list(one.header),
                "rows": [list(row) for row in one.rows],
                "line": one.line,
            }
            for one in extracted.tables
        ],
        "claims": [one.plain() for one in claims],
        "notices": list(extracted.notices),
    }
