"""Companies near a site: by their ZIP codes, never by a foreign postal code that looks like one."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import told
import wire
from fakes import FakeMarket
from newsroom import NOON as WHEN
from newsroom import Newsroom
from told import NOON, harvest
from web_fakes import FakeCatalogue, FakeSearch

from broadtape import config, edition
from broadtape.config import Near
from broadtape.market.places import distance_km, local_companies, place_of
from broadtape.model import Company, Instrument, Origin
from broadtape.web import create_app

SAUSALITO = (37.8591, -122.4853)
ORIGIN = Origin("edgar", "", "public", NOON)


def company(cik: str, symbol: str, zip_code: str, state: str, city: str = "", **more: object) -> Company:
    symbols = (symbol,) if symbol else ()
    return Company(
        cik, f"Company {cik}", symbols, NOON, ORIGIN, city=city, state=state, zip_code=zip_code, **more
    )  # type: ignore[arg-type]


def listed(*symbols: str, **ciks: str) -> dict[str, Instrument]:
    return {one: Instrument(one, f"{one[5:]} Corp", "stock", cik=ciks.get(one[5:], "")) for one in symbols}


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((37.7749, -122.4194), (40.7128, -74.0060), 4_129),  # San Francisco to New York
        ((51.5074, -0.1278), (48.8566, 2.3522), 344),
        ((0.0, 179.5), (0.0, -179.5), 111.2),  # across the date line
        ((37.8591, -122.4853), (37.8591, -122.4853), 0),
        ((90.0, 0.0), (-90.0, 0.0), 20_015),
    ],
)
def test_distances_are_great_circles(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert distance_km(one, other) == pytest.approx(km, rel=0.002, abs=0.01)
    assert distance_km(other, one) == pytest.approx(distance_km(one, other))


@pytest.mark.parametrize(
    ("zip_code", "state", "there"),
    [
        ("94965", "CA", True),
        ("94965-1234", "CA", True),
        ("949651234", "ca", True),
        ("94965", "NV", False),  # not that state's
        ("80333", "2M", False),  # Munich, in EDGAR's code for Germany; a ZIP code of Colorado otherwise
        ("M5V 3L9", "A6", False),
        ("", "CA", False),
        ("00000", "CA", False),
        ("9496", "CA", False),
        ("٩٤٩٦٥", "CA", False),
    ],
)
def test_only_a_zip_code_of_its_state_is_a_place(zip_code: str, state: str, there: bool) -> None:
    assert (place_of(zip_code, state) is not None) is there


def test_companies_within_the_radius_come_nearest_first() -> None:
    companies = [
        company("1", "NYSE:OAK", "94612", "CA", "Oakland"),
        company("2", "NYSE:SAU", "94965", "CA", "Sausalito"),
        company("3", "NYSE:SAN", "95113", "CA", "San Jose"),
        company("4", "NYSE:MUN", "94965", "2M", "München"),
        company("5", "", "94965", "CA", "Sausalito"),
        company("6", "NYSE:GON", "94965", "CA", "Sausalito"),
    ]
    known = listed("NYSE:OAK", "NYSE:SAU", "NYSE:SAN", "NYSE:MUN")

    found = local_companies(Near(place=SAUSALITO, radius_km=40), companies, known)

    assert [(one.symbol, one.name, one.city, round(one.km or 0)) for one in found] == [
        ("NYSE:SAU", "SAU Corp", "Sausalito", 1),
        ("NYSE:OAK", "OAK Corp", "Oakland", 20),
    ]


def test_companies_named_by_the_site_follow_and_none_is_given_twice() -> None:
    companies = [company("2", "NYSE:SAU", "94965", "CA")]
    near = Near(place=SAUSALITO, radius_km=5, also=("NYSE:FAR", "NYSE:SAU", "NYSE:NONE", "NYSE:FAR"))

    found = local_companies(near, companies, listed("NYSE:SAU", "NYSE:FAR"))

    assert [(one.symbol, one.km is None) for one in found] == [("NYSE:SAU", False), ("NYSE:FAR", True)]


def test_a_registrant_without_symbols_is_found_by_its_cik() -> None:
    found = local_companies(
        Near(place=SAUSALITO), [company("0000000042", "", "94965", "CA")], listed("NYSE:SAU", SAU="42")
    )

    assert [one.symbol for one in found] == ["NYSE:SAU"]


def test_a_site_without_a_place_has_no_local_companies() -> None:
    assert local_companies(None, [company("2", "NYSE:SAU", "94965", "CA")], listed("NYSE:SAU")) == ()


def test_the_desk_counts_companies_near_a_site_as_local_once_they_are_known(tmp_path: Path) -> None:
    (tmp_path / "content" / "sites" / "bay").mkdir(parents=True)
    (tmp_path / "content" / "broadtape.toml").write_text('[instance]\ndefault_site = "bay"\n', "utf-8")
    (tmp_path / "content" / "sites" / "bay" / "site.toml").write_text(
        'name = "Bay"\nurl = "http://bay.localhost"\n'
        "companies_near = { place = [37.8591, -122.4853], radius_km = 9 }\n",
        "utf-8",
    )
    site = config.load(tmp_path).sites["bay"]
    registrant = harvest(told.company(zip_code="94965", state="CA", city="Sausalito"))

    with wire.open_store(tmp_path, told.listed(("NYSE:ACM", "Acme Corp")), registrant) as store:
        day = NOON.date()

        assert edition.near(site, store.view(day)) == ("NYSE:ACM",)
        assert edition.near(site, store.view(day - timedelta(days=1))) == ()
        assert date(2026, 3, 10) == day


def test_companies_near_a_site_are_on_its_markets_page_and_absent_where_none_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Newsroom(
        tmp_path, monkeypatch, market=FakeMarket("2026-01-20", {"NYSE:SAU": "10 11", "NYSE:OAK": "20 21"})
    )
    assert room.store is not None
    room.store.companies = [company("2", "NYSE:SAU", "94965", "CA"), company("1", "NYSE:OAK", "94612", "CA")]
    room.site("bay", more="companies_near = { place = [37.8591, -122.4853], radius_km = 9 }\n")
    room.site("far", more="companies_near = { place = [44.97, -93.26], radius_km = 9 }\n")
    room.publish()
    app = create_app(
        room.instance, catalogue=room.catalogue, search=FakeSearch(FakeCatalogue()), clock=lambda: WHEN
    )

    def page(site: str) -> str:
        return (
            app.test_client()
            .get("/markets/", base_url=f"http://{site}.localhost:8000")
            .get_data(as_text=True)
        )

    local = page("bay").partition("Local companies")[2].partition("</table>")[0]
    assert "NYSE:SAU" in local
    assert "NYSE:OAK" not in local
    assert "Local companies" not in page("far")
