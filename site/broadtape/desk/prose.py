"""From an outline to words: the wording in templates/prose, realised through an extension of Jinja2.

Owns variation, referring expressions, agreement and the verbs that a size earns; decides nothing about
what is said or in what order, and computes no figure.

A wording file is a Jinja2 template of named sentences, each with one or more variants::

    {% sentence gap %}
    It {% claim gain %}{{ move(gain) }} {{ span(gain) }}{% endclaim %}.
    {% or %}
    …
    {% endsentence %}

`claim` turns its body into the fact link `[body](fact:ID)`. Which variant is used follows from the seed,
the session and the sentence's name, so the same inputs give the same bytes and neighbouring days differ.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined, nodes
from jinja2.ext import Extension

from broadtape import numbers
from broadtape.desk.claims.names import sector_of_fund
from broadtape.desk.claims.parts import spans
from broadtape.desk.outline import Cell, Outline, Planned, Table
from broadtape.model import BroadtapeError, Fact, Instrument

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Template
    from jinja2.parser import Parser

_NEUTRAL = 2  # the size whose verbs are plain: rose, fell
_MONTH = 19  # sessions; February has the fewest
_YEAR = 12  # months
_LONG_WINDOWS = (1, 3, 12, 36, 60)  # months
_STILL = Decimal("0.1")  # percent; less is printed with two decimals
_LITTLE, _EDGED = (
    Decimal(1),
    Decimal(2),
)  # percent; so much is never little changed, nor edged, whatever the series
HEADLINE = 90  # characters; the stylebook's
_LINK = re.compile(r"\[([^\]]*)\]\((?:fact:|https://)[^)]*\)")
_CLAIM = re.compile(r"\[(?P<text>[^\]]*)\]\(fact:(?P<id>\w+)\)")
_DIVIDENDS = "dividends included"
_MONTHS = r"(?:Jan\.|Feb\.|March|April|May|June|July|Aug\.|Sept\.|Oct\.|Nov\.|Dec\.)"
# What stands between commas in mid-sentence: a change beside "little changed", a year, the date of a weekday.
_ASIDE = re.compile(
    rf"(little changed, (?:up|down) [\d.,]+%|{_MONTHS} \d{{1,2}}, \d{{4}}|day, {_MONTHS} \d{{1,2}})"
    r"((?:\]\(fact:\w+\))?) (?=\[?\w)"
)
_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")


class MissingWording(BroadtapeError):
    """An outline plans a sentence that no wording file has; names the story and the sentence."""


class Newsroom(Extension):
    """The tags `sentence … or … endsentence` and `claim FACT … endclaim`."""

    tags = {"sentence", "claim"}  # noqa: RUF012  Jinja2 declares the attribute so

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """One macro per variant for `sentence`; a call of `_claim` around the body for `claim`."""
        tag = next(parser.stream)
        if tag.value == "claim":
            fact = parser.parse_expression()
            body = parser.parse_statements(("name:endclaim",), drop_needle=True)
            call = self.call_method("_claim", [fact])
            return nodes.CallBlock(call, [], [], body).set_lineno(tag.lineno)
        name = parser.stream.expect("name").value
        macros: list[nodes.Node] = []
        while True:
            body = parser.parse_statements(("name:or", "name:endsentence"))
            macros.append(nodes.Macro(f"{name}__{len(macros)}", [], [], body, lineno=tag.lineno))
            if next(parser.stream).value == "endsentence":
                return macros

    def _claim(self, fact: Fact, caller: Callable[[], str]) -> str:
        return f"[{_fold(caller())}](fact:{fact.id})"


@dataclass(frozen=True, slots=True)
class Draft:
    """The words of one article, before proof. `sentences` is the list of docs/contracts/facts.md."""

    title: str
    summary: str
    body: str
    chart_title: str
    alt: str
    sentences: tuple[Mapping[str, str], ...]
    symbols: tuple[str, ...]


class Names:
    """Referring expressions of one article: the full name with its ticker at first mention, short afterwards."""

    def __init__(self, instrument: Callable[[str], Instrument], roles: Mapping[str, str]) -> None:
        self._instrument = instrument
        self._roles = {symbol: role for role, symbol in roles.items()}
        self.mentioned: list[str] = []

    def short(self, symbol: str) -> str:
        """`the Russell 2000`, `Nvidia`: no ticker, whatever was said before."""
        instrument = self._instrument(symbol)
        article = "the " if instrument.kind in {"index", "etf"} else ""
        if sector := sector_of_fund(instrument):
            return f"the {sector.lower()} sector fund"
        return article + escape(instrument.name)

    def name(self, symbol: str) -> str:
        """As `short`, with `(EXCHANGE: TICKER)` at the first mention in the article."""
        if symbol in self.mentioned:
            return self.short(symbol)
        self.mentioned.append(symbol)
        instrument = self._instrument(symbol)
        return f"{self.short(symbol)} ({instrument.exchange}: {instrument.ticker})"

    def label(self, symbol: str) -> str:
        """For a table's row: the bare name, with the ticker at the first mention."""
        known = symbol in self.mentioned
        if not known:
            self.mentioned.append(symbol)
        instrument, bare = self._instrument(symbol), numbers.capital(self.bare(symbol))
        return bare if known else f"{bare} ({instrument.exchange}: {instrument.ticker})"

    def bare(self, symbol: str) -> str:
        """Without article or ticker, for headlines, tables and charts: `Russell 2000`, `health care sector fund`."""
        instrument = self._instrument(symbol)
        if sector := sector_of_fund(instrument):
            return f"{sector.lower()} sector fund"
        return escape(instrument.name)

    def by_ticker(self, symbol: str) -> str:
        """`the VIX`: an index that goes by its ticker, where that reads as a word; else as `short`."""
        instrument = self._instrument(symbol)
        return f"the {instrument.ticker}" if instrument.ticker == "VIX" else self.short(symbol)

    def crowd(self, symbol: str) -> str:
        """What the instrument stands for in the settings' roles: `small caps`, else its bare name."""
        role = self._roles.get(symbol)
        return "small caps" if role == "small" else self.bare(symbol)


