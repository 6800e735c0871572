"""Published facts as rows: what articles claim, to be found by metric, value, instrument and date.

Owns the two tables and the SQL over them; the language is broadtape.factquery's, visibility the catalogue's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from broadtape import urls
from broadtape.factquery import Condition, FactQuery

if TYPE_CHECKING:
    from broadtape.archive.records import FactView

TABLES: Final = """
CREATE TABLE claimed (           -- the facts that filed articles rest on
    n INTEGER NOT NULL, id TEXT NOT NULL, metric TEXT NOT NULL, as_of TEXT NOT NULL,
    low REAL, high REAL,         -- a figure; one number unless it is a range
    day TEXT, word TEXT,         -- a date; anything else
    value TEXT NOT NULL, unit TEXT NOT NULL, printed TEXT NOT NULL, title TEXT NOT NULL, long_form TEXT NOT NULL,
    status TEXT NOT NULL, licence TEXT NOT NULL,
    said TEXT NOT NULL,          -- the words of the article that rest on it
    symbols TEXT NOT NULL,       -- apart by spaces
    PRIMARY KEY (n, id)
) WITHOUT ROWID;
CREATE INDEX claimed_metric ON claimed (metric, as_of);
CREATE TABLE claimed_of (        -- by full symbol and by bare ticker
    symbol TEXT NOT NULL, n INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (symbol, n, id)
) WITHOUT ROWID;
CREATE INDEX claimed_of_n ON claimed_of (n);
"""


@dataclass(frozen=True, slots=True)
class PublishedFact:
    """A fact as search shows it, with the newest article that states it."""

    id: str
    metric: str
    title: str  # of the metric
    value: str  # "7", "-0.74", "2026-01-12"
    unit: str
    printed: str  # "7 sessions"
    as_of: date
    status: str
    said: str  # the article's words; "" where it only has the fact in a chart or table
    symbols: tuple[str, ...]
    long_form: str
    article: str  # its title
    address: str
    published: datetime
    articles: int  # how many state it

    @property
    def proof(self) -> str:
        """Where its proof stands."""
        return urls.proof(self.address, self.id)

    def to_json(self) -> dict[str, object]:
        """The shape of `broadtape search --json` and of the API."""
        return {
            "id": self.id,
            "metric": self.metric,
            "title": self.title,
            "value": self.value,
            "unit": self.unit,
            "printed": self.printed,
            "as_of": self.as_of.isoformat(),
            "status": self.status,
            "said": self.said,
            "symbols": list(self.symbols),
            "fact": self.long_form,
            "article": {
                "title": self.article,
                "url": self.address,
                "date": self.published.isoformat(),
            },
            "proof": self.proof,
        }


@dataclass(frozen=True, slots=True)
class FoundFacts:
    """One page of the facts found, newest first, and how many there are."""

    total: int
    facts: tuple[PublishedFact, ...]


def rows(n: int, facts: Mapping[str, FactView], said: Mapping[str, str]) -> tuple[list[Any], list[Any]]:
    """The rows of one article for `claimed` and `claimed_of`."""
    claimed, of = [], []
    for name, view in facts.items():
        fact = view.fact
        value = fact.value
        low, high = _range(value)
        symbols = _symbols(view)
        claimed.append(
            (
                n, name, fact.key.metric, fact.as_of.isoformat(), low, high,
                value.isoformat() if isinstance(value, date) else None,
                value if isinstance(value, str) else None,
                _plain(value), fact.unit, view.printed, view.metric_title, view.long_form, view.status, fact.licence,
                said.get(name, ""), " ".join(symbols),
            )
        )  # fmt: skip
        tickers = (symbol.partition(":")[2] for symbol in symbols)
        of += [(symbol, n, name) for symbol in dict.fromkeys((*symbols, *tickers))]
    return claimed, of


def _symbols(view: FactView) -> list[str]:
    """The instruments a fact is of: those of its question, and those of its answer."""
    named = [value for _, value in view.fact.key.params if ":" in value]
    named += [str(part.value) for part in view.fact.parts if part.kind == "entity" and ":" in str(part.value)]
    return list(dict.fromkeys(one.upper() for one in named if " " not in one))


def _range(value: object) -> tuple[float | None, float | None]:
    if isinstance(value, tuple):
        return float(value[0]), float(value[1])
    if isinstance(value, int | Decimal):
        return float(value), float(value)
    return None, None


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return "..".join(str(bound) for bound in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def find(
    ask: Callable[..., list[Any]],
    query: FactQuery,
    *,
    site: str,
    at: int,
    public: bool,
    symbols: Sequence[Iterable[str]],
    limit: int,
    offset: int,
) -> FoundFacts:
    """The facts of visible articles of a site that the query asks for, the newest session first.

    `symbols` has for each asked symbol the full symbols it may mean; `public` leaves out restricted ones.
    """
    where, values = ["l.site = ?", "l.kind = ''", "l.key = ''", "l.at <= ?"], [site, at]
    for one in query.conditions:
        clause, more = _condition(one)
        where.append(clause)
        values += more
    where += ["c.as_of >= ?", "c.as_of <= ?"]
    values += [query.first.isoformat(), query.last.isoformat()]
    if public:
        where.append("c.licence = 'public'")
    for wanted in symbols:
        names = list(wanted)
        marks = ",".join("?" * len(names))
        where.append(
            f"EXISTS (SELECT 1 FROM claimed_of o WHERE o.symbol IN ({marks}) AND o.n = c.n AND o.id = c.id)"  # noqa: S608  marks only
        )
        values += names
    for kind, tags in (("topic", query.topics), ("author", query.authors)):
        for tag in tags:
            where.append(
                "EXISTS (SELECT 1 FROM listing t WHERE t.site = l.site AND t.kind = ? AND t.key = ?"
                " AND t.at = l.at AND t.n = l.n)"
            )
            values += [kind, urls.key(tag)]
    for word in query.words:
        where.append(
            "(c.said LIKE ? ESCAPE '\\' OR c.title LIKE ? ESCAPE '\\' OR a.title LIKE ? ESCAPE '\\')"
        )
        values += [f"%{_escaped(word)}%"] * 3
    source = (
        f"FROM claimed c JOIN listing l ON l.n = c.n JOIN article a ON a.n = c.n WHERE {' AND '.join(where)}"
    )
    total = ask(f"SELECT count(DISTINCT c.id) {source}", *values)
    if not total or not total[0][0]:
        return FoundFacts(0, ())
    found = ask(
        # SQLite takes the bare columns from the row that holds max(l.at): the newest article that states the fact.
        "SELECT c.id, c.metric, c.title, c.value, c.unit, c.printed, c.as_of, c.status, c.said, c.symbols,"
        " c.long_form, a.title, a.address, json_extract(a.article, '$.date'), count(*), max(l.at)"
        f" {source} GROUP BY c.id ORDER BY c.as_of DESC, max(l.at) DESC, c.id LIMIT ? OFFSET ?",
        *values, max(0, limit), max(0, offset),
    )  # fmt: skip
    return FoundFacts(int(total[0][0]), tuple(_published(row) for row in found))


def _published(row: Sequence[Any]) -> PublishedFact:
    return PublishedFact(
        id=row[0],
        metric=row[1],
        title=row[2],
        value=row[3],
        unit=row[4],
        printed=row[5],
        as_of=date.fromisoformat(row[6]),
        status=row[7],
        said=row[8],
        symbols=tuple(row[9].split()),
        long_form=row[10],
        article=row[11],
        address=row[12],
        published=datetime.fromisoformat(row[13]),
        articles=int(row[14]),
    )


def _condition(one: Condition) -> tuple[str, list[Any]]:
    clauses, values = [], list[Any]()
    if one.metric.endswith("*"):
        clauses.append("c.metric LIKE ? ESCAPE '\\'")
        values.append(_escaped(one.metric[:-1]) + "%")
    elif one.metric:
        clauses.append("(c.metric = ? OR c.metric LIKE ? ESCAPE '\\')")
        values += [one.metric, "%-" + _escaped(one.metric)]
    options: list[str] = []
    if one.numbers is not None:
        low, high = (float(bound) for bound in one.numbers)
        slack = float(one.tolerance) + 1e-9
        clause, bounds = {
            "=": ("c.high >= ? AND c.low <= ?", [low - slack, high + slack]),
            "..": ("c.high >= ? AND c.low <= ?", [low - 1e-9, high + 1e-9]),
            ">": ("c.high > ?", [high + 1e-9]),
            ">=": ("c.high >= ?", [high - 1e-9]),
            "<": ("c.low < ?", [low - 1e-9]),
            "<=": ("c.low <= ?", [low + 1e-9]),
        }[one.sign]
        options.append(clause)
        values += bounds
    if one.days is not None:
        first, last = (day.isoformat() for day in one.days)
        clause, days = {
            "=": ("c.day BETWEEN ? AND ?", [first, last]),
            "..": ("c.day BETWEEN ? AND ?", [first, last]),
            ">": ("c.day > ?", [last]),
            ">=": ("c.day >= ?", [first]),
            "<": ("c.day < ?", [first]),
            "<=": ("c.day <= ?", [last]),
        }[one.sign]
        options.append(clause)
        values += days
    if one.word:
        options.append("c.word = ? COLLATE NOCASE")
        values.append(one.word)
    if options:
        clauses.append("(" + " OR ".join(options) + ")")
    elif one.sign:
        clauses.append("0")  # a range of nothing
    return (" AND ".join(clauses) or "1"), values


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
