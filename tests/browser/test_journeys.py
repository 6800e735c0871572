"""What readers do, done with a real browser: from a headline to its proof, a symbol, a search, a feed."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Browser, Page, expect
from served import Served, read

from broadtape import views


def test_a_reader_opens_a_story_and_the_proof_of_a_figure(page: Page, newsroom: Served) -> None:
    story = newsroom.proved
    page.goto(newsroom.base)
    page.get_by_role("link", name=story.article.title).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(story.article.title)

    figure = page.locator(".body a.fact").first
    words = figure.inner_text()
    figure.click()
    card = page.get_by_role("dialog")
    expect(card).to_contain_text(words)
    expect(card).to_contain_text("Verified")
    expect(card).to_contain_text("Data as of Dec. 26, 2018")

    card.get_by_role("link", name=re.compile("proof|inputs")).click()
    expect(page).to_have_url(re.compile(r"/proof#[a-z0-9]{8}$"))
    expect(page.locator("section:target")).to_contain_text(words)


def test_the_proof_opens_and_closes_by_keyboard_and_the_focus_returns(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base + newsroom.proved.address)
    figure = page.locator(".body a.fact").first
    figure.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(figure).to_be_focused()


def test_the_first_tab_stop_skips_to_the_story(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base + newsroom.proved.address)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text(re.compile("^Skip to"))

    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_a_reader_follows_a_ticker_to_its_quote_page_and_back_to_a_story(
    page: Page, newsroom: Served
) -> None:
    page.goto(newsroom.base + newsroom.proved.address)
    page.locator(".body a.ticker", has_text="AMD").first.click()
    expect(page).to_have_url(newsroom.base + "/quotes/NASDAQ:AMD/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Advanced Micro Devices")

    page.get_by_role("link", name=newsroom.proved.article.title).click()

    expect(page).to_have_url(newsroom.base + newsroom.proved.address)


def test_a_reader_looks_up_a_symbol(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base)
    page.get_by_label("Search stories and symbols").fill("AMD")
    page.keyboard.press("Enter")

    page.locator("main").get_by_role("link", name="Advanced Micro Devices").first.click()

    expect(page).to_have_url(newsroom.base + "/quotes/NASDAQ:AMD/")


def test_a_reader_looks_up_an_instrument_as_one_types_by_keyboard(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base + "/quotes/")
    field = page.get_by_role("combobox", name="Symbol, name or former name")
    field.press_sequentially("advanced mic")
    expect(page.get_by_role("option")).to_have_count(1)
    field.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Advanced Micro Devices")

    field.press("Enter")

    expect(page).to_have_url(re.compile(r"/quotes/NASDAQ:AMD/$"))


def test_a_chart_changes_its_range_and_is_compared_in_place(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base + "/quotes/INDEXSP:SPX/")
    page.get_by_role("link", name="5Y", exact=True).click()
    figure = page.locator("figure[data-live]")
    expect(figure.locator("canvas")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?range=5y$"))
    page.locator(".stage").focus()
    before = page.locator(".readout").inner_text()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".readout")).not_to_have_text(before)

    page.get_by_label("Compare with").fill("amd")
    page.get_by_role("button", name="Compare").click()

    expect(page).to_have_url(re.compile(r"\?range=5y&vs=NASDAQ:AMD$"))
    expect(page.locator(".readout")).to_contain_text("Advanced Micro Devices")


def test_a_quote_page_fetches_the_charts_script_for_those_who_go_for_it(page: Page, newsroom: Served) -> None:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(newsroom.base + "/quotes/NASDAQ:AMD/", wait_until="networkidle")
    assert not [one for one in asked if "chart.js" in one or "uplot" in one]
    expect(page.locator(".readout")).to_have_text(re.compile(r"^Dec\. 28, 2022: \$62\.57$"))

    page.locator(".stage").hover()

    expect(page.locator("figure[data-live] canvas")).to_be_visible()


def test_what_one_looked_at_is_remembered_here_and_forgotten_when_asked(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base + "/quotes/NASDAQ:AMD/")
    page.goto(newsroom.base + newsroom.proved.address)
    recent = page.locator("[data-recent]")
    expect(recent.get_by_role("row", name=re.compile("AMD"))).to_be_visible()

    recent.get_by_role("button", name="Forget them").click()
    page.reload()

    expect(page.get_by_role("heading", name="Watch list")).to_be_visible()
    expect(recent).to_be_hidden()


MOVES = """() => { window.moved = []; new PerformanceObserver((list) => { for (const one of list.getEntries())
  if (!one.hadRecentInput) window.moved.push(one.value); }).observe({ type: "layout-shift", buffered: true }); }"""


def test_nothing_moves_when_remembered_quotes_and_the_live_chart_arrive(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base + "/quotes/NASDAQ:AMD/")
    for where in ("/quotes/", newsroom.proved.address, "/quotes/INDEXSP:SPX/"):
        page.goto(newsroom.base + where)
        page.evaluate(MOVES)
        if page.locator(".stage").count():
            page.locator(".stage").hover()
            expect(page.locator("figure[data-live] canvas")).to_be_visible()
        else:
            expect(page.locator("[data-recent] .change")).to_be_visible()
        page.wait_for_timeout(200)

        assert page.evaluate("window.moved") == [], where


def test_a_search_forgives_a_typo_and_narrows_by_a_facet(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base + "/search?q=nasdak")
    found = page.locator("main .listing .head")
    suggestion = page.get_by_role("link", name="nasdaq", exact=True)
    if suggestion.count():  # offered rather than done
        suggestion.first.click()
    expect(found.first).to_be_visible()
    before = found.count()

    page.locator(".facets").get_by_role("link", name=re.compile("Records")).click()

    expect(page).to_have_url(re.compile("topic=records"))
    expect(found.first).to_be_visible()
    assert 0 < found.count() < before


def test_the_host_picks_the_site(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base)
    expect(page.locator(".masthead .name")).to_have_text("Sausalito")
    here = page.locator("time.clock").inner_text()

    page.goto(newsroom.other)
    expect(page.locator(".masthead .name")).to_have_text("Twin Ports Ledger")

    assert page.locator("time.clock").inner_text() != here  # two hours ahead
    status, _, text = read(newsroom.base + "/", host="elsewhere.example")
    assert status == 421
    assert "Sausalito" not in text


def test_a_reader_finds_a_feed_to_subscribe_to(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base + newsroom.proved.address)
    page.get_by_role("link", name="Feeds").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Subscribe in a reader")
    topic = page.get_by_role("link", name="Atom of Records")

    status, headers, text = read(newsroom.base + str(topic.get_attribute("href")))

    assert status == 200
    assert "xml" in headers["content-type"]
    assert "<feed " in text
    assert newsroom.entry("a record in data since 1999").address in text
    found = page.locator('head link[rel="alternate"][type="application/rss+xml"]')
    assert str(found.first.get_attribute("href")).endswith("/feed.xml")


def test_everything_can_be_read_without_javascript(browser: Browser, newsroom: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(newsroom.base)
    page.get_by_role("link", name=newsroom.proved.article.title).first.click()
    figure = page.locator(".body a.fact").first
    words = figure.inner_text()

    figure.click()

    expect(page.locator("section:target")).to_contain_text(words)
    page.goto(newsroom.base)
    page.get_by_label("Search stories and symbols").fill("nasdaq")
    page.get_by_label("Search stories and symbols").press("Enter")
    expect(page.locator("main .listing .head").first).to_be_visible()
    context.close()


def test_a_reader_sees_what_is_true_around_the_site_and_how_fresh_it_is(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base)
    expect(page.locator(".alert")).to_contain_text("<b>Gale</b> Warning")  # as words, never as markup
    page.get_by_role("link", name="7-day forecast").first.click()
    expect(page).to_have_url(re.compile("/local/#b-forecast$"))

    forecast = page.locator("#b-forecast")
    expect(forecast.locator("li")).to_have_count(7)
    expect(forecast).to_contain_text("Issued")
    expect(forecast).to_contain_text("Source: National Weather Service")
    expect(page.locator("#b-traffic")).to_contain_text("US-101 north, one lane")
    expect(page.locator("#b-paid")).to_contain_text("Sponsored")
    expect(page.locator("#b-own")).to_have_text(re.compile("Low water at noon"))
    assert page.locator("#b-own script, #b-own img, #b-own [onclick]").count() == 0


def test_what_readers_open_is_counted_and_robots_are_not(newsroom: Served) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    address = newsroom.entry("winter timetable").address
    for agent in (firefox, firefox, "Mozilla/5.0 (compatible; Examplebot/1.0)"):
        assert read(newsroom.base + address, agent=agent)[0] == 200

    def counted() -> int:
        return sum(one.views for one in views.table(newsroom.instance) if one.path == address)

    end = time.monotonic() + 25
    while counted() == 0 and time.monotonic() < end:
        time.sleep(0.2)
    assert counted() == 2


def test_no_page_is_wider_than_the_screen(browser: Browser, newsroom: Served) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 800})
    page = context.new_page()
    wide = {}
    pages = {name: newsroom.base + address for name, address in newsroom.pages().items()}
    for name, address in {**pages, "other front": newsroom.other}.items():
        page.goto(address, wait_until="domcontentloaded")
        for width in (320, 768, 1600):
            page.set_viewport_size({"width": width, "height": 800})
            wide[name, width] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    context.close()

    assert {where: over for where, over in wide.items() if over > 0} == {}


def test_what_writers_and_others_wrote_runs_nothing(page: Page, newsroom: Served) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    for address in (newsroom.entry("Ferries").address, "/topics/ferries/", "/search?q=ferries"):
        page.goto(newsroom.base + address)
        expect(page.locator("main").get_by_text(re.compile("Ferries </title>")).first).to_be_visible()

    assert asked == []
    page.goto(newsroom.base + newsroom.entry("Ferries").address)
    own = 'script:not([src^="/static/"])'  # what comes from elsewhere, or stands in the page itself
    assert page.locator("main").locator(f"{own}, iframe, [style], [onclick], [onerror]").count() == 0
    assert page.locator('a[href^="javascript:"]').count() == 0


def test_on_a_phone_a_proof_does_not_hide_the_words_that_it_proves(
    browser: Browser, newsroom: Served
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 700}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(newsroom.base + newsroom.proved.address)
    figure = page.locator(".body a.fact").nth(1)
    figure.evaluate(
        "it => scrollTo(0, it.getBoundingClientRect().top + scrollY - innerHeight + 60)"
    )  # at the foot

    figure.click()

    card = page.get_by_role("dialog")
    expect(card).to_be_visible()
    expect(card.locator("tbody td").first).to_have_text(re.compile(r"^[A-Z][a-z]+\.? \d{1,2}, \d{4}$"))
    page.wait_for_function(
        "() => document.querySelector('[aria-expanded=true]').getClientRects()[0].bottom"
        " <= document.querySelector('[role=dialog]').getBoundingClientRect().top"
    )
    context.close()
