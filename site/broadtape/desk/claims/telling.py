"""Whether a claim tells what the fact says, and says what must be said with it: side, value, span, scope.

Owns no single word or figure: those are judged before.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from broadtape.desk.claims import lexicon
from broadtape.desk.claims.case import Case
from broadtape.desk.claims.figures import fits_share
from broadtape.desk.claims.parts import shown
from broadtape.desk.claims.tokens import Figure, Word
from broadtape.model import Status

# Metrics of which nothing but the value is worth telling: a total or a threshold alone would mislead.
_VALUE_TOLD: Final = frozenset(
    {
        "what-followed",
        "streak-count",
        "breadth",
        "periods-led",
        "group-return",
        "session-count",
        "record-count",
        "closes-beyond",
        "reading-beyond",
        "declines",
        "regained",
        "season",
        "above-average",
        "level-crossings",
        "record-run",
        "year-rest",
        "average-cross",
    }
)
_DIRECTIONS: Final = frozenset(
    {
        "up",
        "down",
        "flat",
        "lead",
        "lag",
        "exceed",
        "better",
        "worse",
        "best",
        "worst",
        "cut",
        "raise",
        "hold",
        "below",
        "steeper",
        "flatter",
        "bull",
        "bear",
    }
)
_EXTREMES: Final = frozenset({"record", "highest", "lowest", "peak", "trough"})
_SUPERLATIVES: Final = frozenset(
    {"record", "highest", "lowest", "longest", "best", "worst", "largest", "peak", "trough"}
)
_PAST: Final = lexicon.words("""
    was were came been had has have did
""")
_MAGNITUDE: Final = lexicon.words("""
    move moves moved change changes changed swing gap difference apart distance size
""")


def sides(case: Case) -> None:
    """A negative change printed without sign or direction reads as a gain."""
    said = {kind for _, word in case.of(Word) for kind in word.classes}
    if said & {
        "down",
        "lag",
        "below",
        "lead",
        "worse",
        "better",
        "cut",
        "raise",
        "hold",
        "steeper",
        "flatter",
    }:
        return
    if "inversion" in said and "inversion" in case.tags:
        return
    for place, part in case.matched.items():
        figure = case.tokens[place]
        negative = part.kind == "change" and isinstance(part.value, Decimal) and part.value < 0
        if not negative or not isinstance(figure, Figure) or figure.sign or figure.value == 0:
            continue
        if not any(token.text.lower() in _MAGNITUDE for token in case.tokens):
            case.objects(
                Status.CONTRADICTED, f"the fact is {shown(part)}; the text gives {figure.text} without saying down",
                figure.text, shown(part),
            )  # fmt: skip


def told(case: Case) -> None:
    """The fact's own value, not only what goes with it, must be what the text tells."""
    parts = {part.name for part in case.matched.values()} | set(case.matched_dates.values())
    value = case.fact.get("value")
    said = {kind for _, word in case.of(Word) for kind in word.classes}
    halves = any(isinstance(token, Figure) and fits_share(case, token) for token in case.tokens)
    computed = shown(value) if value else ""
    if "then" in parts and "value" not in parts:
        case.objects(
            Status.CONTRADICTED,
            f"the figure is that of the earlier case; the fact is {computed}",
            computed=computed,
        )
    still = "flat" in said and value is not None and value.kind == "change" and not value.value
    told = "value" in parts or halves or still or said & {"majority", "minority", "nothing", "all", "both"}
    if case.fact.key.metric in _VALUE_TOLD and not told and (said or parts):
        case.objects(
            Status.UNSUPPORTED,
            f"the text does not tell what the fact says, {computed}",
            computed=computed,
        )
    change = value is not None and value.kind == "change" and "value" not in parts
    if change and (said or parts) and not said & _DIRECTIONS:
        case.objects(
            Status.UNSUPPORTED,
            f"the text does not tell what the fact says, {computed}",
            computed=computed,
        )
    ends = sorted(part for part in parts if part.startswith("end") and part[3:].isdigit())
    last = next(
        (part for part in reversed(case.fact.parts) if part.name[:3] == "end" and part.name[3:].isdigit()),
        None,
    )
    if ends and last is not None and last.name not in ends:
        case.objects(
            Status.CONTRADICTED, f"the latest equal run ended on {shown(last)}", computed=shown(last)
        )
    if case.fact.key.metric in {"policy-moves", "policy-cycle"}:
        _told_moves(case, parts, said)
    if "value" in parts and case.fact.get("span") is not None and not _says_span(case, parts):
        case.objects(Status.UNSUPPORTED, "the text does not say over how many months the change is")
    if "scheduled" in case.tags and any(token.text.lower() in _PAST for token in case.tokens):
        case.objects(Status.CONTRADICTED, f"it is still to come, on {computed}", computed=computed)
    for tag in ("median", "mean"):
        if tag in case.tags and "value" in parts and tag not in said and not case.context.median_said:
            name = "a median" if tag == "median" else "an average"
            case.objects(
                Status.UNSUPPORTED,
                f"the figure is {name}, and the text does not say so",
                computed=computed,
            )


