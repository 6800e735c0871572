"""Streaks: how many sessions, weeks or months in a row one led another, or rose or fell.

Owns the streak metrics and periods-led, and what counts as a run: a tie ends one, a period without the closes
it needs neither ends nor lengthens one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from broadtape.metrics import windows
from broadtape.metrics.periods import Periods, Unit, complete, next_session, runs
from broadtape.metrics.registry import (
    Answer,
    Parameter,
    basis,
    choice,
    metric,
    symbol_of,
    symbol_vs,
)
from broadtape.metrics.series import Line, as_date, closing, compare_changes, current
from broadtape.model import BadParameter, Basis, MarketView, NoData, NotTrue

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 8
PLURAL = {"session": "sessions", "week": "weeks", "month": "months", "quarter": "quarters", "year": "years"}
_LISTED_SESSIONS = 30  # of a run, as evidence row by row; longer runs are named by their ends and the span

_RUN = (
    "One leads in a session, week or month when its return is greater than the other's; a tie ends the "
    "run. A week or month counts once it is complete, and from the last close of the one before; a "
    "period for which either lacks a close it needs neither ends nor lengthens the run. "
)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Period by period whether it went the way asked; all arrays have one length, positions ascend."""

    lines: tuple[Line, ...]
    periods: Periods
    went: NDArray[np.bool_]
    starts: NDArray[np.intp]  # of each run, as index into the periods
    lengths: NDArray[np.intp]

    @property
    def ongoing(self) -> bool:
        """Whether the last period belongs to a run."""
        return bool(len(self.went)) and bool(self.went[-1])

    def first(self, run: int) -> int:
        """The position of a run's first session."""
        return int(self.periods.first[self.starts[run]])

    def base(self, run: int) -> int:
        """The position of the close a run starts from."""
        return int(self.periods.base[self.starts[run]])

    def last(self, run: int) -> int:
        """The position of a run's last session."""
        return int(self.periods.last[self.starts[run] + self.lengths[run] - 1])

    def broken(self, run: int) -> int:
        """The position of the session (or period end) that ended a run that has ended."""
        return int(self.periods.last[self.starts[run] + self.lengths[run]])

    @property
    def data_start(self) -> int:
        """The first position with every close needed."""
        return int(self.periods.base[0])


def leads(view: MarketView, of: str, vs: str, unit: Unit = "session", basis: Basis = "price") -> Course:
    """Period by period whether `of` led `vs`; NoData where either lacks the as-of session's close."""
    one, other = current(closing(view, of, basis)), current(closing(view, vs, basis))
    periods = complete(view, unit)
    a, b = one.values, other.values
    kept = np.isfinite(a[periods.base] + a[periods.last] + b[periods.base] + b[periods.last])
    if not kept.any():
        raise NoData(f"{of} and {vs} share no complete {unit} up to {view.as_of}")
    periods = periods.where(kept)
    went = compare_changes(a[periods.base], a[periods.last], b[periods.base], b[periods.last]) > 0
    return Course((one, other), periods, went, *runs(went))


def moves(view: MarketView, of: str, side: str, unit: Unit = "session", basis: Basis = "price") -> Course:
    """Period by period whether `of` rose (side up) or fell; NoData where it lacks the as-of close."""
    series = current(closing(view, of, basis))
    periods = complete(view, unit)
    values = series.values
    kept = np.isfinite(values[periods.base] + values[periods.last])
    if not kept.any():
        raise NoData(f"{of} has no complete {unit} up to {view.as_of}")
    periods = periods.where(kept)
    change = values[periods.last] - values[periods.base]
    went = change > 0 if side == "up" else change < 0
    return Course((series,), periods, went, *runs(went))


# --- the metrics --------------------------------------------------------------------------------------


def _asked(answer: Answer) -> tuple[Course, str]:
    unit = as_unit(answer["unit"])
    return leads(answer.view, answer["of"], answer["vs"], unit, answer.basis), PLURAL[unit]


