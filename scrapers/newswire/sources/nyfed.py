"""The Federal Reserve Bank of New York: SOFR, EFFR, OBFR and the target range, as JSON.

https://markets.newyorkfed.org/. A rate is published on the next business day, at about 8 a.m. (SOFR) or 9 a.m.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from newswire.observations import Harvest, Reading
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import bad, day, json_of, listing, mapping, number, refusal
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

PATHS = {"SOFR": "secured/sofr", "EFFR": "unsecured/effr", "OBFR": "unsecured/obfr"}


class NyFedSettings(Settings, frozen=True, kw_only=True):
    """Which rates."""

    rates: tuple[Literal["SOFR", "EFFR", "OBFR"], ...] = ("SOFR", "EFFR")


class NyFed(BaseSource):
    """Reference rates in percent; with EFFR the target range, as FRED's DFEDTARL and DFEDTARU."""

    about = About(
        name="nyfed",
        title="Federal Reserve Bank of New York, reference rates",
        home="https://www.newyorkfed.org/markets/reference-rates",
        terms="https://www.newyorkfed.org/markets/reference-rates/terms-of-use",
        licence="public",
        attribution="Federal Reserve Bank of New York, which does not endorse this use",
        every=timedelta(hours=6),
        hosts=("markets.newyorkfed.org",),
        rate=2.0,
        budget=50,
        default=True,
    )
    Options = NyFedSettings
    options: NyFedSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a rate: a year of it at first, a month later."""
        found = []
        for rate in self.options.rates:
            days = 30 if rate in last else 250
            url = f"https://markets.newyorkfed.org/api/rates/{PATHS[rate]}/last/{days}.json"
            found.append(Request(url=url, accepts=("application/json",), label=rate))
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The rates of one kind."""
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        rows = listing(answer.get("refRates"), snapshot, "refRates")
        provenance = self.provenance(snapshot)
        found: dict[tuple[str, object], Reading] = {}
        for line, one in enumerate(rows, 1):
            row = mapping(one, snapshot, f"rate {line}")
            kind = str(row.get("type"))
            if kind not in PATHS or (snapshot.label and kind != snapshot.label):
                raise bad(
                    f"is not {snapshot.label or 'a rate'}", snapshot, line=line, column="type", value=kind
                )
            when = day(row.get("effectiveDate"), snapshot, line=line, column="effectiveDate")
            named = {kind: "percentRate"}
            if row.get("targetRateFrom") is not None and row.get("targetRateTo") is not None:
                named |= {"DFEDTARL": "targetRateFrom", "DFEDTARU": "targetRateTo"}
            for series, column in named.items():
                value = number(row.get(column), snapshot, line=line, column=column)
                if not -20 <= value <= 100:
                    raise bad("no rate in percent", snapshot, line=line, column=column, value=value)
                found[series, when] = Reading(series, when, value, None, provenance)
        if not found:
            raise refusal("holds no rate", snapshot)
        ordered = sorted(found.values(), key=lambda one: (one.series, one.period))
        return Harvest(snapshot.source, rows_read=len(rows), readings=tuple(ordered))
