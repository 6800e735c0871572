"""The registry: definitions, parameters in canonical form, and facts computed from them.

Owns how a question is read and how an answer becomes a Fact. Owns no metric: those register themselves.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal
from weakref import WeakKeyDictionary

import numpy as np

from broadtape.metrics import windows
from broadtape.metrics.series import Line, as_date, digits, exact
from broadtape.model import (
    BadParameter,
    Bars,
    Basis,
    Evidence,
    Fact,
    FactKey,
    MarketView,
    NoData,
    Origin,
    Part,
    PartKind,
    Row,
    Span,
    UnknownSymbol,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

Form = Literal["symbol", "window", "choice", "name", "date", "number", "count", "period", "months"]
Value = Decimal | int | date | str | tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as readers see it. `default` None: must be given; "": may be left out."""

    name: str
    meaning: str
    default: str | None
    example: str
    form: Form
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric as readers see it; `version` rises when wording or rule changes what a fact may say."""

    name: str
    title: str
    version: int
    wording: str
    parameters: tuple[Parameter, ...]
    examples: tuple[str, ...]  # long forms


class Answer:
    """What a metric finds, collected while it computes: value, parts, tags, evidence and the licence.

    `params` holds every parameter in canonical form, defaults filled in.
    """

    def __init__(self, view: MarketView, params: Mapping[str, str]) -> None:
        self.view = view
        self.params = params
        self.parts: list[Part] = []
        self.tags: set[str] = set()
        self.free = False  # nobody's data: computed from the calendar alone
        self._rows: dict[tuple[str, date, str], Row] = {}
        self._spans: list[Span] = []
        self._licences: set[str] = set()

    def __getitem__(self, name: str) -> str:
        return self.params[name]

    @property
    def basis(self) -> Basis:
        """The basis asked for; `total` marks the answer."""
        if self.params["basis"] == "total":
            self.tags.add("total")
            return "total"
        return "price"

    def part(self, name: str, kind: PartKind, value: Value, unit: str = "", decimals: int = 0) -> None:
        """Adds a part."""
        self.parts.append(Part(name, kind, value, unit, decimals))

    def value(self, kind: PartKind, value: Value, unit: str, decimals: int = 0) -> None:
        """Says what the answer is."""
        self.parts.insert(0, Part("value", kind, value, unit, decimals))

    def direction(self, value: Decimal, names: tuple[str, str, str] = ("up", "down", "flat")) -> None:
        """Tags the direction of a value as printed."""
        self.tags.add(names[0] if value > 0 else names[1] if value < 0 else names[2])

    def day(self, name: str, day: np.datetime64 | date) -> None:
        """Adds a date part."""
        self.part(name, "date", day if isinstance(day, date) else as_date(day))

    def month(self, name: str, first: date) -> None:
        """Adds a month part."""
        self.part(name, "month", first)

    def count(self, name: str, value: int, unit: str) -> None:
        """Adds a count part."""
        self.part(name, "count", value, unit)

    def level(self, name: str, line: Line, position: int) -> None:
        """Adds a price or index level as printed."""
        self.part(name, "level", line.printed(position), line.bars.unit, line.places(position))

    def names(self, subject: str, other: str = "") -> None:
        """Adds the subject, and the object where there is one."""
        self.part("subject", "entity", subject)
        if other:
            self.part("object", "entity", other)

    def window(self, over: windows.Window) -> None:
        """Adds the parts and tags of a window."""
        sessions = self.view.sessions
        self.day("start", sessions[over.first])
        self.day("end", sessions[over.last])
        self.count("sessions", over.sessions, "sessions")
        self.parts.extend(over.parts)
        self.tags |= over.tags

    def row(self, line: Line, position: int) -> None:
        """Lists one close (high, low) as a deciding row."""
        self.close(line.symbol, line.day(position), line.field, float(line.exact(position)), line.bars)

    def close(self, symbol: str, day: date, field: str, value: float, bars: Bars) -> None:
        """Lists one value of an instrument as stored, a price at least in cents; NoData where it is held."""
        if bars.held and (reason := bars.why_held(field, day)):
            raise NoData(f"{symbol}: {reason.removeprefix(f'{symbol}: ')}")
        self._origin(bars.origin)
        given = exact(value)
        few, many = (0, 6) if bars.unit == "points" else (2, max(6, 3 - given.adjusted()))
        places = max(few, min(digits(given), many))
        self._add(symbol, day, field, f"{exact(value):.{places}f}", bars.origin)

    def rows(self, lines: Iterable[Line], positions: Iterable[int]) -> None:
        """Lists several closes of several lines, session by session."""
        listed = tuple(lines)
        for position in positions:
            for line in listed:
                self.row(line, position)

    def said(self, series: str, day: date, field: str, value: str, origin: Origin) -> None:
        """Lists a reading, decision or event as a deciding row."""
        self._origin(origin)
        self._add(series, day, field, value, origin)

    def span(self, line: Line, first: int, last: int) -> None:
        """Names the closes from one position to another as the rest of the evidence."""
        self._origin(line.bars.origin)
        values = line.values[first : last + 1]
        there = np.flatnonzero(np.isfinite(values))
        if len(there):
            self._spans.append(
                Span(
                    line.symbol,
                    line.field,
                    line.day(first + int(there[0])),
                    line.day(first + int(there[-1])),
                    len(there),
                    digest(values[there]),
                    line.bars.origin.source,
                )
            )

    def group_span(
        self,
        name: str,
        field: str,
        first: date,
        last: date,
        values: NDArray[np.float64],
        origins: Iterable[Origin],
    ) -> None:
        """Names the closes of a whole group, member by member in the order of their symbols."""
        sources = set()
        for origin in origins:
            self._origin(origin)
            sources.add(origin.source)
        self._spans.append(
            Span(name, field, first, last, values.size, digest(values), ", ".join(sorted(sources)))
        )

    def fact(self, key: FactKey) -> Fact:
        """The finished fact."""
        head = self.parts[0]
        public = self._licences == {"public"} or (self.free and not self._licences)
        return Fact(
            key=key,
            value=head.value,
            unit=head.unit,
            decimals=head.decimals,
            parts=tuple(self.parts),
            tags=frozenset(self.tags),
            evidence=Evidence(tuple(self._rows.values()), tuple(self._spans)),
            licence="public" if public else "private",
        )

    def _origin(self, origin: Origin) -> None:
        self._licences.add(origin.licence)

    def _add(self, series: str, day: date, field: str, value: str, origin: Origin) -> None:
        row = Row(series, day, field, value, origin.source, origin.retrieved)
        self._rows.setdefault((series, day, field), row)


def digest(values: NDArray[np.float64]) -> str:
    """The first 16 hex digits of sha256 over the values as little-endian float64, in order."""
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f8").tobytes()).hexdigest()[:16]


Metric = Callable[[Answer], None]

_METRICS: dict[str, tuple[Definition, Metric]] = {}


def metric(
    name: str, title: str, wording: str, *parameters: Parameter, examples: tuple[str, ...], version: int = 1
) -> Callable[[Metric], Metric]:
    """Registers a metric; the wording is what readers see on its page."""

    def register(function: Metric) -> Metric:
        if name in _METRICS:
            raise ValueError(f"metric {name} is registered twice")
        _METRICS[name] = Definition(name, title, version, wording, parameters, examples), function
        return function

    return register


@cache
def _load() -> None:
    """Imports the modules that register metrics, once; late, so that facts on file need no arrays."""
    for name in (
        "averages", "curve", "declines", "filings", "groups", "macro", "policy", "precedent", "records",
        "relations", "returns", "schedule", "seasons", "sessions", "streaks", "volatility",
    ):  # fmt: skip
        import_module(f"broadtape.metrics.{name}")


def definition(name: str) -> Definition:
    """The definition of a metric; BadParameter where there is none of that name."""
    return _lookup(name)[0]


def definitions() -> tuple[Definition, ...]:
    """Every definition, by name."""
    _load()
    return tuple(_METRICS[name][0] for name in sorted(_METRICS))


def normalise(view: MarketView, metric: str, params: Mapping[str, str]) -> dict[str, str]:
    """The parameters in canonical form, sorted by name, defaults left out.

    Raises BadParameter for a parameter that is unknown, missing or unreadable, UnknownSymbol for a symbol
    that nothing loaded has.
    """
    found = definition(metric)
    full = _read(view, found, params)
    return {p.name: full[p.name] for p in _by_name(found) if full[p.name] != p.default}


def key(view: MarketView, metric: str, params: Mapping[str, str]) -> FactKey:
    """What is claimed, without computing it."""
    found = definition(metric)
    return FactKey(metric, tuple(normalise(view, metric, params).items()), view.as_of, found.version)


def compute(view: MarketView, metric: str, params: Mapping[str, str]) -> Fact:
    """The fact as of the view's session.

    NoData, NotTrue, UnknownSymbol or BadParameter say why there is none. A view never changes, so what was asked of
    it once is answered from memory while it lives: desk, proof and consistency ask the same questions.
    """
    try:
        known = _KNOWN.setdefault(view, {})
    except TypeError:  # a view that cannot be hashed or weakly referenced
        known = {}
    question = (metric, tuple(sorted(params.items())))
    answer = known.get(question)
    if answer is None:
        try:
            answer = _compute(view, metric, params)
        except NoData as error:
            answer = error
        if len(known) >= _MOST_KNOWN:
            known.clear()
        known[question] = answer
    if isinstance(answer, NoData):
        raise answer.with_traceback(None)
    return answer


def _compute(view: MarketView, metric: str, params: Mapping[str, str]) -> Fact:
    found, function = _lookup(metric)
    full = _read(view, found, params)
    asked = tuple((p.name, full[p.name]) for p in _by_name(found) if full[p.name] != p.default)
    answer = Answer(view, full)
    function(answer)
    return answer.fact(FactKey(metric, asked, view.as_of, found.version))


def fact(view: MarketView, metric: str, /, **params: str) -> Fact:
    """`compute` with the parameters as keywords; `from_` and `in_` stand for Python's reserved words."""
    return compute(view, metric, {name.rstrip("_"): value for name, value in params.items()})