def _reference(answer: Answer, course: Course) -> int:
    """The run the others are measured against: the present one, else the last ended."""
    if not len(course.starts):
        raise NotTrue(f"{answer['of']} has not led {answer['vs']} in any {answer['unit']} of the data")
    return len(course.starts) - 1


def _run(answer: Answer, course: Course, run: int) -> None:
    """The parts and evidence of one run."""
    answer.names(answer["of"], answer["vs"])
    answer.day("start", course.lines[0].day(course.first(run)))
    answer.day("end", course.lines[0].day(course.last(run)))
    _run_rows(answer, course, run)


def _run_rows(answer: Answer, course: Course, run: int) -> None:
    begin = course.starts[run]
    ends = course.periods.last[begin : begin + course.lengths[run] + 1]  # with the period that ended it
    positions = [course.base(run), *(int(end) for end in ends)]
    if len(positions) > _LISTED_SESSIONS:
        positions = [*positions[:2], *positions[-2:]]
    answer.rows(course.lines, positions)


def _whole(answer: Answer, course: Course) -> None:
    """The whole history as evidence."""
    for series in course.lines:
        answer.span(series, course.data_start, len(series.sessions) - 1)


def _streak_parameters() -> tuple[Parameter, ...]:
    return (
        symbol_of("the one whose lead is counted"),
        symbol_vs(),
        choice("unit", "what is counted", "session", "week", "month"),
        basis(),
    )


@metric(
    "relative-streak",
    "Relative streak",
    "How many sessions (or complete weeks, or months) in a row, up to the last, one has led the other. "
    + _RUN,
    *_streak_parameters(),
    examples=(
        "relative-streak?of=INDEXRUSSELL:RUT&vs=INDEXSP:SPX",
        "relative-streak?of=INDEXRUSSELL:RUT&unit=week&vs=INDEXSP:SPX",
    ),
)
def _relative_streak(answer: Answer) -> None:
    course, plural = _asked(answer)
    if not course.ongoing:
        raise NotTrue(f"{answer['of']} did not lead {answer['vs']} in the last {answer['unit']}")
    run = len(course.starts) - 1
    answer.value("count", int(course.lengths[run]), plural)
    _run(answer, course, run)
    _span_of_run(answer, course, run)
    answer.tags |= {"streak", "lead", "ongoing"}


def _span_of_run(answer: Answer, course: Course, run: int) -> None:
    """The closes of a run, with those of the period before it, which shows where it began."""
    before = max(int(course.starts[run]) - 1, 0)
    for series in course.lines:
        answer.span(series, int(course.periods.base[before]), len(series.sessions) - 1)


@metric(
    "relative-streak-ended",
    "Relative streak that ended",
    "How many sessions (weeks, months) in a row one had led the other when its last finished run ended, "
    "and the "
    "session, or the last session of the period, that ended it. " + _RUN,
    *_streak_parameters(),
    examples=("relative-streak-ended?of=INDEXRUSSELL:RUT&vs=INDEXSP:SPX",),
)
def _relative_streak_ended(answer: Answer) -> None:
    course, plural = _asked(answer)
    run = _reference(answer, course) - course.ongoing
    if run < 0:
        raise NotTrue(f"no run of {answer['of']} over {answer['vs']} has ended in the data")
    answer.value("count", int(course.lengths[run]), plural)
    _run(answer, course, run)
    answer.day("broken", course.lines[0].day(course.broken(run)))
    _span_of_run(answer, course, run)
    answer.tags |= {"streak", "lead", "ended"}


def _since() -> Parameter:
    return Parameter("from", "the first session of the run", None, "2026-01-02", "date")


def _beginning(answer: Answer, course: Course) -> int:
    """The run whose first session is the one asked about; NotTrue when none began then."""
    began = date.fromisoformat(answer["from"])
    for run in range(len(course.starts) - 1, -1, -1):
        first = course.lines[0].day(course.first(run))
        if first == began:
            return run
        if first < began:
            break
    raise NotTrue(f"no such run of {answer['of']} began on {began}")


