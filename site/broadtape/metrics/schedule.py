"""The calendar: the next scheduled event of a kind, and counts of sessions.

Owns the metrics over events and sessions. Owns no holidays: the view's calendar does.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from broadtape.metrics.registry import Answer, Parameter, metric
from broadtape.model import BadParameter, NoData


@metric(
    "next-event",
    "Next scheduled event",
    "The day, by the event's own zone, of the next scheduled event of a kind after the as-of session, as "
    "the schedule was known then, with the days until it counted by the calendar.",
    Parameter("kind", "the kind of event", None, "cpi", "name"),
    examples=("next-event?kind=fomc", "next-event?kind=cpi"),
)
def _next_event(answer: Answer) -> None:
    view, kind = answer.view, answer["kind"]
    event = next((e for e in view.events() if e.kind == kind and e.at > view.known), None)
    if event is None:
        raise NoData(f"no event of kind {kind!r} was scheduled after {view.as_of} as known then")
    answer.value("date", event.day, "date")
    answer.part("title", "text", event.title)
    answer.count("days", (event.day - view.as_of).days, "days")
    answer.tags |= {"next", "scheduled"}
    answer.said(f"events:{kind}", event.day, "title", event.title, event.origin)


@metric(
    "last-event",
    "Last scheduled event",
    "The day, by the event's own zone, of the last event of a kind that was scheduled at or before the end of the "
    "as-of session. That it took place is what the schedule said, and is said only with what it released.",
    Parameter("kind", "the kind of event", None, "cpi", "name"),
    examples=("last-event?kind=cpi",),
)
def _last_event(answer: Answer) -> None:
    view, kind = answer.view, answer["kind"]
    event = next((e for e in reversed(view.events()) if e.kind == kind and e.at <= view.known), None)
    if event is None:
        raise NoData(f"no event of kind {kind!r} was scheduled up to {view.as_of} as known then")
    answer.value("date", event.day, "date")
    answer.part("title", "text", event.title)
    answer.tags |= {"last", "released"}
    answer.said(f"events:{kind}", event.day, "title", event.title, event.origin)


@metric(
    "session-count",
    "Number of sessions",
    "How many trading sessions of the market's calendar lie between two days, both included.",
    Parameter("from", "the first day", None, "2026-01-02", "date"),
    Parameter("to", "the last day", None, "2026-01-12", "date"),
    examples=("session-count?from=2026-01-02&to=2026-01-12",),
)
def _session_count(answer: Answer) -> None:
    view = answer.view
    low, high = date.fromisoformat(answer["from"]), date.fromisoformat(answer["to"])
    if low > high:
        raise BadParameter(f"to: {high} is before {low}")
    sessions = view.sessions
    if high > view.as_of or not len(sessions) or np.datetime64(low) < sessions[0]:
        raise NoData(f"from {low} to {high} is not within the calendar up to {view.as_of}")
    first = int(np.searchsorted(sessions, np.datetime64(low)))
    stop = int(np.searchsorted(sessions, np.datetime64(high), side="right"))
    if stop == first:
        raise NoData(f"there is no session from {low} to {high}")
    answer.value("count", stop - first, "sessions")
    answer.day("start", sessions[first])
    answer.day("end", sessions[stop - 1])
    answer.free = True