def escape(text: str) -> str:
    """Text that Markdown prints as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def visible(markdown: str) -> str:
    """What a reader sees of one sentence: links by their text, escapes undone, white space folded."""
    return _fold(re.sub(r"\\([\\`*_\[\]<>|])", r"\1", _LINK.sub(r"\1", markdown)))


def digest(text: str) -> str:
    """The digest by which facts.json lists a sentence without figures."""
    return hashlib.sha256(_fold(text).encode()).hexdigest()[:16]


def environment(loader: BaseLoader) -> Environment:
    """The Jinja2 environment of templates/prose: plain text, strict about undefined names."""
    return Environment(
        loader=loader,
        extensions=[Newsroom],
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  Markdown, not HTML: names go through escape(), the page through nh3
        trim_blocks=True,
        lstrip_blocks=True,
    )


def realise(
    outline: Outline,
    env: Environment,
    *,
    instrument: Callable[[str], Instrument],
    roles: Mapping[str, str],
    seed: int,
) -> Draft:
    """The draft of an outline: Markdown with fact links, one sentence after another as planned.

    Raises MissingWording when the story's file and common.md.j2 both lack a planned sentence.
    """
    names = Names(instrument, roles)
    book = Wordings(env, outline, names, seed)
    title, summary = book.unlinked(outline.title), book.unlinked(outline.summary)
    if len(title) > HEADLINE and outline.title_short is not None:
        title = book.unlinked(outline.title_short)
    chart = outline.chart
    drawn = (book.unlinked(chart.title), book.unlinked(chart.alt)) if chart else ("", "")
    names.mentioned.clear()
    lines: list[str] = []
    listed: list[Mapping[str, str]] = []
    total = {key for key, fact in outline.facts().items() if "total" in fact.tags}
    for section in outline.sections:
        said = False  # whether the section has said that its returns include dividends
        if section.heading is not None:
            heading = book.unlinked(section.heading)
            lines.append(f"## {heading}")
            if section.heading.kind != "fact":
                listed.append(_listed(section.heading, heading))
        for block in section.blocks:
            if isinstance(block, Table):
                lines.append(_table(block, names))
                said = said or any(_DIVIDENDS in header for header in block.headers)
                continue
            text = []
            book.scoped.clear()
            for planned in block.sentences:
                sentence = book.sentence(planned)
                if not said:
                    sentence, said = _with_dividends(sentence, total)
                text.append(sentence)
                if planned.kind != "fact":
                    listed.append(_listed(planned, visible(sentence)))
            lines.append(" ".join(text))
    return Draft(
        title=title,
        summary=summary,
        body="\n\n".join(lines) + "\n",
        chart_title=drawn[0],
        alt=drawn[1],
        sentences=tuple(listed),
        symbols=tuple(names.mentioned),
    )


def say(
    planned: Sequence[Planned],
    env: Environment,
    *,
    story: str,
    key: str,
    as_of: date,
    instrument: Callable[[str], Instrument],
    roles: Mapping[str, str],
    seed: int,
) -> list[str]:
    """Sentences that belong to no outline, each as Markdown with fact links; their wording is `story`'s."""
    nothing = Planned("")
    outline = Outline(story, key, as_of, nothing, None, nothing, (), (), ())
    book = Wordings(env, outline, Names(instrument, roles), seed)
    return [book.sentence(one) for one in planned]