def _state(answer: Answer, course: Course, run: int, plural: str, *names: str) -> None:
    """What has become of a run: its length, its ends, and the session that ended it where it is over."""
    answer.value("count", int(course.lengths[run]), plural)
    answer.names(*names)
    answer.day("start", course.lines[0].day(course.first(run)))
    running = course.ongoing and run == len(course.starts) - 1
    if running:
        answer.day("end", course.lines[0].day(course.last(run)))
    else:  # and not its last session too: "ended on" can then only mean the day that ended it
        answer.day("broken", course.lines[0].day(course.broken(run)))
    _run_rows(answer, course, run)
    last = len(course.periods.last) - 1 if running else int(course.starts[run] + course.lengths[run])
    for series in course.lines:
        answer.span(series, course.base(run), int(course.periods.last[last]))
    answer.tags |= {"streak", "ongoing" if running else "ended"}


@metric(
    "relative-streak-from",
    "What became of a relative streak",
    "How many sessions (weeks, months) in a row one led the other from the session on which the run began, up "
    "to the last or until it ended, and then what session ended it. " + _RUN,
    *_streak_parameters(),
    _since(),
    examples=("relative-streak-from?from=2026-01-02&of=INDEXRUSSELL:RUT&vs=INDEXSP:SPX",),
)
def _relative_streak_from(answer: Answer) -> None:
    course, plural = _asked(answer)
    _state(answer, course, _beginning(answer, course), plural, answer["of"], answer["vs"])
    answer.tags.add("lead")


def _last_longer(course: Course, run: int) -> int:
    """The last run before `run` that was longer; -1 where there is none."""
    longer = np.flatnonzero(course.lengths[:run] > course.lengths[run])
    return int(longer[-1]) if len(longer) else -1


def _equals(course: Course, run: int) -> NDArray[np.intp]:
    """The runs since the last longer one that were exactly as long as `run`."""
    after = _last_longer(course, run) + 1
    return after + np.flatnonzero(course.lengths[after:run] == course.lengths[run])


@metric(
    "streak-last-longer",
    "Last longer streak",
    "The last earlier run that was longer than the present one or, where none runs, than the last that "
    "ended. A run as long is a tie, not longer: where one stands between, the present run matches it and "
    "is not the "
    "longest since. " + _RUN,
    *_streak_parameters(),
    examples=("streak-last-longer?of=INDEXRUSSELL:RUT&vs=INDEXSP:SPX",),
)
def _streak_last_longer(answer: Answer) -> None:
    course, plural = _asked(answer)
    reference = _reference(answer, course)
    run = _last_longer(course, reference)
    if run < 0:
        raise NotTrue(f"no earlier run of {answer['of']} over {answer['vs']} in the data was longer")
    answer.value("count", int(course.lengths[run]), plural)
    _run(answer, course, run)
    _whole(answer, course)
    answer.tags |= {"streak", "lead", "longer", "longest", "since", "last"}
    if len(_equals(course, reference)):
        answer.tags.add("tie")


@metric(
    "streak-last-equal",
    "Equally long streaks",
    "How many runs since the last longer one were exactly as long as the present run or, where none "
    "runs, as the "
    "last that ended, with the last session of each. " + _RUN,
    *_streak_parameters(),
    examples=("streak-last-equal?of=INDEXRUSSELL:RUT&vs=INDEXSP:SPX",),
)
def _streak_last_equal(answer: Answer) -> None:
    course, plural = _asked(answer)
    reference = _reference(answer, course)
    equal = _equals(course, reference)
    if not len(equal):
        raise NotTrue(f"no run of {answer['of']} over {answer['vs']} since the last longer one was as long")
    answer.value("count", len(equal), "runs")
    answer.names(answer["of"], answer["vs"])
    for number, run in enumerate(equal, 1):
        answer.day(f"end{number}", course.lines[0].day(course.last(int(run))))
        if len(equal) <= 4:
            _run_rows(answer, course, int(run))
    answer.count("length", int(course.lengths[reference]), plural)
    _whole(answer, course)
    answer.tags |= {"streak", "tie", "since", "last"}


