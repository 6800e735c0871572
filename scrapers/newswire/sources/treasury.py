"""The US Treasury's daily par yield curve, as CSV by year or as XML.

https://home.treasury.gov/resource-center/data-chart-center/interest-rates/. The constant-maturity yields that FRED
carries as DGS1MO to DGS30 are these; they have the same names here. Published between 15:30 and 18:00 New York.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from newswire.observations import Harvest, Reading, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import bad, day, number, refusal, rows_of, xml_of
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

BASE = "https://home.treasury.gov/resource-center/data-chart-center/interest-rates/daily-treasury-rates.csv"
_TENOR = re.compile(r"(\d{1,2})(?:[._](\d))?[ _]?(mo|month|yr|year)s?", re.IGNORECASE)
_ATOM = "{http://www.w3.org/2005/Atom}"
_DATA = "{http://schemas.microsoft.com/ado/2007/08/dataservices}"
_META = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"


class TreasurySettings(Settings, frozen=True, kw_only=True):
    """From which year on; 1990 is the first there is."""

    since: Annotated[int, Meta(ge=1990, le=2200)] = 2015


def series_of(name: str) -> str:
    """The series of a column: "10 Yr" and "BC_10YEAR" are DGS10, "1.5 Month" is DGS1_5MO; empty for no tenor."""
    found = _TENOR.fullmatch(name.strip().removeprefix("BC_"))
    if not found:
        return ""
    length = found[1] + (f"_{found[2]}" if found[2] else "")
    return f"DGS{length}MO" if found[3].lower().startswith("mo") else f"DGS{length}"


class Treasury(BaseSource):
    """Par yields in percent, one series a tenor."""

    about = About(
        name="treasury",
        title="U.S. Department of the Treasury, daily par yield curve",
        home="https://home.treasury.gov/resource-center/data-chart-center/interest-rates/",
        terms="https://home.treasury.gov/subfooter/site-policies-and-notices",
        licence="public",
        attribution="U.S. Department of the Treasury",
        every=timedelta(hours=6),
        hosts=("home.treasury.gov",),
        rate=3.0,
        budget=100,
        default=True,
    )
    Options = TreasurySettings
    options: TreasurySettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """This year, and each earlier one that was not fetched after its end."""
        found = []
        for year in range(min(self.options.since, now.year), now.year + 1):
            label = str(year)
            if year < now.year and label in last and last[label].year > year:
                continue
            query = f"type=daily_treasury_yield_curve&field_tdr_date_value={year}&page&_format=csv"
            found.append(
                Request(
                    url=f"{BASE}/{year}/all?{query}",
                    accepts=("text/csv", "application/csv", "text/plain", "application/octet-stream"),
                    label=label,
                )
            )
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The yields of a year, or of the days in an XML answer."""
        head = snapshot.body[:500].lstrip()
        if head.startswith((b"<?xml", b"<feed", b"\xef\xbb\xbf<?xml")):
            rows = list(self._from_xml(snapshot))
        else:
            rows = list(self._from_csv(snapshot))
        found: list[Reading] = []
        missing: list[int] = []
        provenance = self.provenance(snapshot)
        for line, when, cells in rows:
            if re.fullmatch(r"\d{4}", snapshot.label) and when.year != int(snapshot.label):
                raise bad(f"not of {snapshot.label}", snapshot, line=line, column="Date", value=when)
            for name, cell in cells.items():
                if cell in ("", "N/A"):
                    missing.append(line)
                    continue
                value = number(cell, snapshot, line=line, column=name)
                if not -20 <= value <= 50:
                    raise bad("no yield in percent", snapshot, line=line, column=name, value=cell)
                found.append(Reading(series_of(name), when, value, None, provenance))
        found.sort(key=lambda one: (one.series, one.period))
        return Harvest(
            snapshot.source,
            rows_read=len(rows),
            readings=tuple(found),
            skipped=(Skipped(missing[0], "no value", len(missing)),) if missing else (),
        )

    @staticmethod
    def _from_csv(snapshot: Snapshot) -> Iterator[tuple[int, date, dict[str, str]]]:
        (_, header), *rows = rows_of(snapshot)
        tenors = [name for name in header[1:] if series_of(name)]
        if header[0].lower() != "date" or not tenors:
            raise refusal(f"not a yield curve: {', '.join(header)[:80]}", snapshot)
        for line, cells in rows:
            if len(cells) != len(header):
                raise refusal(f"line {line} has {len(cells)} cells instead of {len(header)}", snapshot)
            held = dict(zip(header, cells, strict=True))
            when = day(cells[0], snapshot, line=line, column="Date", forms=("us", "iso", "us2"))
            yield line, when, {name: held[name] for name in tenors}

    @staticmethod
    def _from_xml(snapshot: Snapshot) -> Iterator[tuple[int, date, dict[str, str]]]:
        root = xml_of(snapshot)
        if root.tag != f"{_ATOM}feed":
            raise refusal(f"not a yield curve: {root.tag}"[:120], snapshot)
        for line, held in enumerate(root.iter(f"{_META}properties"), 1):
            named = {str(one.tag).removeprefix(_DATA): (one.text or "").strip() for one in held}
            when = day(named.get("NEW_DATE", "")[:10], snapshot, line=line, column="NEW_DATE")
            yield line, when, {name: cell for name, cell in named.items() if series_of(name)}
