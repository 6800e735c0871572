"""The SEC's EDGAR: who files, from where, what they file now, and the figures in it.

https://www.sec.gov/search-filings/edgar-application-programming-interfaces. EDGAR wants to know who asks, and at most
ten requests a second from anyone; this asks once in half a second. Past the last page of current filings it answers
503, so only one page is asked for.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import Meta

from newswire.observations import Company, CompanyFact, Filing, Harvest, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import bad, day, json_of, listing, mapping, number, refusal
from newswire.sources.feed import instant, plain, read, shortened
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

NEW_YORK = ZoneInfo("America/New_York")
EXCHANGES = {"nasdaq": "NASDAQ", "nyse": "NYSE", "nyse american": "NYSEAMERICAN", "nyse arca": "NYSEARCA",
             "cboe": "BATS", "cboebzx": "BATS", "otc": "OTC"}  # fmt: skip
CONCEPTS = (
    "us-gaap:EarningsPerShareDiluted",
    "us-gaap:EarningsPerShareBasic",
    "us-gaap:Revenues",
    "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax",
    "us-gaap:NetIncomeLoss",
    "us-gaap:CommonStockSharesOutstanding",
    "dei:EntityCommonStockSharesOutstanding",
)
DATA, WWW = "https://data.sec.gov", "https://www.sec.gov"
JSON = ("application/json", "text/json")
_TITLE = re.compile(r"(?P<form>.+?) - (?P<name>.+) \((?P<cik>\d{1,10})\) \((?P<role>[^()]+)\)")
_ACCESSION = re.compile(r"(\d{10}-\d{2}-\d{6})")
_ITEM = re.compile(r"Item (\d\.\d\d)")
_FILED = re.compile(r"Filed:\s*(\d{4}-\d{2}-\d{2})")
Cik = Annotated[str, Meta(pattern=r"^[0-9]{1,10}\Z")]


class SecSettings(Settings, frozen=True, kw_only=True):
    """Whose filings and figures are looked after, and which current filings of all others."""

    companies: Annotated[tuple[Cik, ...], Meta(max_length=3000)] = ()
    forms: tuple[Annotated[str, Meta(pattern=r"^[0-9A-Z /-]{1,12}\Z")], ...] = ("8-K",)
    facts: bool = True


class Sec(BaseSource):
    """Labels are "tickers", "current FORM", "submissions CIK" and "facts CIK"."""

    about = About(
        name="sec",
        title="U.S. Securities and Exchange Commission, EDGAR",
        home="https://www.sec.gov/search-filings",
        terms="https://www.sec.gov/about/webmaster-frequently-asked-questions",
        licence="public",
        attribution="U.S. Securities and Exchange Commission, EDGAR",
        every=timedelta(hours=1),
        hosts=("www.sec.gov", "data.sec.gov"),
        rate=0.5,
        budget=5000,
        default=True,
    )
    Options = SecSettings
    options: SecSettings

    def due(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """Current filings hourly, submissions daily, the list of tickers and the figures, which are large, weekly."""
        every = {"current": self.about.every, "submissions": timedelta(days=1)}
        return [
            one
            for one in self.requests(now, last)
            if one.label not in last
            or last[one.label] + every.get(one.label.partition(" ")[0], timedelta(days=7)) <= now
        ]

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """Everything that may be asked."""
        found = [Request(url=f"{WWW}/files/company_tickers.json", accepts=JSON, label="tickers")]
        for form in self.options.forms:
            query = (
                f"action=getcurrent&type={form.replace(' ', '+')}&owner=include&count=100&start=0&output=atom"
            )
            found.append(
                Request(
                    url=f"{WWW}/cgi-bin/browse-edgar?{query}",
                    accepts=("application/*", "text/xml"),
                    label=f"current {form}",
                )
            )
        for cik in self.options.companies:
            name = f"CIK{int(cik):010d}"
            found.append(
                Request(url=f"{DATA}/submissions/{name}.json", accepts=JSON, label=f"submissions {cik}")
            )
            if self.options.facts:
                url = f"{DATA}/api/xbrl/companyfacts/{name}.json"
                found.append(Request(url=url, accepts=JSON, label=f"facts {cik}"))
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """Filings, companies or figures, by what was asked for."""
        kind, _, what = snapshot.label.partition(" ")
        if kind == "current":
            return self._current(snapshot)
        if kind == "tickers":
            return self._tickers(snapshot, directory)
        if kind == "submissions":
            return self._submissions(snapshot, what, directory)
        if kind == "facts":
            return self._facts(snapshot, what)
        raise refusal(f"was asked for nothing of EDGAR's: {snapshot.label[:40]!r}", snapshot)

    # --- current filings ---

    def _current(self, snapshot: Snapshot) -> Harvest:
        """A filing has an entry for each of its parties: the issuer or filer is taken, else the first."""
        title, entries = read(snapshot)
        if not title.startswith("Latest Filings"):
            raise refusal(f"not the current filings: {title[:80]!r}", snapshot)
        found: dict[str, tuple[int, Filing]] = {}
        skipped: dict[str, list[int]] = {}
        for line, entry in enumerate(entries, 1):
            named, number_ = (
                _TITLE.fullmatch(entry["title"]),
                _ACCESSION.search(entry["id"] + " " + entry["text"]),
            )
            at = entry["updated"] or entry["published"]
            if named is None or number_ is None or at is None or not entry["link"]:
                skipped.setdefault("no filing", []).append(line)
                continue
            rank = {"Issuer": 0, "Filer": 0, "Subject": 1}.get(named["role"], 2)
            filed = _FILED.search(entry["text"])
            made = Filing(
                accession=number_[1],
                cik=f"{int(named['cik']):010d}",
                company=shortened(named["name"], 200),
                form=named["form"][:20],
                filed=date.fromisoformat(filed[1])
                if filed and _is_day(filed[1])
                else at.astimezone(NEW_YORK).date(),
                at=at,
                items=tuple(dict.fromkeys(_ITEM.findall(entry["text"]))),
                link=entry["link"],
                provenance=self.provenance(snapshot),
            )
            before = found.get(made.accession)
            if before is not None:
                skipped.setdefault("another party of the same filing", []).append(line)
            if before is None or rank < before[0]:
                found[made.accession] = (rank, made)
        return Harvest(
            snapshot.source,
            rows_read=len(entries),
            filings=tuple(one for _, one in found.values()),
            skipped=tuple(Skipped(lines[0], reason, len(lines)) for reason, lines in skipped.items()),
        )

    # --- companies ---

    def _tickers(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        answer = mapping(json_of(snapshot), snapshot, "the list")
        held: dict[str, tuple[str, list[str]]] = {}
        for line, one in enumerate(answer.values(), 1):
            row = mapping(one, snapshot, f"row {line}")
            cik, ticker, title = row.get("cik_str"), row.get("ticker"), row.get("title")
            if not str(cik).isdigit() or not isinstance(ticker, str) or not isinstance(title, str):
                raise bad("no company", snapshot, line=line, column="ticker", value=row)
            symbols = held.setdefault(f"{int(str(cik)):010d}"[:10], (title, []))[1]
            symbols.append(_resolved(ticker, directory))
        if not held:
            raise refusal("lists nobody", snapshot)
        companies = tuple(
            Company(
                cik=cik,
                name=shortened(plain(title), 200),
                symbols=tuple(dict.fromkeys(symbols)),
                known_at=snapshot.modified or snapshot.retrieved,
                provenance=self.provenance(snapshot),
            )
            for cik, (title, symbols) in held.items()
        )
        return Harvest(snapshot.source, rows_read=len(answer), companies=companies)

    def _submissions(self, snapshot: Snapshot, cik: str, directory: Directory) -> Harvest:
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        given = str(answer.get("cik", "")).lstrip("0")
        if not given.isdigit() or (cik and int(given) != int(cik)):
            raise refusal(f"is about {answer.get('cik')!r} instead of {cik}"[:80], snapshot)
        number_ = f"{int(given):010d}"
        address = (
            (answer.get("addresses") or {}).get("business")
            if isinstance(answer.get("addresses"), dict)
            else None
        )
        business = address if isinstance(address, dict) else {}
        exchanges = [str(one) for one in _list(answer.get("exchanges"))]
        symbols = []
        for place, ticker in enumerate(_list(answer.get("tickers"))):
            where = EXCHANGES.get(exchanges[place].lower(), "") if place < len(exchanges) else ""
            bare = str(ticker).upper().replace("-", ".")
            symbols.append(f"{where}:{bare}" if where else _resolved(bare, directory))
        former = [
            shortened(plain(str(one.get("name"))), 200)
            for one in _list(answer.get("formerNames"))
            if isinstance(one, dict) and one.get("name")
        ]
        company = Company(
            cik=number_,
            name=shortened(plain(str(answer.get("name") or "")), 200),
            symbols=tuple(dict.fromkeys(symbols)),
            known_at=snapshot.modified or snapshot.retrieved,
            provenance=self.provenance(snapshot),
            street=_line(business.get("street1"), business.get("street2")),
            city=_line(business.get("city")),
            state=_line(business.get("stateOrCountry")),
            zip_code=_line(business.get("zipCode"))[:10],
            sic=_line(answer.get("sic")),
            industry=_line(answer.get("sicDescription")),
            former=tuple(dict.fromkeys(former)),
        )
        filings, read_, skipped = self._recent(answer, number_, company.name, snapshot)
        return Harvest(
            snapshot.source,
            rows_read=read_ + 1,
            companies=(company,),
            filings=filings,
            skipped=(Skipped(skipped[0], "no filing", len(skipped)),) if skipped else (),
        )

    def _recent(
        self, answer: Mapping[str, Any], cik: str, name: str, snapshot: Snapshot
    ) -> tuple[tuple[Filing, ...], int, list[int]]:
        """The parallel arrays of recent filings; its instants end in Z and are of UTC."""
        recent = mapping(
            mapping(answer.get("filings"), snapshot, "filings").get("recent"), snapshot, "recent"
        )
        wanted = ("accessionNumber", "filingDate", "acceptanceDateTime", "form")
        columns = {one: listing(recent.get(one), snapshot, one) for one in wanted}
        length = len(columns["accessionNumber"])
        for one in ("items", "reportDate", "primaryDocument"):
            held = recent.get(one)
            columns[one] = held if isinstance(held, list) else [""] * length
        if any(len(column) != length for column in columns.values()):
            raise refusal("its lists of filings differ in length", snapshot)
        found, skipped = [], []
        for place in range(length):
            row = {one: str(columns[one][place] or "") for one in columns}
            accession = _ACCESSION.fullmatch(row["accessionNumber"])
            at = accepted(row["acceptanceDateTime"])
            if accession is None or at is None or not _is_day(row["filingDate"]):
                skipped.append(place + 1)
                continue
            bare = accession[1].replace("-", "")
            document = (
                row["primaryDocument"] if re.fullmatch(r"[\w./-]{1,200}", row["primaryDocument"]) else ""
            )
            found.append(
                Filing(
                    accession=accession[1],
                    cik=cik,
                    company=name,
                    form=row["form"][:20],
                    filed=date.fromisoformat(row["filingDate"]),
                    at=at,
                    items=tuple(one for one in row["items"].split(",") if re.fullmatch(r"\d\.\d\d", one)),
                    link=f"{WWW}/Archives/edgar/data/{int(cik)}/{bare}/{document}",
                    provenance=self.provenance(snapshot),
                    period=date.fromisoformat(row["reportDate"]) if _is_day(row["reportDate"]) else None,
                )
            )
        return tuple(found), length, skipped

    # --- figures ---

    def _facts(self, snapshot: Snapshot, cik: str) -> Harvest:
        """The figures of `CONCEPTS`. `fy` and `fp` describe the filing, not the period, so only dates are read."""
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        given = str(answer.get("cik", ""))
        if not given.isdigit() or (cik and int(given) != int(cik)):
            raise refusal(f"is about {given[:20]!r} instead of {cik}", snapshot)
        number_ = f"{int(given):010d}"
        facts = mapping(answer.get("facts"), snapshot, "facts")
        found: dict[tuple[str, ...], CompanyFact] = {}
        read_ = 0
        for concept in CONCEPTS:
            taxonomy, _, name = concept.partition(":")
            held = facts.get(taxonomy)
            told = held.get(name) if isinstance(held, dict) else None
            units = told.get("units") if isinstance(told, dict) else None
            for unit, rows in (units if isinstance(units, dict) else {}).items():
                for line, one in enumerate(listing(rows, snapshot, f"{name} in {unit}"), 1):
                    read_ += 1
                    row = mapping(one, snapshot, f"{name}, row {line}")
                    end = day(row.get("end"), snapshot, line=line, column="end")
                    start = (
                        day(row["start"], snapshot, line=line, column="start") if row.get("start") else None
                    )
                    filed = day(row.get("filed"), snapshot, line=line, column="filed")
                    known = datetime.combine(filed, time(17, 30), NEW_YORK).astimezone(UTC)
                    made = CompanyFact(
                        cik=number_,
                        concept=concept,
                        unit=str(unit)[:40],
                        start=start,
                        end=end,
                        value=number(row.get("val"), snapshot, line=line, column=name),
                        form=str(row.get("form") or "")[:20],
                        accession=str(row.get("accn") or "")[:25],
                        known_at=known,
                        provenance=self.provenance(snapshot),
                    )
                    found[concept, str(unit), str(start), str(end), made.accession] = made
        return Harvest(snapshot.source, rows_read=read_, company_facts=tuple(found.values()))


def _resolved(ticker: str, directory: Directory) -> str:
    meaning = directory.resolve(ticker, {})
    return meaning.symbol if meaning else f"UNLISTED:{ticker.upper()[:20]}"


def accepted(text: str) -> datetime | None:
    """When a filing was accepted. The record ends in Z and is New York's clock all the same: a company that reports at
    half past four does so at 16:30 in January and in July. Were it UTC, this would be late by hours, never early."""
    found = instant(text)
    return None if found is None else found.replace(tzinfo=NEW_YORK).astimezone(UTC)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


def _line(*parts: object) -> str:
    return shortened(plain(", ".join(str(one) for one in parts if isinstance(one, (str, int)) and one)), 200)