@metric(
    "streak-longest",
    "Longest streak in the data",
    "The length of the present run or, where none runs, of the last that ended, when it is longer than "
    "every earlier "
    "run in the data, whose first session is named. " + _RUN,
    *_streak_parameters(),
    examples=("streak-longest?of=INDEXRUSSELL:RUT&vs=INDEXSP:SPX",),
)
def _streak_longest(answer: Answer) -> None:
    course, plural = _asked(answer)
    run = _reference(answer, course)
    earlier = course.lengths[:run]
    if len(earlier) and int(earlier.max()) >= course.lengths[run]:
        raise NotTrue(f"an earlier run of {answer['of']} over {answer['vs']} was at least as long")
    answer.value("count", int(course.lengths[run]), plural)
    _run(answer, course, run)
    answer.day("data_start", course.lines[0].day(course.data_start))
    _whole(answer, course)
    answer.tags |= {"streak", "lead", "longest", "since", "in-data", "record"}
    answer.tags.add("ongoing" if course.ongoing else "ended")


@metric(
    "streak-count",
    "How many such streaks",
    "How many runs of at least so many sessions (weeks, months) came before the present run or, where "
    "none runs, before the last that ended, in the whole data. Fewer than eight are few and carry no "
    "conclusion. " + _RUN,
    *_streak_parameters(),
    Parameter("at_least", "the shortest run counted", None, "7", "count"),
    examples=("streak-count?at_least=7&of=INDEXRUSSELL:RUT&vs=INDEXSP:SPX",),
)
def _streak_count(answer: Answer) -> None:
    course, plural = _asked(answer)
    earlier = course.lengths[: max(len(course.starts) - 1, 0)]
    found = int((earlier >= int(answer["at_least"])).sum())
    answer.value("count", found, "runs")
    answer.names(answer["of"], answer["vs"])
    answer.count("at_least", int(answer["at_least"]), plural)
    answer.day("data_start", course.lines[0].day(course.data_start))
    _whole(answer, course)
    answer.tags |= {"streak", "at-least", "earlier"}
    if found < FEW:
        answer.tags.add("few")


@metric(
    "periods-led",
    "Periods led",
    "In how many of the months (weeks, sessions) from one to another, both included, one had the greater "
    "return. A tie is not a lead; every period asked about must be complete and have the closes it needs.",
    symbol_of("the one whose lead is counted"),
    symbol_vs(),
    choice("unit", "what is counted", "month", "session", "week"),
    Parameter("from", "the first period: a month, an ISO week or a session", None, "2025-02", "period"),
    Parameter("to", "the last period", None, "2025-12", "period"),
    basis(),
    examples=("periods-led?from=2025-02&of=INDEXRUSSELL:RUT&to=2025-12&vs=INDEXSP:SPX",),
)
def _periods_led(answer: Answer) -> None:
    unit, view = as_unit(answer["unit"]), answer.view
    low, _ = _period_bounds(answer, "from")
    _, high = _period_bounds(answer, "to")
    if low >= high:
        raise BadParameter(f"to: {answer['to']} is before {answer['from']}")
    one, other = closing(view, answer["of"], answer.basis), closing(view, answer["vs"], answer.basis)
    if low < one.day(0) or high > as_date(next_session(view)):
        raise NoData(f"{answer['from']} to {answer['to']} is not complete on {view.as_of}")
    periods = complete(view, unit)
    days = one.sessions
    inside = (days[periods.first] >= np.datetime64(low)) & (days[periods.first] < np.datetime64(high))
    periods = periods.where(inside)
    if not len(periods):
        raise NoData(f"there is no {unit} from {answer['from']} to {answer['to']}")
    positions = [int(periods.base[0]), *(int(at) for at in periods.last)]
    for at in positions:
        one.exact(at)
        other.exact(at)
    a, b = one.values, other.values
    led = compare_changes(a[periods.base], a[periods.last], b[periods.base], b[periods.last]) > 0
    answer.value("count", int(led.sum()), PLURAL[unit])
    answer.count("total", len(periods), PLURAL[unit])
    answer.names(answer["of"], answer["vs"])
    if unit == "month":
        answer.month("from", low)
        answer.month("to", date.fromisoformat(f"{answer['to']}-01"))
    else:
        answer.day("from", one.day(int(periods.first[0])))
        answer.day("to", one.day(int(periods.last[-1])))
    answer.tags.add("lead")
    answer.rows(
        (one, other), positions if len(positions) <= _LISTED_SESSIONS else [positions[0], positions[-1]]
    )
    for series in (one, other):
        answer.span(series, positions[0], positions[-1])


