"""Parts that several story kinds plan alike: companies' moves, policy, what followed, what comes next.

Owns no story of its own; each function returns planned sentences, tables or None where there is nothing to say.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from broadtape.desk.outline import Cell, Paragraph, Planned, Table, paragraph
from broadtape.desk.patterns import basis_of
from broadtape.desk.stories import Assignment
from broadtape.desk.stories.filed import ON_FILE, events
from broadtape.metrics.groups import SECTOR_FUNDS
from broadtape.model import Basis, Fact, NoData, UnknownSymbol
from broadtape.numbers import day as printed_day
from broadtape.numbers import signed_percent

_TWO = 2  # of a kind at least: one alone is set against nothing
_LEAST_GROUP = 8  # companies; fewer are no field to have winners and losers in
_AHEAD = timedelta(days=35)  # a reader's month: further events are not "next"
_MONTH = 21  # sessions
_APART = Decimal("0.25")  # percent: medians nearer than this are alike
_NOUNS = {"turn": "days", "gain": "days", "drop": "days", "record": "records", "decline": "closes", "streak": "runs",
          "relative-streak": "runs", "cut": "cuts", "raise": "increases"}  # fmt: skip
_SEASON = timedelta(days=100)  # over longer windows it matters who has left the list of companies
_POLICY_RECENT = timedelta(days=130)
_LEAST_MEDIAN = Decimal("0.05")  # percent or percentage points: smaller ones print as 0.0


@dataclass(frozen=True, slots=True)
class Field:
    """A group of companies with their returns over one window, best first."""

    group: str
    basis: Basis
    window: str
    symbols: tuple[str, ...]
    values: tuple[float, ...]  # percent


def field_of(assignment: Assignment, window: str, first: date | None, last: date) -> Field | None:
    """The first group of the universe, by size, that has at least eight companies over the window.

    `first` is the window's first session (None: the last session alone). Companies that are not listed, or
    whose last bar is not the session, take no part.
    """
    best: Field | None = None
    for group in assignment.universe:
        members = [symbol for symbol in assignment.view.group(group) if not symbol.startswith("UNLISTED:")]
        for basis in ("price", "total"):
            found = _returns(assignment, members, first, last, basis)
            enough = len(found) >= _LEAST_GROUP and 2 * len(found) >= len(assignment.view.group(group))
            if enough and (best is None or len(found) > len(best.symbols)):
                ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
                best = Field(
                    group,
                    basis,
                    window,
                    tuple(symbol for symbol, _ in ordered),
                    tuple(value for _, value in ordered),
                )
    return best


def _returns(
    assignment: Assignment, members: Sequence[str], first: date | None, last: date, basis: Basis
) -> dict[str, float]:
    found: dict[str, float] = {}
    end = np.datetime64(last, "D")
    for symbol in members:
        try:
            bars = assignment.view.bars(symbol)
        except (NoData, UnknownSymbol):
            continue
        values = bars.values(basis)
        start = (
            len(bars.days) - 1
            if first is None
            else int(np.searchsorted(bars.days, np.datetime64(first, "D")))
        )
        if start < 1 or not len(bars.days) or bars.days[-1] != end:
            continue
        before, after = values[start - 1], values[-1]
        if np.isfinite(before) and np.isfinite(after) and before > 0:
            found[symbol] = float((after / before - 1) * 100)
    return found


def winners_and_losers(
    assignment: Assignment, field: Field, each: int = 4
) -> tuple[Table | None, Fact | None, Fact | None]:
    """A table of the best and the worst of a field with each one's move, and the rank facts of both ends."""
    book = assignment.book
    chosen = {} if field.basis == "price" else {"basis": field.basis}
    each = min(each, len(field.symbols) // 3)
    picked = [*field.symbols[:each], *field.symbols[-each:]]
    moves = [(symbol, book.find("return", of=symbol, over=field.window, **chosen)) for symbol in picked]
    found = [(symbol, fact) for symbol, fact in moves if fact is not None]
    filed = events(assignment, [symbol for symbol, _ in found], field.window)
    rows = [
        (Cell(symbol=symbol), fact_cell(fact), *([filed[symbol]] if filed is not None else []))
        for symbol, fact in found
    ]
    group = {"in": field.group}
    best = book.find("rank", of=field.symbols[0], over=field.window, **group, **chosen)
    worst = book.find("rank", of=field.symbols[-1], over=field.window, **group, **chosen)
    header = "Change, dividends included" if field.basis == "total" else "Change"
    headers = ("Company", header, *([ON_FILE] if filed is not None else []))
    return (Table(headers, tuple(rows)) if rows else None), best, worst


def sector_ends(assignment: Assignment, best_of: str, worst_of: str, window: str) -> Planned | None:
    """The best and the worst of the sector funds over a window, by their places among them."""
    find = assignment.book.find
    best = find("rank", of=best_of, in_=SECTOR_FUNDS, over=window)
    worst = find("rank", of=worst_of, in_=SECTOR_FUNDS, over=window)
    if best is None or worst is None:
        return None
    return Planned("sector_ends", {"best": best, "best_of": best_of, "worst": worst, "worst_of": worst_of})


def fact_cell(fact: Fact | None) -> Cell:
    """A cell that prints a change with its sign."""
    if fact is None:
        return Cell("–")
    value = fact.part("value").value
    return Cell(signed_percent(value), fact)  # type: ignore[arg-type]  # a change's value is a Decimal


def breadth(assignment: Assignment, field: Field) -> Paragraph | None:
    """How many of the field rose and fell over its window, and the middle of it."""
    chosen = {} if field.basis == "price" else {"basis": field.basis}
    group = {"in": field.group}
    risen = sum(1 for value in field.values if value > 0)
    side = "up" if risen * 2 >= len(field.values) else "down"
    up = assignment.book.find("breadth", over=field.window, side=side, **group, **chosen)
    median = assignment.book.find("group-return", over=field.window, stat="median", **group, **chosen)
    if up is None or median is None:
        return None
    total = field.basis == "total"
    start = up.get("start")
    long = (
        start is not None and isinstance(start.value, date) and assignment.view.as_of - start.value > _SEASON
    )
    return paragraph(
        Planned("breadth", {"share": up, "side": side, "median": median, "total": total}),
        Planned("list_is_current", kind="definition") if long else None,
    )


def policy(assignment: Assignment, *, after: date | None = None) -> Paragraph | None:
    """The latest unbroken chain of cuts or increases, if its last is recent, and its order to `after`."""
    if "policy" in assignment.covered:
        return None
    decisions = [d for d in assignment.view.decisions() if d.day <= assignment.view.as_of]
    moves = [d for d in decisions if d.change_bp]
    if not moves or assignment.view.as_of - moves[-1].day > _POLICY_RECENT:
        return None
    side = "cut" if moves[-1].change_bp < 0 else "raise"
    chain = [moves[-1]]
    for decision in reversed(decisions[: decisions.index(moves[-1])]):
        if decision.change_bp * moves[-1].change_bp <= 0:
            break
        chain.insert(0, decision)
    span = f"{chain[0].day:%Y-%m}..{chain[-1].day:%Y-%m}"
    fact = assignment.book.find("policy-moves", over=span, side=side)
    last = assignment.book.find("policy-last")
    if fact is None or last is None:
        return None
    ordered = None
    if after is not None and chain[-1].day < after:
        ordered = Planned(
            "policy_order", {"side": side}, "interpretation", f"{fact.id}.day{len(chain)} < {after}"
        )
    held = Planned("policy_held", {"fact": last}) if decisions[-1].change_bp == 0 else None
    return paragraph(
        Planned("policy_moves", {"fact": fact, "side": side, "days": tuple(d.day for d in chain)}),
        held,
        ordered,
    )


def what_followed(
    assignment: Assignment,
    *,
    of: str,
    event: str,
    at_least: int,
    horizon: int,
    vs: str = "",
    basis: Basis = "price",
    side: str = "",
) -> dict[str, object] | None:
    """The facts of what followed earlier cases, and of all stretches as long; None unless all can be told.

    `cases`, `median`, `share`, `usual` (the median of all stretches), `usual_share`. Medians too small to have a
    direction as printed are not told.
    """
    asked: dict[str, str | int] = {"of": of, "event": event, "at_least": at_least, "horizon": horizon}
    if vs:
        asked |= {"vs": vs, "measure": "relative"}
    if basis != "price":
        asked["basis"] = basis
    if side:
        asked["side"] = side
    find = assignment.book.find
    found = {
        "cases": find("what-followed", **asked, stat="n"),
        "median": find("what-followed", **asked, stat="median"),
        "share": find("what-followed", **asked, stat="positive"),
        "usual": find("what-followed", **asked, stat="median", set="all"),
        "usual_share": find("what-followed", **asked, stat="share", set="all"),
    }
    told = [found["median"], found["usual"]]
    if any(fact is None for fact in found.values()):
        return None
    if found["cases"] is not None and found["cases"].value == 1:  # one case has no median
        return None
    if any(fact is None or abs(Decimal(str(fact.value))) < _LEAST_MEDIAN for fact in told):
        return None
    return dict(found)


def after_cases(
    assignment: Assignment,
    horizons: Sequence[int],
    values: Mapping[str, object],
    *,
    of: str,
    event: str,
    at_least: int,
    vs: str = "",
    basis: Basis = "price",
    side: str = "",
) -> list[Planned]:
    """What followed at each horizon, the first with the usual beside it."""
    said: list[Planned] = []
    for horizon in horizons:
        found = what_followed(
            assignment, of=of, event=event, at_least=at_least, horizon=horizon, vs=vs, basis=basis, side=side
        )
        if found is None:
            continue
        if said:
            said.append(Planned("what_followed_later", {**values, **found}))
            continue
        said.append(Planned("what_followed", {**values, **found}))
        compared = _compared(found, event) if horizon == _MONTH else None
        said.append(Planned("usually", {**values, **found}))
        if compared is not None:
            said.append(dataclasses.replace(compared, values={**values, **compared.values}))
    return said


def _compared(found: Mapping[str, object], event: str) -> Planned | None:
    """What the cases make of the month after them, against the usual; nothing of few cases, or of a hair's breadth."""
    cases, median, usual = found["cases"], found["median"], found["usual"]
    if not (isinstance(cases, Fact) and isinstance(median, Fact) and isinstance(usual, Fact)):
        return None
    if "few" in cases.tags or not isinstance(median.value, Decimal) or not isinstance(usual.value, Decimal):
        return None
    if abs(median.value - usual.value) < _APART:
        return None
    better = median.value > usual.value
    guard = f"{median.id}.value {'>' if better else '<'} {usual.value}"
    return Planned(
        "better_than_usual" if better else "worse_than_usual", {"noun": _NOUNS.get(event, "cases")},
        "interpretation", guard,
    )  # fmt: skip


def case_paragraphs(said: Sequence[Planned]) -> list[Paragraph | None]:
    """What followed the cases, and beside it what is usual and what came later."""
    first = [one for one in said if one.key in {"what_followed"}]
    return [paragraph(*first), paragraph(*(one for one in said if one not in first))]


def local_lens(assignment: Assignment, window: str = "1s") -> Paragraph | None:
    """How the companies near the site fared over the window, where the edition is for one site: the two ends."""
    if not assignment.site or len(assignment.nearby) != 1:
        return None
    moves: list[tuple[Decimal, str, Fact]] = []
    bases: tuple[Basis, ...] = ("price", "total")
    for basis in bases:
        chosen = {} if basis == "price" else {"basis": basis}
        found = [
            (fact.value, symbol, fact)
            for symbol in assignment.nearby[0].symbols
            if basis_of(assignment.view, symbol) is not None
            and (fact := assignment.book.find("return", of=symbol, over=window, **chosen)) is not None
            and isinstance(fact.value, Decimal)
        ]
        moves = found if len(found) > len(moves) else moves
    if len(moves) < _TWO:
        return None
    moves.sort(key=lambda one: (-one[0], one[1]))
    best, worst = moves[0], moves[-1]
    values = {"best": best[2], "best_of": best[1], "worst": worst[2], "worst_of": worst[1]}
    return paragraph(Planned("local_lens", values))


def coming(assignment: Assignment, most: int = 3) -> list[Planned]:
    """The scheduled events of the next five weeks that were known, soonest first, one a kind, in one sentence."""
    view = assignment.view
    kinds: list[str] = []
    if "ahead" in assignment.covered:
        return []
    for event in view.events():
        if event.at > view.known and event.day <= view.as_of + _AHEAD and event.kind not in kinds:
            kinds.append(event.kind)
    found = [assignment.book.find("next-event", kind=kind) for kind in kinds[:most]]
    events = tuple(fact for fact in found if fact is not None)
    return [Planned("next_event", {"events": events})] if events else []


def levels_table(assignment: Assignment, symbols: Sequence[str]) -> Table | None:
    """Close and changes of each symbol that has a price on the session; a column nobody fills is left out."""
    if "levels" in assignment.covered:
        return None
    headers = ["", "Close", "1 session", "5 sessions", "Year to date"]
    rows: list[list[Cell]] = []
    for symbol in symbols:
        quote = assignment.book.find("quote", of=symbol)
        if quote is None:
            continue
        price = quote.part("value")
        shown = f"{price.value:,.{price.decimals}f}"
        changes = [assignment.book.find("return", of=symbol, over=over) for over in ("1s", "5s", "ytd")]
        close = Cell(f"${shown}" if price.unit == "USD" else shown, quote)
        rows.append([Cell(symbol=symbol), close, *(fact_cell(fact) for fact in changes)])
    return filled(headers, rows) if rows else None


def filled(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    """The table without the columns that no row fills."""
    kept = [
        place
        for place in range(len(headers))
        if place == 0 or any(row[place].fact or row[place].text not in {"", "–"} for row in rows)
    ]
    return Table(
        tuple(headers[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in rows),
    )


def session_table(
    assignment: Assignment, of: str, vs: str, days: Sequence[date], basis: Basis
) -> Table | None:
    """Both series' change on each of the days, and the gap in percentage points."""
    chosen = {} if basis == "price" else {"basis": basis}
    rows = []
    for when in days:
        window = f"{when}..{when}"
        one = assignment.book.find("return", of=of, over=window, **chosen)
        other = assignment.book.find("return", of=vs, over=window, **chosen)
        if one is None or other is None:
            continue
        rows.append(
            (Cell(printed_day(when, reference=assignment.view.as_of)), fact_cell(one), fact_cell(other))
        )
    names = (assignment.view.instrument(of).name, assignment.view.instrument(vs).name)
    suffix = "" if basis == "price" else ", dividends included"
    return Table(("Session", *(f"{name}{suffix}" for name in names)), tuple(rows)) if rows else None


def volatility(assignment: Assignment) -> Planned | None:
    """The level of the volatility index and its change on the session."""
    symbol = assignment.view.benchmark("volatility")
    if "volatility" in assignment.covered or symbol is None or basis_of(assignment.view, symbol) != "price":
        return None
    level = assignment.book.find("level", of=symbol)
    since = assignment.book.find("extreme-since", of=symbol, side="high")
    if level is None:
        return None
    far = (
        since is not None
        and isinstance(since.value, date)
        and (assignment.view.as_of - since.value).days > 60
    )
    return Planned(
        "volatility", {"symbol": symbol, "level": level, "since": since if far else None, "far": far}
    )


def since_months(assignment: Assignment, *months: int) -> tuple[str, ...]:
    """Windows that start so many months back, at the close of the last session on or before that day."""
    view = assignment.view
    found = []
    for count in months:
        month = np.datetime64(view.as_of, "M") - count
        end = (month + 1).astype("datetime64[D]") - 1
        day = min(month.astype("datetime64[D]") + (view.as_of.day - 1), end)
        place = max(int(np.searchsorted(view.sessions, day, side="right")) - 1, 0)
        found.append(f"since:{view.sessions[place].astype('datetime64[D]')}")
    return tuple(found)


def since_header(assignment: Assignment, day: date) -> str:
    """The head of a column of changes since a day's close: `Since Jan. 3`."""
    return f"Since {printed_day(day, reference=assignment.view.as_of)}"


def sessions_between(assignment: Assignment, first: date, last: date) -> list[date]:
    """The sessions from `first` to `last`, both included."""
    days = assignment.view.sessions
    inside = days[(days >= np.datetime64(first, "D")) & (days <= np.datetime64(last, "D"))]
    return [day for day in inside.astype("datetime64[D]").tolist() if isinstance(day, date)]