def _lookup(name: str) -> tuple[Definition, Metric]:
    _load()
    try:
        return _METRICS[name]
    except KeyError:
        near = difflib.get_close_matches(name[:60], _METRICS)
        known = f"nearest: {', '.join(near)}" if near else f"there are {', '.join(sorted(_METRICS))}"
        raise BadParameter(f"no metric {name[:60]!r}; {known}") from None


def _by_name(found: Definition) -> list[Parameter]:
    return sorted(found.parameters, key=lambda parameter: parameter.name)


# --- reading parameters -------------------------------------------------------------------------------


def _read(view: MarketView, found: Definition, params: Mapping[str, str]) -> dict[str, str]:
    known = {parameter.name for parameter in found.parameters}
    for name in params:
        if name not in known:
            takes = ", ".join(p.name for p in found.parameters) or "no parameters"
            raise BadParameter(f"{name[:60]}: {found.name} does not take it; it takes {takes}")
    full: dict[str, str] = {}
    for parameter in found.parameters:
        given = params.get(parameter.name, "")
        if len(given) > 80:
            raise BadParameter(
                f"{parameter.name}: longer than 80 characters; say for example {parameter.example}"
            )
        text = given.strip()
        if not text:
            if parameter.default is None:
                raise BadParameter(f"{parameter.name}: missing; say for example {parameter.example}")
            full[parameter.name] = parameter.default
        else:
            full[parameter.name] = _canonical(view, parameter, text)
    if full.get("vs") and full["vs"] == full.get("of"):
        raise BadParameter(f"vs: {full['vs']} is compared with itself; name another")
    return full


