"""Which macro series the markets page shows, under which heading and title, in which order.

Owns no values and no wording of articles; how a series is counted is metrics.macro's.
"""

from __future__ import annotations

from dataclasses import dataclass

from broadtape.archive.tape import IndicatorKind


@dataclass(frozen=True, slots=True)
class Shown:
    """A series with its title; `unit` where the page says more than the series' own."""

    series: str
    title: str
    kind: IndicatorKind
    unit: str = ""


INDICATORS = (
    Shown("EFFR", "Effective federal funds rate", "rate", "percent"),
    Shown("DFF", "Effective federal funds rate, daily", "rate"),
    Shown("SOFR", "Secured overnight financing rate", "rate", "percent"),
    Shown("DGS1MO", "1-month Treasury yield", "rate", "percent"),
    Shown("DGS3MO", "3-month Treasury yield", "rate", "percent"),
    Shown("DGS1", "1-year Treasury yield", "rate", "percent"),
    Shown("DGS2", "2-year Treasury yield", "rate"),
    Shown("DGS5", "5-year Treasury yield", "rate", "percent"),
    Shown("DGS10", "10-year Treasury yield", "rate"),
    Shown("DGS30", "30-year Treasury yield", "rate"),
    Shown("T10Y2Y", "10-year less 2-year yield", "rate"),
    Shown("T10YIE", "10-year breakeven inflation", "rate"),
    Shown("BAMLH0A0HYM2", "High-yield bond spread", "rate"),
    Shown("MORTGAGE30US", "30-year mortgage rate", "rate", "percent"),
    Shown("ECBDFR", "ECB deposit rate", "rate"),
    Shown("DCOILWTICO", "Crude oil, West Texas Intermediate", "commodity", "USD a barrel"),
    Shown("DCOILBRENTEU", "Crude oil, Brent", "commodity", "USD a barrel"),
    Shown("DHHNGSP", "Natural gas, Henry Hub", "commodity", "USD per million BTU"),
    Shown("GOLDAMGBD228NLBM", "Gold", "commodity", "USD an ounce"),
    Shown("CPIAUCSL", "Consumer price index", "economy"),
    Shown("CPILFESL", "Consumer price index, core", "economy"),
    Shown("PCEPI", "PCE price index", "economy"),
    Shown("PCEPILFE", "PCE price index, core", "economy"),
    Shown("UNRATE", "Unemployment rate", "economy"),
    Shown("PAYEMS", "Nonfarm payrolls", "economy"),
    Shown("A191RL1Q225SBEA", "Real GDP growth, annual rate", "economy"),
)
