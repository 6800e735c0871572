from __future__ import annotations

import pytest

from broadtape.market.names import Called, naming, plain_name


@pytest.mark.parametrize(
    ("long", "printed"),
    [
        ("Agilent Technologies, Inc. Common Stock", "Agilent Technologies"),
        ("Alphabet Inc. - Class A Common Stock", "Alphabet"),
        ("Alphabet Inc. (Class C)", "Alphabet"),
        ("Alcoa Corporation Common Stock ", "Alcoa"),
        ("Walt Disney Company (The) Common Stock", "Walt Disney"),
        ("Home Depot (The)", "Home Depot"),
        ("Hartford (The)", "The Hartford"),
        ("Lilly (Eli)", "Eli Lilly"),
        ("Deere & Company", "Deere"),
        ("Merck & Co.", "Merck"),
        ("News Corp (Class A)", "News Corp"),
        ("Dow Inc.", "Dow Inc."),
        ("AT&T Inc.", "AT&T"),
        ("3M", "3M"),
        ("F5, Inc.", "F5"),
        ("Nvidia", "Nvidia"),
        ("Taiwan Semiconductor Manufacturing Company Ltd.", "Taiwan Semiconductor Manufacturing"),
        ("ASML Holding N.V. - New York Registry Shares", "ASML Holding"),
        ("Novo Nordisk A/S Common Stock", "Novo Nordisk"),
        ("Fabrinet Ordinary Shares", "Fabrinet"),
        ("INVESCO MORTGAGE CAPITAL INC Common Stock", "INVESCO MORTGAGE CAPITAL"),
        ("Seven Hills Realty Trust ", "Seven Hills Realty Trust"),
    ],
)
def test_a_share_is_called_as_a_wire_would(long: str, printed: str) -> None:
    assert plain_name(long, "stock") == printed


@pytest.mark.parametrize(
    ("long", "printed"),
    [
        ("SPDR S&P 500 ETF Trust", "SPDR S&P 500 ETF"),
        ("iShares Russell 2000 Index Fund", "iShares Russell 2000 ETF"),
        ("Invesco QQQ Trust, Series 1", "Invesco QQQ Trust"),
        ("SPDR Gold Shares", "SPDR Gold Shares"),
        ("VanEck Semiconductor ETF", "VanEck Semiconductor ETF"),
    ],
)
def test_a_fund_keeps_etf_in_its_name(long: str, printed: str) -> None:
    assert plain_name(long, "etf") == printed


def test_two_listed_shares_of_one_company_say_their_class() -> None:
    names = naming(
        {
            "NASDAQ:GOOG": Called("stock", ("Alphabet Inc. (Class C)", "Alphabet Inc."), member=True),
            "NASDAQ:GOOGL": Called("stock", ("Alphabet Inc. (Class A)", "Alphabet Inc."), member=True),
        }
    )

    assert names["NASDAQ:GOOG"].printed == "Alphabet Class C"
    assert names["NASDAQ:GOOGL"].printed == "Alphabet Class A"
    assert "Alphabet" in names["NASDAQ:GOOG"].aliases


def test_the_share_a_member_list_calls_the_company_keeps_its_name() -> None:
    names = naming(
        {
            "NYSE:BRK.A": Called("stock", ("Berkshire Hathaway Inc. Common Stock",)),
            "NYSE:BRK.B": Called("stock", ("Berkshire Hathaway", "Berkshire Hathaway Inc."), member=True),
        }
    )

    assert names["NYSE:BRK.B"].printed == "Berkshire Hathaway"
    assert names["NYSE:BRK.A"].printed == "Berkshire Hathaway Class A"


def test_no_two_instruments_print_alike() -> None:
    entries = {
        f"NASDAQ:{ticker}": Called("stock", (name,))
        for ticker, name in {
            "ACME": "Acme Corp.",
            "ACMEW": "Acme Corp. - Warrants",
            "ACMEU": "Acme Corp.",
            "ACMZ": "ACME Inc.",
            "ACMX": "Acme Class B",
            "ACMY": "Acme - Class B Common Stock",
        }.items()
    }

    printed = [one.printed.casefold() for one in naming(entries).values()]

    assert len(set(printed)) == len(printed)


def test_the_settings_name_is_printed_as_it_stands() -> None:
    names = naming({"INDEXSP:SPX": Called("index", ("S&P 500 Index Inc.",), fixed="S&P 500")})

    assert names["INDEXSP:SPX"].printed == "S&P 500"


def test_what_nobody_names_is_called_by_its_ticker() -> None:
    assert naming({"NYSEARCA:XYZ": Called("etf", ())})["NYSEARCA:XYZ"].printed == "XYZ"


def test_a_name_cut_to_one_letter_gives_way_to_the_ticker() -> None:
    assert naming({"NYSE:UHAL": Called("stock", ("U",))})["NYSE:UHAL"].printed == "UHAL"