def _canonical(view: MarketView, parameter: Parameter, text: str) -> str:
    match parameter.form:
        case "symbol":
            return _symbol(view, parameter.name, text)
        case "window":
            return windows.normalise(text)
        case "months":
            return _months(parameter, text)
        case "choice":
            if text.lower() not in parameter.choices:
                raise _unreadable(parameter, text, f"one of {', '.join(parameter.choices)}")
            return text.lower()
        case "number":
            return _number(parameter, text)
        case "count":
            if not re.fullmatch(r"0*[1-9]\d{0,4}", text):
                raise _unreadable(parameter, text, "a whole number from 1 to 99999")
            return str(int(text))
        case "date":
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError:
                raise _unreadable(parameter, text, f"a date such as {parameter.example}") from None
        case "period":
            return _period(parameter, text)
        case "name":
            if not re.fullmatch(r"[A-Za-z0-9][\w.:-]*", text):
                raise _unreadable(parameter, text, f"a name such as {parameter.example}")
            return text


def _number(parameter: Parameter, text: str) -> str:
    try:
        number = Decimal(text) if len(text) <= 20 and re.fullmatch(r"[\d.]+", text) else Decimal(0)
    except InvalidOperation:
        number = Decimal(0)
    if number <= 0:
        raise _unreadable(parameter, text, f"a number above zero, such as {parameter.example}")
    return f"{number.normalize():f}"


def _period(parameter: Parameter, text: str) -> str:
    form = text.upper()
    try:
        if re.fullmatch(r"\d{4}-\d{2}|\d{4}-W\d{2}", form):
            windows.bounds(form)
            return form
        return date.fromisoformat(form).isoformat()
    except (BadParameter, ValueError):
        raise _unreadable(parameter, text, "a month (2025-02), an ISO week (2025-W06) or a session") from None