def _period_bounds(answer: Answer, name: str) -> tuple[date, date]:
    text, unit = answer[name], answer["unit"]
    length = {"month": 7, "week": 8, "session": 10}[unit]
    if len(text) != length:
        form = {"month": "a month such as 2025-02", "week": "an ISO week such as 2025-W06"}.get(
            unit, "a session"
        )
        raise BadParameter(f"{name}: {text!r} is not {form}, which unit={unit} needs")
    if unit == "session":
        day = date.fromisoformat(text)
        return day, date.fromordinal(day.toordinal() + 1)
    return windows.bounds(text)


@metric(
    "streak",
    "Streak",
    "How many sessions (or complete weeks, or months) in a row, up to the last, the close has risen or "
    "fallen. An unchanged close ends the run; a period without a close it needs neither ends nor "
    "lengthens it.",
    symbol_of(),
    choice("side", "rises or falls", "up", "down"),
    choice("unit", "what is counted", "session", "week", "month"),
    examples=("streak?of=INDEXSP:SPX", "streak?of=INDEXSP:SPX&side=down"),
)
def _streak(answer: Answer) -> None:
    side, unit = answer["side"], as_unit(answer["unit"])
    course = moves(answer.view, answer["of"], side, unit)
    if not course.ongoing:
        raise NotTrue(f"{answer['of']} did not {'rise' if side == 'up' else 'fall'} in the last {unit}")
    run = len(course.starts) - 1
    answer.value("count", int(course.lengths[run]), PLURAL[unit])
    answer.names(answer["of"])
    answer.day("start", course.lines[0].day(course.first(run)))
    answer.day("end", course.lines[0].day(course.last(run)))
    _run_rows(answer, course, run)
    _span_of_run(answer, course, run)
    answer.tags |= {"streak", side, "ongoing"}


@metric(
    "streak-from",
    "What became of a streak",
    "How many sessions (or complete weeks, or months) in a row the close rose or fell from the session on which "
    "the run began, up to the last or until it ended, and then what session ended it.",
    symbol_of(),
    choice("side", "rises or falls", "up", "down"),
    choice("unit", "what is counted", "session", "week", "month"),
    _since(),
    examples=("streak-from?from=2025-12-17&of=INDEXSP:SPX",),
)
def _streak_from(answer: Answer) -> None:
    side, unit = answer["side"], as_unit(answer["unit"])
    course = moves(answer.view, answer["of"], side, unit)
    _state(answer, course, _beginning(answer, course), PLURAL[unit], answer["of"])
    answer.tags.add(side)


def as_unit(text: str) -> Unit:
    """The unit of that name."""
    units: tuple[Unit, ...] = ("session", "week", "month", "quarter", "year")
    return next(unit for unit in units if unit == text)


# --- runs of rises and falls ----------------------------------------------------------------------------


