"""The Bureau of Economic Analysis: national accounts as JSON, with a key. Errors come with status 200.

https://apps.bea.gov/api/_pdf/bea_web_service_api_user_guide.pdf
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from msgspec import Meta

from newswire.errors import Refused
from newswire.observations import Harvest, Reading, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import bad, json_of, listing, mapping, number, refusal
from newswire.wire import About, Request, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

NAMES = {
    "T10101-A191RL": "A191RL1Q225SBEA"
}  # real gross domestic product, change at an annual rate, as FRED has it
_PERIOD = re.compile(r"(\d{4})(?:(Q)([1-4])|(M)(\d{2}))?")


class BeaSettings(Settings, frozen=True, kw_only=True):
    """Which tables of the national accounts, and how often their rows come."""

    tables: tuple[Annotated[str, Meta(pattern=r"^T[0-9A-Z]{4,8}\Z")], ...] = ("T10101",)
    frequency: Annotated[str, Meta(pattern=r"^[AQM]\Z")] = "Q"


class Bea(BaseSource):
    """One series a row of a table, named by table and series code ("T10101-A191RL")."""

    about = About(
        name="bea",
        title="U.S. Bureau of Economic Analysis, data API",
        home="https://www.bea.gov/",
        terms="https://apps.bea.gov/API/signup/",
        licence="public",
        attribution="U.S. Bureau of Economic Analysis",
        every=timedelta(days=1),
        hosts=("apps.bea.gov",),
        rate=2.0,
        budget=50,
        key="BEA_KEY",
    )
    Options = BeaSettings
    options: BeaSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a table: all years at first, three later, since they are revised."""
        found = []
        for table in self.options.tables:
            years = ",".join(str(now.year - n) for n in range(3)) if table in last else "ALL"
            query = urlencode(
                {
                    "method": "GetData",
                    "datasetname": "NIPA",
                    "TableName": table,
                    "Frequency": self.options.frequency,
                    "Year": years,
                    "ResultFormat": "JSON",
                }
            )
            found.append(
                Request(
                    url=f"https://apps.bea.gov/api/data?{query}",
                    accepts=("application/json", "text/*"),
                    secret=Secret("query", "UserID"),
                    label=table,
                )
            )
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The rows of the table that was asked for."""
        api = mapping(mapping(json_of(snapshot), snapshot, "the answer").get("BEAAPI"), snapshot, "BEAAPI")
        results = api.get("Results")
        results = results[0] if isinstance(results, list) and results else results
        held = mapping(results, snapshot, "Results")
        error = held.get("Error") or api.get("Error")
        if error:
            told = error[0] if isinstance(error, list) else error
            said = told.get("APIErrorDescription") if isinstance(told, dict) else told
            raise Refused(f"says: {said}"[:200], source=snapshot.source, path=snapshot.url)
        rows = listing(held.get("Data"), snapshot, "Data")
        found: dict[tuple[str, date], Reading] = {}
        missing = []
        for line, one in enumerate(rows, 1):
            row = mapping(one, snapshot, f"row {line}")
            table, code = str(row.get("TableName")), str(row.get("SeriesCode"))
            if snapshot.label and table != snapshot.label:
                raise bad(f"is not {snapshot.label}", snapshot, line=line, column="TableName", value=table)
            if not re.fullmatch(r"[A-Z0-9]{1,20}", code):
                raise bad("no series code", snapshot, line=line, column="SeriesCode", value=code)
            if str(row.get("DataValue")).strip() in ("", "---", "None"):
                missing.append(line)
                continue
            value = number(row.get("DataValue"), snapshot, line=line, column="DataValue")
            series = NAMES.get(f"{table}-{code}", f"{table}-{code}")
            when = _first_day(str(row.get("TimePeriod")), snapshot, line)
            found[series, when] = Reading(series, when, value, None, self.provenance(snapshot))
        if not rows:
            raise refusal("holds no row", snapshot)
        ordered = sorted(found.values(), key=lambda one: (one.series, one.period))
        skipped = (Skipped(missing[0], "no value", len(missing)),) if missing else ()
        return Harvest(snapshot.source, rows_read=len(rows), readings=tuple(ordered), skipped=skipped)


def _first_day(period: str, snapshot: Snapshot, line: int) -> date:
    found = _PERIOD.fullmatch(period)
    if found and 1700 < int(found[1]) < 2300:
        month = (int(found[3]) - 1) * 3 + 1 if found[2] else int(found[5]) if found[4] else 1
        if 1 <= month <= 12:
            return date(int(found[1]), month, 1)
    raise bad("no period", snapshot, line=line, column="TimePeriod", value=period)