def _months(parameter: Parameter, text: str) -> str:
    form = text.lower()
    try:
        if form == "ytd":
            return form
        if re.fullmatch(r"\d{4}(-\d{2})?", form):
            windows.bounds(form)
            return form
        match = re.fullmatch(r"(\d{4}-\d{2})\.\.(\d{4}-\d{2})", form)
        if match and windows.bounds(match[1]) <= windows.bounds(match[2]):
            return match[1] if match[1] == match[2] else form
    except BadParameter:
        pass
    raise _unreadable(parameter, text, "2025-09..2025-12, one month, a year or ytd")


def _unreadable(parameter: Parameter, text: str, accepted: str) -> BadParameter:
    return BadParameter(f"{parameter.name}: {text!r} is not {accepted}")


_UNLISTED = "UNLISTED:"
_MOST_KNOWN: Final = 4_000  # answers kept of one view; an edition asks some 500 questions
_KNOWN: WeakKeyDictionary[MarketView, dict[tuple[str, tuple[tuple[str, str], ...]], Fact | NoData]] = (
    WeakKeyDictionary()
)
_TICKERS: WeakKeyDictionary[MarketView, dict[str, tuple[str, ...]]] = WeakKeyDictionary()


def _symbol(view: MarketView, name: str, text: str) -> str:
    """The qualified symbol: as written, else the one instrument with that ticker (`.-/` are equal)."""
    symbol = text.replace(" ", "").upper()
    if ":" in symbol:
        try:
            return view.instrument(symbol).symbol
        except UnknownSymbol:
            if symbol.startswith(_UNLISTED):
                raise _unlisted(name, symbol) from None
    tickers = _tickers(view)
    exchange, _, ticker = symbol.rpartition(":")
    matches = [
        found
        for found in tickers.get(_folded(ticker), ())
        if not exchange or found.partition(":")[0] == exchange
    ]
    if len(matches) > 1:
        with_bars = set(view.symbols_with_bars())
        matches = [found for found in matches if found in with_bars] or matches
    if len(matches) > 1:
        raise BadParameter(f"{name}: {text} could be {' or '.join(sorted(matches)[:4])}; say which")
    if matches and matches[0].startswith(_UNLISTED):
        raise _unlisted(name, matches[0])
    if not matches:
        raise UnknownSymbol(
            f"{name}: no instrument {text!r} is loaded; say EXCHANGE:SYMBOL as on its quote page"
        )
    return matches[0]


def _unlisted(name: str, symbol: str) -> NoData:
    return NoData(f"{name}: {symbol} is in no directory that is loaded, so nothing of it is printed")


def _tickers(view: MarketView) -> dict[str, tuple[str, ...]]:
    try:
        known = _TICKERS.get(view)
    except TypeError:  # a view without identity: read anew each time
        known = None
    if known is None:
        symbols = {instrument.symbol for instrument in view.instruments()} | set(view.symbols_with_bars())
        known = {}
        for symbol in symbols:
            ticker = _folded(symbol.rpartition(":")[2])
            known[ticker] = (*known.get(ticker, ()), symbol)
        with suppress(TypeError):
            _TICKERS[view] = known
    return known


def _folded(ticker: str) -> str:
    return re.sub(r"[.\-/]", ".", ticker)


# --- parameters that many metrics share ---------------------------------------------------------------

RUT, SPX = "INDEXRUSSELL:RUT", "INDEXSP:SPX"


def symbol_of(meaning: str = "the index, fund or share asked about") -> Parameter:
    """`of`."""
    return Parameter("of", meaning, None, RUT, "symbol")


def symbol_vs(default: str | None = None) -> Parameter:
    """`vs`."""
    return Parameter("vs", "what it is compared with", default, SPX, "symbol")


def over(example: str = "2025-12") -> Parameter:
    """`over`."""
    return Parameter("over", "the window of time", None, example, "window")


def choice(name: str, meaning: str, *choices: str, default: str | None = "first") -> Parameter:
    """A closed set; the first is the default unless one must be given (None)."""
    example = choices[0] if default == "first" else default or choices[0]
    return Parameter(name, meaning, choices[0] if default == "first" else default, example, "choice", choices)


def basis() -> Parameter:
    """`basis`."""
    return choice("basis", "closing prices, or closes including dividends", "price", "total")


def group() -> Parameter:
    """`in`."""
    return Parameter("in", "the group whose members are counted", None, "sp500-members", "name")