def _moves_parameters() -> tuple[Parameter, ...]:
    return (
        symbol_of(),
        choice("side", "rises or falls", "up", "down"),
        choice("unit", "what is counted", "session", "week", "month"),
    )


def _moves_asked(answer: Answer) -> Course:
    course = moves(answer.view, answer["of"], answer["side"], as_unit(answer["unit"]))
    if not len(course.starts):
        way = "rose" if answer["side"] == "up" else "fell"
        raise NotTrue(f"{answer['of']} {way} in no {answer['unit']} of the data")
    return course


@metric(
    "streak-ended",
    "Streak that ended",
    "How many sessions (or complete weeks, or months) in a row the close had risen or fallen when the last finished "
    "run ended, and the session, or the last session of the period, that ended it.",
    *_moves_parameters(),
    examples=("streak-ended?of=INDEXSP:SPX", "streak-ended?of=INDEXSP:SPX&side=down&unit=week"),
)
def _streak_ended(answer: Answer) -> None:
    course = _moves_asked(answer)
    run = len(course.starts) - 1 - course.ongoing
    if run < 0:
        raise NotTrue(f"no such run of {answer['of']} has ended in the data")
    answer.value("count", int(course.lengths[run]), PLURAL[as_unit(answer["unit"])])
    answer.names(answer["of"])
    answer.day("start", course.lines[0].day(course.first(run)))
    answer.day("end", course.lines[0].day(course.last(run)))
    answer.day("broken", course.lines[0].day(course.broken(run)))
    _run_rows(answer, course, run)
    _span_of_run(answer, course, run)
    answer.tags |= {"streak", answer["side"], "ended"}


@metric(
    "streak-longer",
    "Last longer streak of rises or falls",
    "The last earlier run of rises (or falls) that was longer than the present one or, where none runs, than the last "
    "that ended. A run as long is a tie, not longer: where one stands between, the present run only matches it.",
    *_moves_parameters(),
    examples=("streak-longer?of=INDEXSP:SPX&side=down&unit=week",),
)
def _streak_longer(answer: Answer) -> None:
    course = _moves_asked(answer)
    reference = len(course.starts) - 1
    run = _last_longer(course, reference)
    if run < 0:
        raise NotTrue(f"no earlier run of {answer['of']} in the data was longer")
    answer.value("count", int(course.lengths[run]), PLURAL[as_unit(answer["unit"])])
    answer.names(answer["of"])
    answer.day("start", course.lines[0].day(course.first(run)))
    answer.day("end", course.lines[0].day(course.last(run)))
    _run_rows(answer, course, run)
    _whole(answer, course)
    answer.tags |= {"streak", answer["side"], "longer", "longest", "since", "last"}
    if len(_equals(course, reference)):
        answer.tags.add("tie")


@metric(
    "streak-most",
    "Longest streak of rises or falls",
    "The length of the present run of rises (or falls) or, where none runs, of the last that ended, when it is longer "
    "than every earlier one in the data, whose first session is named.",
    *_moves_parameters(),
    examples=("streak-most?of=INDEXSP:SPX&side=down&unit=week",),
)
def _streak_most(answer: Answer) -> None:
    course = _moves_asked(answer)
    run = len(course.starts) - 1
    earlier = course.lengths[:run]
    if len(earlier) and int(earlier.max()) >= course.lengths[run]:
        raise NotTrue(f"an earlier run of {answer['of']} was at least as long")
    answer.value("count", int(course.lengths[run]), PLURAL[as_unit(answer["unit"])])
    answer.names(answer["of"])
    answer.day("start", course.lines[0].day(course.first(run)))
    answer.day("end", course.lines[0].day(course.last(run)))
    answer.day("data_start", course.lines[0].day(course.data_start))
    _run_rows(answer, course, run)
    _whole(answer, course)
    answer.tags |= {"streak", answer["side"], "longest", "since", "in-data", "record"}
    answer.tags.add("ongoing" if course.ongoing else "ended")