def _says_span(case: Case, parts: set[str]) -> bool:
    """Whether the text says that a change is one of twelve months, or an annual rate of three."""
    words = {word for token in case.tokens for word in token.text.lower().replace("-", " ").split()}
    if "annualised" in case.tags and not words & {"annual", "annualized", "annualised"}:
        return False
    return "span" in parts or bool(words & {"year", "yearly", "annual", "annually"})


def _told_moves(case: Case, parts: set[str], said: set[str]) -> None:
    """Moves of the policy rate are told with their dates, and where they led only with the last of them."""
    if said & {"cut", "raise"} and not case.matched_dates:
        case.objects(Status.UNSUPPORTED, "the text does not say when the rate was moved")
    days = [part.name for part in case.fact.parts if part.name[:3] == "day" and part.name[3:].isdigit()]
    told = parts & {*days, "from", "to"}
    if days and "range" in parts and told and not told & {days[-1], "to"}:
        last = shown(case.fact.part(days[-1]))
        case.objects(
            Status.CONTRADICTED, f"the range was reached with the last move, on {last}", computed=last
        )


def scope(case: Case) -> None:
    """What the claim holds of, the data, closes, dividends or a window, is said."""
    said = {kind for _, word in case.of(Word) for kind in word.classes}
    claims = said or case.matched or case.matched_dates
    if (
        "in-data" in case.tags
        and said & (_SUPERLATIVES - ({"peak", "trough"} & case.tags))
        and not case.context.scoped
        and "52-week" not in said
    ):
        told = any(token.text.lower() == "data" for token in case.tokens)
        dated = "data_start" in case.matched_dates.values() or "since" in case.matched_dates.values()
        if not told and not dated:
            start = case.fact.get("data_start")
            since = (
                f" since {start.value:%B %Y}" if start is not None and isinstance(start.value, date) else ""
            )
            case.objects(
                Status.UNSUPPORTED, f"it holds in the data{since} only, and the text does not say so"
            )
    extremes = _EXTREMES - ({"peak", "trough"} & case.tags)  # a peak is one of closes by its definition
    if "close" in case.tags and said & extremes and "close" not in said and not case.context.closes_said:
        case.objects(Status.UNSUPPORTED, "it is one of closes, and the text does not say so")
    if "total" in case.tags and not case.context.total_said and "total" not in said and case.matched:
        case.objects(Status.UNSUPPORTED, "the return includes dividends, and the text does not say so")
    if case.period is None or case.window is None or case.context.windows is None or not claims:
        return
    one_session = case.window == (case.as_of, case.as_of)
    if not (case.result.says_window or one_session or case.window in case.context.windows):
        case.objects(
            Status.UNSUPPORTED, f"the text does not say over which sessions; the fact covers {case.over}"
        )