def _with_dividends(sentence: str, total: Collection[str]) -> tuple[str, bool]:
    """The sentence, its first claim of a return including dividends saying so, and whether it says so."""
    if _DIVIDENDS in sentence:
        return sentence, True
    for found in _CLAIM.finditer(sentence):
        if found["id"] in total:
            at, end = found.end("text"), found.end()
            comma = "," if sentence[end : end + 1] == " " else ""  # it stands between commas
            return f"{sentence[:at]}, {_DIVIDENDS}{sentence[at:end]}{comma}{sentence[end:]}", True
    return sentence, False


def _listed(planned: Planned, text: str) -> Mapping[str, str]:
    entry = {"digest": digest(text), "kind": planned.kind}
    return {**entry, "guard": planned.guard} if planned.guard else entry


def _table(table: Table, names: Names) -> str:
    def cell(value: Cell) -> str:
        text = value.text
        if value.symbol:
            text = names.label(value.symbol)
        if value.fact is not None:
            return f"[{text}](fact:{value.fact.id})"
        return f"[{text}]({value.link})" if value.link else text

    figured = [
        any(map(str.isdigit, "".join(row[at].text for row in table.rows))) for at in range(len(table.headers))
    ]
    align = ["---", *("---:" if numbers_in else "---" for numbers_in in figured[1:])]
    rows = [table.headers, align, *([cell(value) for value in row] for row in table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _fold(text: str) -> str:
    return " ".join(text.split())


class Wordings:
    """The wording files of one story, with what templates may call."""

    def __init__(self, env: Environment, outline: Outline, names: Names, seed: int) -> None:
        self._templates = [env.get_template(f"{outline.story}.md.j2"), env.get_template("common.md.j2")]
        self._outline = outline
        self._seed = seed
        self.scoped: set[date] = set()  # the data starts that the running paragraph has named
        self._names = names
        self._calls = _calls(outline.as_of, names, self.scoped)

    def sentence(self, planned: Planned) -> str:
        """One finished sentence: first letter upper-case, white space folded, asides between commas."""
        return numbers.capital(_ASIDE.sub(r"\1\2, ", _fold(self._variant(planned))))

    def unlinked(self, planned: Planned) -> str:
        """A headline, summary, heading or caption: the words without fact links."""
        self.scoped.clear()
        return visible(self.sentence(planned))

    def others(self, planned: Planned) -> dict[int, str]:
        """The sentence's other wordings by number, as readers would see them in its place; nothing counts as said."""
        said, scoped = list(self._names.mentioned), set(self.scoped)
        found: dict[int, str] = {}
        for variant in range(1, self.variants(planned) + 1):
            if variant != self.chosen(planned):
                found[variant] = visible(self.sentence(replace(planned, variant=variant)))
            self._names.mentioned[:] = said
            self.scoped.clear()
            self.scoped.update(scoped)
        return found

    def variants(self, planned: Planned) -> int:
        """How many wordings the sentence has."""
        return len(self._found(planned)[1])

    def chosen(self, planned: Planned) -> int:
        """Which of them is taken, from 1: the planned one, else the seed's."""
        _, variants = self._found(planned)
        return planned.variant or self._turn(planned.key) % len(variants) + 1

    def _variant(self, planned: Planned) -> str:
        template, variants = self._found(planned)
        module = template.make_module({**self._calls, **planned.values})
        return str(getattr(module, variants[self.chosen(planned) - 1])())

    def _found(self, planned: Planned) -> tuple[Template, list[str]]:
        for template in self._templates:
            variants = _variants(template, planned.key)
            if variants:
                return template, variants
        raise MissingWording(
            f"templates/prose/{self._outline.story}.md.j2: no sentence {planned.key!r}; add one, or to common.md.j2"
        )

    def _turn(self, key: str) -> int:
        mark = hashlib.sha256(f"{self._seed}/{self._outline.key}/{key}".encode()).digest()
        return int.from_bytes(mark[:4], "big") + self._outline.as_of.toordinal()


def _variants(template: Template, key: str) -> list[str]:
    found: list[str] = []
    while hasattr(template.module, f"{key}__{len(found)}"):
        found.append(f"{key}__{len(found)}")
    return found


_PAST = {
    ("up", 1): ("edged up",),
    ("down", 1): ("edged down", "slipped"),
    ("up", 2): ("rose", "gained", "added", "advanced"),
    ("down", 2): ("fell", "lost", "shed", "declined"),
    ("up", 3): ("jumped", "climbed"),
    ("down", 3): ("slid", "dropped"),
    ("up", 4): ("surged",),
    ("down", 4): ("plunged",),
}
_PRESENT = {
    ("up", 1): "edges up", ("down", 1): "edges down",
    ("up", 2): "rises", ("down", 2): "falls",
    ("up", 3): "jumps", ("down", 3): "slides",
    ("up", 4): "surges", ("down", 4): "plunges",
}  # fmt: skip


def direction(fact: Fact) -> str:
    """`up`, `down` or `flat`, by the fact's tags."""
    return next((tag for tag in ("up", "down") if tag in fact.tags), "flat")


def size(fact: Fact) -> int:
    """0 to 4 in units of the series' own volatility; 2, the neutral verbs, where the fact has no size.

    Over a month or more the verb is neutral too: measured by chance alone a gain of 13.6% in a year is small,
    and no reader would say that it edged up. Only what prints as next to nothing stays little changed. Nor is 1% ever
    little changed to a reader, or 2% an edge, however wild the series.
    """
    step = next((step for step in range(5) if f"size{step}" in fact.tags), 2)
    if step < _NEUTRAL and isinstance(fact.value, Decimal) and abs(fact.value) >= (_LITTLE, _EDGED)[step]:
        step = _NEUTRAL
    sessions = fact.get("sessions")
    if sessions is None or not isinstance(sessions.value, int) or sessions.value < _MONTH:
        return step
    still = step == 0 and isinstance(fact.value, Decimal) and abs(fact.value) < _STILL
    return 0 if still else 2


def move(fact: Fact, *, tense: str = "past", but: str = "") -> str:
    """Verb and figure of a change, the verb bound to its size: `rose 0.7%`, `was little changed, up 0.02%`.

    `but` is a verb that stands beside it already: another of the size is taken, else one of the next smaller.
    """
    value = fact.value
    if not isinstance(value, Decimal):
        raise TypeError(f"{fact.key.address} is no change")
    way, step = direction(fact), size(fact)
    figure = numbers.percent(value) if fact.unit == "percent" else numbers.plain(abs(value), fact.decimals)
    if way == "flat":
        return "was unchanged" if tense == "past" else "unchanged"
    if step == 0:
        still = "was little changed" if tense == "past" else "little changed"
        return f"{still}, {way} {figure}"
    if tense == "present":
        return f"{_PRESENT[way, step]} {figure}"
    smaller = range(step, 0, -1) if step > 1 else (step, _NEUTRAL)  # the neutral verb is always earned
    earned = (verb for size in smaller for verb in _PAST[way, size] if verb != but)
    verbs = [verb for verb in _PAST[way, step] if verb != but] or [next(earned, _PAST[way, step][0])]
    return f"{verbs[int(hashlib.sha256(fact.id.encode()).hexdigest()[:4], 16) % len(verbs)]} {figure}"


def _calls(as_of: date, names: Names, scoped: set[date]) -> dict[str, object]:
    def value(fact: Fact, name: str = "value") -> object:
        return fact.part(name).value

    def moment(fact: Fact, name: str = "value") -> date:
        found = fact.part(name).value
        if not isinstance(found, date):
            raise TypeError(f"{fact.key.address}: {name} is no date")
        return found

    def number(fact: Fact, name: str = "value") -> int:
        found = fact.part(name).value
        if not isinstance(found, int):
            raise TypeError(f"{fact.key.address}: {name} is no count")
        return found

    def decimal(fact: Fact, name: str = "value") -> Decimal:
        found = fact.part(name).value
        if not isinstance(found, Decimal):
            raise TypeError(f"{fact.key.address}: {name} is no decimal")
        return found

    def level(fact: Fact, name: str = "value", decimals: int | None = None) -> str:
        part = fact.part(name)
        return numbers.level(decimal(fact, name), part.unit, part.decimals if decimals is None else decimals)

    def months(days: Sequence[date]) -> str:
        """`September, October and December 2025`: the year once where it is shared by neighbours."""
        firsts = list(dict.fromkeys(when.replace(day=1) for when in days))
        texts = [
            numbers.month(when)
            if place + 1 == len(firsts) or firsts[place + 1].year != when.year
            else _month_name(when)
            for place, when in enumerate(firsts)
        ]
        return numbers.listing(texts)

    def months_through(first: date, last: date) -> str:
        """`February through December 2025`, `April 2019 through February 2020`."""
        start = _month_name(first) if first.year == last.year else numbers.month(first)
        return f"{start} through {numbers.month(last)}"

    def single_month(days: Sequence[date]) -> bool:
        return len({when.replace(day=1) for when in days}) == 1

    def over_days(fact: Fact) -> str:
        """`on Monday` for the session, whose date the lede gives; else `from Jan. 2 through Jan. 12`."""
        start, end = moment(fact, "start"), moment(fact, "end")
        if start != end:
            return through(fact)
        return (
            f"on {numbers.weekday(end)}" if end == as_of else
            f"on {numbers.weekday(end)}, {numbers.day(end, reference=as_of)}"
        )  # fmt: skip

    def ends(fact: Fact) -> str:
        return months([moment(fact, f"end{place}") for place in range(1, number(fact) + 1)])

    def scope(fact: Fact) -> str:
        """` in data since June 2016` at a paragraph's first claim that holds only in the data; then nothing."""
        start = fact.get("data_start")
        if (
            "all-time" in fact.tags
            or start is None
            or not isinstance(start.value, date)
            or start.value in scoped
        ):
            return ""
        scoped.add(start.value)
        return f" in data since {numbers.month(start.value)}"

    def since_or_scope(fact: Fact) -> str:
        """`since Aug. 18, 2011`, or of what has no equal `in data since January 1990`."""
        if fact.get("since") is not None:
            return f"since {numbers.day(moment(fact, 'since'), reference=as_of)}"
        scoped.add(moment(fact, "data_start"))
        return f"in data since {numbers.month(moment(fact, 'data_start'))}"

    def by_way(fact: Fact) -> str:
        """A change that still stands: `up 11.6%`, `down 0.05%`, `unchanged`."""
        way = direction(fact)
        return "unchanged" if way == "flat" else f"{way} {numbers.percent(decimal(fact))}"

    def scope_year(fact: Fact) -> str:
        """` in data since 2016`, for a headline."""
        start = fact.get("data_start")
        bounded = "all-time" not in fact.tags and start is not None and isinstance(start.value, date)
        return (
            f" in data since {start.value.year}"
            if bounded and start and isinstance(start.value, date)
            else ""
        )

    def share_of(fact: Fact, name: str = "value") -> str:
        value = decimal(fact, name)
        return numbers.percent(value, decimals=0 if value == value.to_integral_value() else 1)

    def cases_of(fact: Fact) -> str:
        """`four of the seven cases`, `all seven cases`."""
        if number(fact) == number(fact, "n") == 2:
            return "both cases"
        if number(fact) == number(fact, "n") > 1:
            return f"all {numbers.counted(number(fact, 'n'), 'case')}"
        told = numbers.cardinal(number(fact)) if number(fact) else "none"
        return f"{told} of the {numbers.counted(number(fact, 'n'), 'case')}"

    def phrased(pairs: Sequence[tuple[str, Fact]]) -> list[tuple[str, Fact, str, bool]]:
        """Symbols with what each did, no verb twice in a row; whether one is as little changed as that before it."""
        told: list[tuple[str, Fact, str, bool]] = []
        verb = ""
        for symbol, fact in pairs:
            said = move(fact, but=verb)
            still = said.startswith("was little changed, ")
            too = still and verb == "was"
            told.append((symbol, fact, said.removeprefix("was little changed, ") if too else said, too))
            verb = said.rpartition(" ")[0] if not still else "was"
        return told

    def case_words(fact: Fact) -> str:
        """What a precedent's cases were: `earlier losses of at least 2%`, `earlier runs of at least seven sessions`."""
        least, event = fact.part("at_least"), dict(fact.key.params)["event"]
        if event in ("gain", "drop"):
            return (
                f"earlier {'gains' if event == 'gain' else 'losses'} of at least {share_of(fact, 'at_least')}"
            )
        if event == "turn":
            return f"earlier turns from a {turned_from(fact)} of at least {share_of(fact, 'at_least')}"
        if event in ("cut", "raise"):
            kind = "cuts" if event == "cut" else "increases"
            return f"earlier {kind} of at least {step(fact, 'at_least')}"
        if event == "decline":
            return f"earlier first closes at least {share_of(fact, 'at_least')} below its highest"
        if event == "record":
            return f"earlier record closes at least {number(fact, 'at_least')} sessions in coming"
        unit = least.unit.removesuffix("s")
        return f"earlier runs of at least {numbers.counted(number(fact, 'at_least'), unit)}"

    def turned_from(fact: Fact) -> str:
        """What the cases of a turn had gone through within the session: `loss` before a close higher, else `gain`."""
        return "gain" if dict(fact.key.params).get("side") == "down" else "loss"

    def moved(fact: Fact) -> str:
        """A ranked company's change: `up 6.4%`, `unchanged`."""
        change = decimal(fact, "change")
        way = "up" if change > 0 else "down"
        return f"{way} {numbers.percent(change)}" if change else "unchanged"

    def long_window(fact: Fact) -> str:
        """`in three years`, `in 12 months`; `since Jan. 12, 2023` of a stretch that begins on no such day."""
        start = date.fromisoformat(dict(fact.key.params)["over"].removeprefix("since:"))
        for months in _LONG_WINDOWS:
            if spans(start, as_of, months):
                long = months > _YEAR
                return (
                    f"in {numbers.counted(months // _YEAR if long else months, 'year' if long else 'month')}"
                )
        return f"since {numbers.day(start, reference=as_of)}"

    def move_to(fact: Fact) -> str:
        """For a headline: `edges up 0.6% to 6,913.35`, `little changed at 6,915.61`."""
        close = fact.get("to")
        if close is None:
            return move(fact, tense="present")
        shown = level(fact, "to")
        if direction(fact) == "flat" or size(fact) == 0:
            return f"{'unchanged' if direction(fact) == 'flat' else 'little changed'} at {shown}"
        return f"{move(fact, tense='present')} to {shown}"

    def step(fact: Fact, name: str = "value") -> str:
        """Basis points as percentage points, as many decimals as needed: `0.25 percentage point`."""
        points = abs(decimal(fact, name)) / 100
        return f"{points.normalize():f} percentage point{'s' if points > 1 else ''}"

    def pp(fact: Fact, name: str = "value") -> str:
        """Percentage points with the decimals of the rate, the size only: `0.22 percentage point`."""
        shown = abs(decimal(fact, name))
        return f"{numbers.plain(shown, fact.part(name).decimals)} percentage point{'s' if shown > 1 else ''}"

    def percentage(fact: Fact, name: str = "value") -> str:
        """A rate as its source prints it, sign included: `4.21%`, `−0.5%`."""
        return f"{numbers.plain(decimal(fact, name), fact.part(name).decimals)}%"

    def rose(fact: Fact) -> str:
        """A change of a macro series, the verb plain: `rose 2.7%`, `was unchanged`."""
        way = direction(fact)
        return "was unchanged" if way == "flat" else f"{'rose' if way == 'up' else 'fell'} {pct_of(fact)}"

    def rises(fact: Fact) -> str:
        """As `rose`, for a headline: `rises 2.7%`."""
        way = direction(fact)
        return "unchanged" if way == "flat" else f"{'rises' if way == 'up' else 'falls'} {pct_of(fact)}"

    def risen(fact: Fact) -> str:
        """As `rose`, behind had: `risen 2.7%`."""
        way = direction(fact)
        return "been unchanged" if way == "flat" else f"{'risen' if way == 'up' else 'fallen'} {pct_of(fact)}"

    def rose_at(fact: Fact) -> str:
        """`rose at an annual rate of 2.2%`."""
        way = direction(fact)
        if way == "flat":
            return "was unchanged at an annual rate"
        return f"{'rose' if way == 'up' else 'fell'} at an annual rate of {pct_of(fact)}"

    def reading(fact: Fact, name: str = "value") -> str:
        """A level in its own unit: `−$36.98`, `4.57 percentage points`, `2.31%`, `82.69`."""
        part = fact.part(name)
        shown = numbers.plain(decimal(fact, name), part.decimals)
        match part.unit:
            case "USD":
                return f"−${shown[1:]}" if shown.startswith("−") else f"${shown}"
            case "percent":
                return f"{shown}%"
            case "percentage points":
                return f"{shown} percentage point{'s' if abs(decimal(fact, name)) > 1 else ''}"
            case "thousand jobs":
                return jobs(decimal(fact, name))
            case _:
                return shown

    def jobs(thousands: Decimal) -> str:
        """`151,000`: payrolls are counted in thousands and read in full."""
        return f"{numbers.plain(thousands * 1000, 0)}"

    def changed_by(fact: Fact) -> str:
        """`fell by $55.29`, `rose by 0.62 percentage point`, `was unchanged`."""
        way = direction(fact)
        if way == "flat":
            return "was unchanged"
        verb, shown = "rose" if way == "up" else "fell", numbers.plain(abs(decimal(fact)), fact.decimals)
        match fact.unit:
            case "USD":
                return f"{verb} by ${shown}"
            case "percent":
                return f"{verb} {shown}%"
            case "percentage points":
                return f"{verb} by {pp(fact)}"
            case "thousand jobs":
                return f"{verb} by {jobs(abs(decimal(fact)))}"
            case _:
                return f"{verb} by {shown}"

    def in_period(fact: Fact) -> str:
        """`in July`, `in the third quarter of 2023`, by the spacing of the series."""
        period = fact.get("period")
        if period is not None and isinstance(period.value, date):
            return f"in {numbers.month(period.value, reference=as_of)}"
        return f"in the {numbers.ordinal(number(fact, 'quarter'))} quarter of {value(fact, 'year')}"

    def pct_of(fact: Fact) -> str:
        return numbers.percent(decimal(fact), decimals=fact.decimals)

    def subject_of(fact: Fact) -> str:
        return str(fact.part("subject").value)

    def through(fact: Fact) -> str:
        start, end = moment(fact, "start"), moment(fact, "end")
        first = numbers.day(start, reference=end)
        return f"from {first} through {numbers.day(end, reference=as_of)}"

    return {
        "as_of": as_of,
        "name": names.name,
        "short": names.short,
        "bare": names.bare,
        "crowd": names.crowd,
        "by_ticker": names.by_ticker,
        "escape": escape,
        "capital": numbers.capital,
        "move": move,
        "way": direction,
        "value": value,
        "pct": lambda fact, name="value": numbers.percent(decimal(fact, name)),
        "pct0": lambda fact, name="value": numbers.percent(decimal(fact, name), decimals=0),
        "pts": lambda fact, name="value": numbers.points_of(decimal(fact, name)),
        "level": level,
        "figure": level,
        "n": number,
        "count": lambda fact, singular, name="value": numbers.counted(number(fact, name), singular),
        "periods": lambda fact: numbers.counted(number(fact), fact.unit.removesuffix("s")),
        "cardinal": numbers.cardinal,
        "ordinal": numbers.ordinal,
        "plural": numbers.noun,
        "when": moment,
        "day": lambda when: numbers.day(when, reference=as_of),
        "date": lambda when: f"{numbers.weekday(when)}, {numbers.day(when, reference=as_of)}",
        "weekday": numbers.weekday,
        "month": lambda when: numbers.month(when, reference=as_of),
        "month_year": numbers.month,
        "through": through,
        "rate": lambda pair: numbers.rate_range(*pair),
        "months": months,
        "single_month": single_month,
        "over_days": over_days,
        "month_name": _month_name,
        "months_through": months_through,
        "ends": ends,
        "scope": scope,
        "scope_year": scope_year,
        "since_or_scope": since_or_scope,
        "by_way": by_way,
        "share_of": share_of,
        "cases_of": cases_of,
        "case_words": case_words,
        "phrased": phrased,
        "turned_from": turned_from,
        "long_window": long_window,
        "moved": moved,
        "move_to": move_to,
        "subject_of": subject_of,
        "step": step,
        "percentage": percentage,
        "rose": rose,
        "rises": rises,
        "reading": reading,
        "changed_by": changed_by,
        "risen": risen,
        "rose_at": rose_at,
        "in_period": in_period,
        "pp": pp,
        "times": lambda count: {1: "once", 2: "twice"}.get(count, f"{numbers.cardinal(count)} times"),
        "series": lambda fact: value(fact, "series"),
        "article": lambda text: f"{'an' if text[0] in 'aeiou8' or text in {'11th', '18th'} else 'a'} {text}",
        "mark": lambda *facts: ", " if any(facts) else "",
        "listing": numbers.listing,
    }


def _month_name(when: date) -> str:
    return numbers.month(when).split()[0]
