"""One instrument against another: their ratio's extremes, and how their changes go together.

Owns ratio-extreme, correlation, correlation-since and dispersion.
"""

from __future__ import annotations

import numpy as np

from broadtape.metrics import windows
from broadtape.metrics.groups import taking_part
from broadtape.metrics.registry import (
    Answer,
    Parameter,
    basis,
    choice,
    group,
    metric,
    over,
    symbol_of,
    symbol_vs,
)
from broadtape.metrics.series import as_date, closing, compare_changes, current, exact, percent
from broadtape.model import NoData, NotTrue

_HALF = 0.5


@metric(
    "ratio-extreme",
    "Ratio highest or lowest since",
    "The last earlier session on which one close divided by the other was as high as on the as-of session or higher "
    "(for lows: as low or lower). Nothing is said when that is the session before.",
    symbol_of("the one that is divided"),
    symbol_vs(),
    choice("side", "highest or lowest", "high", "low"),
    basis(),
    examples=("ratio-extreme?of=INDEXRUSSELL:RUT&side=low&vs=INDEXSP:SPX",),
)
def _ratio_extreme(answer: Answer) -> None:
    one = current(closing(answer.view, answer["of"], answer.basis))
    other = current(closing(answer.view, answer["vs"], answer.basis))
    kept = np.flatnonzero(np.isfinite(one.values) & np.isfinite(other.values))
    a, b = one.values[kept], other.values[kept]
    sign = 1 if answer["side"] == "high" else -1
    against = compare_changes(b[:-1], a[:-1], b[[-1]], a[[-1]]) * sign
    reached = np.flatnonzero(against >= 0)
    if not len(reached):
        raise NotTrue(
            f"the ratio of {answer['of']} to {answer['vs']} was never as {answer['side']} in the data"
        )
    at = int(reached[-1])
    if at == len(kept) - 2:
        raise NotTrue(f"the ratio was as {answer['side']} in the session before")
    answer.value("date", one.day(int(kept[at])), "date")
    answer.names(answer["of"], answer["vs"])
    answer.day("date", one.day(int(kept[-1])))
    answer.tags |= {"ratio", "since", "last", "highest" if sign > 0 else "lowest"}
    answer.rows([one, other], [int(kept[at]), int(kept[-1])])
    for series in (one, other):
        answer.span(series, int(kept[at]), int(kept[-1]))


def rolling(a: np.ndarray, b: np.ndarray, sessions: int) -> np.ndarray:
    """The correlation of the one-session changes over each stretch of so many sessions, ending where it stands."""
    x, y = np.diff(np.log(a)), np.diff(np.log(b))
    if len(x) < sessions:
        return np.zeros(0)

    def means(values: np.ndarray) -> np.ndarray:
        total = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray((total[sessions:] - total[:-sessions]) / sessions)

    mx, my = means(x), means(y)
    spread = np.sqrt(np.maximum((means(x * x) - mx * mx) * (means(y * y) - my * my), 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(spread > 1e-18, (means(x * y) - mx * my) / spread, np.nan)
    return np.asarray(found)


def _correlations(answer: Answer) -> tuple[list[int], np.ndarray]:
    sessions = int(answer["sessions"])
    if not 20 <= sessions <= 260:
        raise NoData(f"sessions: no correlation over {sessions}; ask 20 to 260")
    one = current(closing(answer.view, answer["of"], answer.basis))
    other = current(closing(answer.view, answer["vs"], answer.basis))
    kept = np.flatnonzero(np.isfinite(one.values) & np.isfinite(other.values))
    found = rolling(one.values[kept], other.values[kept], sessions)
    if not len(found) or not np.isfinite(found[-1]):
        raise NoData(f"{answer['of']} and {answer['vs']} have no {sessions} sessions together")
    answer.rows([one, other], [int(kept[-1 - sessions]), int(kept[-1])])
    for series in (one, other):
        answer.span(series, int(kept[0]), int(kept[-1]))
    return [int(at) for at in kept[sessions:]], found


def _sessions() -> Parameter:
    return Parameter("sessions", "over how many sessions", "63", "63", "count")


@metric(
    "correlation",
    "Correlation",
    "The correlation of the one-session changes (logarithms of closes) of both over the last 63 (or so many) sessions "
    "that both have, from −1 to 1.",
    symbol_of(),
    symbol_vs(),
    _sessions(),
    basis(),
    examples=("correlation?of=NYSEARCA:SPY&vs=NASDAQ:TLT",),
)
def _correlation(answer: Answer) -> None:
    _, found = _correlations(answer)
    value = percent(exact(round(float(found[-1]), 9)), 2)
    answer.value("level", value, "ratio", 2)
    answer.names(answer["of"], answer["vs"])
    answer.count("length", int(answer["sessions"]), "sessions")
    answer.tags |= {"correlation", "positive" if value > 0 else "negative" if value < 0 else "zero"}


@metric(
    "correlation-since",
    "Correlation that changed sign",
    "The last earlier session on which the correlation had the sign of the as-of session's, when the session before "
    "it had the other.",
    symbol_of(),
    symbol_vs(),
    _sessions(),
    basis(),
    examples=("correlation-since?of=NYSEARCA:SPY&vs=NASDAQ:TLT",),
)
def _correlation_since(answer: Answer) -> None:
    places, found = _correlations(answer)
    signs = np.sign(found)
    if len(signs) < 2 or signs[-1] == 0 or signs[-2] * signs[-1] >= 0:
        raise NotTrue(f"the correlation of {answer['of']} and {answer['vs']} did not change sign")
    alike = np.flatnonzero(signs[:-1] == signs[-1])
    if not len(alike):
        raise NotTrue("the correlation never had that sign before in the data")
    answer.value("date", as_date(answer.view.sessions[places[int(alike[-1])]]), "date")
    answer.names(answer["of"], answer["vs"])
    answer.count("length", int(answer["sessions"]), "sessions")
    answer.day("date", answer.view.as_of)
    answer.tags |= {"correlation", "since", "last", "first", "positive" if signs[-1] > 0 else "negative"}


@metric(
    "dispersion",
    "Distance of best and worst",
    "The best return of a group's members over the window less the worst, in percentage points. Members without the "
    "closes of the window, or whose last close is not the as-of session's, take no part.",
    group(),
    over("1s"),
    basis(),
    examples=("dispersion?in=sector-funds&over=21s",),
)
def _dispersion(answer: Answer) -> None:
    window = windows.resolve(answer.view, answer["over"])
    members = taking_part(answer.view, answer["in"], window, answer.basis)
    changes = members.changes()
    if len(changes) < 2:
        raise NoData(f"in: {answer['in']} has fewer than two members over {answer['over']}")
    answer.value("change", percent(max(changes) - min(changes)), "percentage points", 2)
    answer.count("members", len(changes), "members")
    answer.window(window)
    answer.tags |= {"dispersion", "best", "worst"}
    field = "close" if answer["basis"] == "price" else "adj_close"
    ends = (changes.index(max(changes)), changes.index(min(changes)))
    days = [as_date(answer.view.sessions[at]) for at in (window.base, window.last)]
    for at in ends:
        for day, value in zip(days, (members.base[at], members.last[at]), strict=True):
            answer.close(members.symbols[at], day, field, float(value), members.bars[at])
    answer.group_span(
        answer["in"], field, days[0], days[1], np.column_stack([members.base, members.last]),
        (bars.origin for bars in members.bars),
    )  # fmt: skip
