"""What no grammar took: figures of measures that the store does not hold, forecasts and opinions.

Owns why a figure is not judged, in words that name the missing data.
"""

from __future__ import annotations

import re

from broadtape.desk.audit.clauses import Clauses
from broadtape.desk.audit.findings import finding, unverifiable
from broadtape.desk.audit.parts import Assertion, Finding, Sentence

_FIGURES = frozenset("FQBOM")
_MEASURES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (r"forward (?:price|P/E|earnings|multiple)|price[- ]to[- ]earnings|P/Es?\b|earnings multiple|times (?:forward |expected )?earnings",
         "forward P/E ratio: analysts' estimates of earnings are not in the store"),
        (r"(?:earnings|profit|EPS|revenue|sales)(?: per share)? growth|earnings (?:are|is) (?:expected|projected|forecast)|growth (?:in|of) earnings",
         "projected earnings growth: analysts' estimates are not in the store"),
        (r"\b(?:earnings|profits?|EPS|revenue|net income|sales|margins?|guidance)\b", "company results: filed figures of that period are not in the store"),
        (r"\b(?:volume|shares changed hands)\b", "trading volume of the market is not in the store"),
        (r"market (?:cap|capitali[sz]ation|value)|valued at|worth \$", "market values: counts of shares are not in the store"),
        (r"\b(?:futures|contracts)\b", "futures prices are not in the store"),
        (r"pre-?market|after-?hours|extended trading", "prices outside the session are not in the store"),
        (r"\b(?:probability|odds|chance|CME FedWatch|FedWatch|pricing in|priced in)\b", "market-implied odds are not in the store"),
        (r"\b(?:dividend|buyback|repurchase)\b", "announced payouts are not in the store"),
        (r"\b(?:tariffs?|duty|duties|tax(?:es)?)\b", "tariffs and taxes are not in the store"),
        (r"\b(?:poll|survey|respondents|economists)\b", "surveys are not in the store"),
    )
)  # fmt: skip
_OPINION = re.compile(
    r"\b(?:suggest(?:s|ing)?|believe[sd]?|appears?|seems?|arguably|healthy|healthier|definitive|remarkable|meteoric|bullish|bearish|"
    r"psychology|sentiment|attractive|overvalued|undervalued|cheap|expensive|best positioned|compelling|unsustainable|solid floor|"
    r"tailwinds?|headwinds?|should consider|investors should|opportunit(?:y|ies)|we think|in our view|poster child|critical|profound|"
    r"darlings?|renaissance|vengeance|historic|unprecedented)\b",
    re.IGNORECASE,
)
_FORECAST = re.compile(
    r"\b(?:will|could|(?-i:may)|might|would|expected to|projected|forecasts?|outlook|looking ahead|likely|poised|set to|analysts (?:expect|see|are watching)|"
    r"potential(?:ly)?|in the coming|going forward|moving forward|remains bullish|price target)\b",
    re.IGNORECASE,
)
_MARKET = re.compile(
    r"\b(?:stocks?|shares?|index(?:es)?|market|markets|investors?|small-caps?|S&P|Nasdaq|Dow|Russell|rally|yields?|inflation|rates?|Fed|earnings|"
    r"economy|economic|traders?|equit(?:y|ies)|sector|valuations?)\b",
    re.IGNORECASE,
)


def leftovers(clauses: Clauses, sentence: Sentence) -> list[Finding]:
    """The figures that no claim took, and what a sentence without any is."""
    loose = [
        place for place, code in enumerate(clauses.codes) if code in _FIGURES and place not in clauses.used
    ]
    found: list[Finding] = []
    forecast = _FORECAST.search(sentence.text) is not None
    last = -10
    for place in loose:
        if place - last < 8 and found:
            last = place
            continue
        last = place
        text = clauses.text(max(0, place - 6), min(len(clauses.codes), place + 4))
        claim = Assertion("unread", text, sentence, amount=clauses.tokens[place].amount)
        reason = next((reason for pattern, reason in _MEASURES if pattern.search(sentence.text)), "")
        if not reason and forecast:
            found.append(finding(claim, "forecast", "a forecast, a condition or a possibility: not judged"))
            continue
        found.append(
            unverifiable(claim, reason or "not read: its wording is not one of those that are judged")
        )
    if (
        not found
        and not clauses.used
        and not clauses.moves
        and not sentence.heading
        and _MARKET.search(sentence.text)
    ):
        claim = Assertion("unread", sentence.text, sentence)
        if forecast:
            found.append(finding(claim, "forecast", "a forecast, a condition or a possibility: not judged"))
        elif _OPINION.search(sentence.text):
            found.append(finding(claim, "opinion", "an opinion or a characterisation: not judged"))
    return found
