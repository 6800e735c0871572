"""Sentences about the market in many wordings, true and false, computed from the tables by hand.

Shares no code with the product: closes are read from the CSV and compared with loops. Each case says whether it is true
and what about it was changed.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
ORDINALS = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
NUMBERS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
NAMES = {
    "SPX": ("the S&P 500", "the benchmark S&P 500 index", "the S&P 500 index"),
    "IXIC": ("the Nasdaq Composite", "the tech-heavy Nasdaq", "the Nasdaq"),
    "RUT": ("the Russell 2000", "the small-cap Russell 2000", "the Russell 2000 index of small companies"),
    "VIX": ("the Cboe Volatility Index", "the VIX"),
    "NVDA": ("Nvidia shares", "shares of Nvidia (NASDAQ: NVDA)", "Nvidia’s stock"),
    "AAPL": ("Apple", "shares of Apple", "Apple stock"),
    "MSFT": ("Microsoft", "Microsoft (NASDAQ: MSFT)", "shares of Microsoft"),
}
TITLES = {"SPX": "S&P 500", "IXIC": "Nasdaq Composite", "RUT": "Russell 2000"}


@dataclass(frozen=True)
class Bar:
    day: date
    high: Decimal
    low: Decimal
    close: Decimal


@dataclass(frozen=True)
class Case:
    text: str
    true: bool
    template: str
    dated: date


def tables(data: Path) -> dict[str, list[Bar]]:
    found: dict[str, list[Bar]] = {}
    for name in ("index_daily.csv.gz", "sidebar_daily.csv.gz"):
        with gzip.open(data / "prices" / name, "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["symbol"] in NAMES and row["close"]:
                    bar = Bar(
                        date.fromisoformat(row["date"]),
                        *(Decimal(row[key]) for key in ("high", "low", "close")),
                    )
                    found.setdefault(row["symbol"], []).append(bar)
    for bars in found.values():
        bars.sort(key=lambda bar: bar.day)
    sessions = {bar.day for bar in found["SPX"]}
    return {symbol: [bar for bar in bars if bar.day in sessions] for symbol, bars in found.items()}


def rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


class Claimant:
    """Tells of one instrument on one day."""

    def __init__(
        self, symbol: str, bars: list[Bar], at: int, dice: random.Random, others: dict[str, list[Bar]]
    ) -> None:
        self.symbol, self.bars, self.at, self.dice, self.others = symbol, bars, at, dice, others
        self.today = bars[at]
        self.name = dice.choice(NAMES[symbol])
        self.day = self.today.day

    # --- by hand

    def change(self, base: int, end: int) -> Decimal:
        return (self.bars[end].close - self.bars[base].close) * 100 / self.bars[base].close

    def before(self, day: date) -> int:
        """The last bar before a day."""
        return max(place for place, bar in enumerate(self.bars[: self.at + 1]) if bar.day < day)

    def streak(self, end: int) -> tuple[int, str]:
        ups = 0
        while end - ups >= 1 and self.bars[end - ups].close > self.bars[end - ups - 1].close:
            ups += 1
        if ups:
            return ups, "up"
        downs = 0
        while end - downs >= 1 and self.bars[end - downs].close < self.bars[end - downs - 1].close:
            downs += 1
        return downs, "down"

    def verb(self, value: Decimal) -> str:
        ups = ("rose", "gained", "added", "climbed", "advanced", "was up")
        downs = ("fell", "lost", "slipped", "dropped", "declined", "was down")
        return self.dice.choice(ups if value >= 0 else downs)

    def wrong(self, value: Decimal, places: int) -> Decimal:
        """Another size than the true one, by more than rounding and sources could explain."""
        step = Decimal(1).scaleb(-places)
        apart = max(step * self.dice.randint(3, 9), abs(value) * Decimal("0.15"), Decimal("0.2"))
        size = abs(value) + (apart if self.dice.random() < 0.6 or abs(value) <= apart * 2 else -apart)
        return rounded(size, places)

    def moves(
        self, value: Decimal, sentence: Callable[[str, str], str], template: str, places: int = 1
    ) -> Iterator[Case]:
        """A true sentence, one with another size, one with the other direction."""
        if abs(value) < Decimal("0.12"):
            return
        figure = f"{rounded(abs(value), places)}%"
        yield Case(sentence(self.verb(value), figure), True, template, self.day)
        yield Case(sentence(self.verb(value), f"{self.wrong(value, places)}%"), False, template, self.day)
        if abs(value) > Decimal("0.4"):
            yield Case(sentence(self.verb(-value), figure), False, template, self.day)

    # --- sentences

    def cases(self) -> Iterator[Case]:
        name, day = self.name, self.day
        start = name[0].upper() + name[1:]
        weekday = DAYS[day.weekday()]
        full = f"{MONTHS[day.month - 1]} {day.day}, {day.year}"
        move = self.change(self.at - 1, self.at)
        close = f"{rounded(self.today.close, 2):,}"
        index = self.symbol in TITLES
        yield from self.moves(move, lambda verb, figure: f"{start} {verb} {figure} on {weekday}.", "day", 2)
        yield from self.moves(
            move,
            lambda verb, figure: f"On {weekday}, {name} {verb} {figure} after a busy session.",
            "day first",
        )
        yield from self.moves(
            move,
            lambda verb, figure: f"{start} {verb} {figure} on {full}, according to exchange data.",
            "full date",
        )
        noun = "gain" if move > 0 else "loss"
        other = "loss" if move > 0 else "gain"
        if abs(move) > Decimal("0.15"):
            figure = rounded(abs(move), 1)
            yield Case(f"{start} posted a {figure}% {noun} on {weekday}.", True, "noun", day)
            yield Case(f"{start} posted a {self.wrong(move, 1)}% {noun} on {weekday}.", False, "noun", day)
            if abs(move) > Decimal("0.4"):
                yield Case(f"{start} posted a {figure}% {other} on {weekday}.", False, "noun", day)
        if index or self.symbol == "VIX":
            yield Case(f"{start} closed {weekday} at {close}.", True, "close", day)
            off = rounded(self.today.close * (1 + Decimal(self.dice.choice((-3, -2, 2, 3))) / 100), 2)
            yield Case(f"{start} closed {weekday} at {off:,}.", False, "close", day)
            points = rounded(abs(self.today.close - self.bars[self.at - 1].close), 2)
            if abs(move) > Decimal("0.15"):
                percent = rounded(abs(move), 1)
                told = f"{start} {self.verb(move)} {points} points, or {percent}%, to {close} on {weekday}."
                yield Case(told, True, "points, percent, level", day)
                wrong = self.wrong(move, 1)
                yield Case(
                    told.replace(f"or {rounded(abs(move), 1)}%", f"or {wrong}%"),
                    False,
                    "points, percent, level",
                    day,
                )
        yield from self._periods(start)
        yield from self._history(start, weekday)
        yield from self._pairs(weekday)

    def _periods(self, start: str) -> Iterator[Case]:
        day = self.day
        year = self.before(date(day.year, 1, 1))
        yield from self.moves(
            self.change(year, self.at),
            lambda verb, figure: f"{start} has {_perfect(verb)} {figure} so far this year.",
            "year to date",
        )
        first = day.replace(day=1)
        last_month = (first - timedelta(days=1)).replace(day=1)
        if self.bars[0].day < last_month - timedelta(days=40):
            whole = self.change(self.before(last_month), self.before(first))
            said = f"{MONTHS[last_month.month - 1]} {last_month.year}"
            yield from self.moves(whole, lambda verb, figure: f"{start} {verb} {figure} in {said}.", "month")
            bare = MONTHS[last_month.month - 1]
            yield from self.moves(
                whole,
                lambda verb, figure: f"In {bare}, {self.name} {verb} about {figure}.".replace("about ", ""),
                "bare month",
            )
        if self.bars[0].day < date(day.year - 1, 1, 1) - timedelta(days=5):
            whole = self.change(self.before(date(day.year - 1, 1, 1)), year)
            yield from self.moves(
                whole, lambda verb, figure: f"{start} {verb} {figure} in {day.year - 1}.", "last year"
            )
        if day.weekday() == 4:
            monday = day - timedelta(days=4)
            week = self.change(self.before(monday), self.at)
            yield from self.moves(
                week, lambda verb, figure: f"For the week, {self.name} {verb} {figure}.", "week"
            )
            yield from self.moves(
                week, lambda verb, figure: f"{start} {verb} {figure} this week.", "this week"
            )

    def _history(self, start: str, weekday: str) -> Iterator[Case]:
        day = self.day
        run, side = self.streak(self.at)
        if 2 <= run <= 10:
            word = "gain" if side == "up" else "decline"
            verb = "rose" if side == "up" else "fell"
            yield Case(
                f"{start} {verb} on {weekday} for a {ORDINALS[run]} straight day.", True, "straight day", day
            )
            yield Case(
                f"{start} {verb} on {weekday} for a {ORDINALS[run + 2]} straight day.",
                False,
                "straight day",
                day,
            )
            yield Case(
                f"{start} {verb} on {weekday}, its {ORDINALS[run]} consecutive {word}.",
                True,
                "consecutive",
                day,
            )
            yield Case(
                f"{start} {verb} on {weekday}, its {ORDINALS[run + 1]} consecutive {word}.",
                False,
                "consecutive",
                day,
            )
        before, was = self.streak(self.at - 1)
        if run == 1 and 3 <= before <= 10 and was != side:
            verb, streak = ("rose", "losing") if side == "up" else ("fell", "winning")
            told = f"{start} {verb} on {weekday}, snapping a {NUMBERS[before]}-day {streak} streak."
            yield Case(told, True, "snapped", day)
            yield Case(told.replace(NUMBERS[before], NUMBERS[before + 2]), False, "snapped", day)
        closes = [bar.close for bar in self.bars[: self.at + 1]]
        if self.symbol in TITLES:
            if closes[-1] > max(closes[:-1]):
                yield Case(f"{start} closed at a record on {weekday}.", True, "record", day)
            elif closes[-1] < max(closes[:-1]) * Decimal("0.98") and self.today.high < max(
                bar.high for bar in self.bars[: self.at]
            ) * Decimal("0.99"):
                yield Case(f"{start} closed at a record high on {weekday}.", False, "record", day)
        higher = [place for place in range(self.at) if closes[place] >= closes[-1]]
        if higher and self.symbol != "VIX":
            last = self.bars[higher[-1]].day
            if (day - last).days > 40:
                said = f"{MONTHS[last.month - 1]} {last.year}"
                yield Case(
                    f"{start} rose on {weekday} to its highest close since {said}."
                    if closes[-1] > closes[-2]
                    else f"{start} ended {weekday} at its highest close since {said}.",
                    True,
                    "highest since",
                    day,
                )
                early = last - timedelta(days=200)
                if early > self.bars[0].day:
                    said = f"{MONTHS[early.month - 1]} {early.year}"
                    yield Case(
                        f"{start} ended {weekday} at its highest close since {said}.",
                        False,
                        "highest since",
                        day,
                    )
        yield from self._worst(start, weekday)
        yield from self._levels(start, weekday)

    def _worst(self, start: str, weekday: str) -> Iterator[Case]:
        now = self.change(self.at - 1, self.at)
        if abs(now) < Decimal("1.2"):
            return
        best = now > 0
        as_far = [
            place
            for place in range(1, self.at)
            if (self.change(place - 1, place) >= now if best else self.change(place - 1, place) <= now)
        ]
        if not as_far:
            return
        last = self.bars[as_far[-1]].day
        if (self.day - last).days < 40:
            return
        word = "best" if best else "worst"
        verb = "jumped" if best else "sank"
        said = f"{MONTHS[last.month - 1]} {last.year}"
        figure = rounded(abs(now), 1)
        yield Case(
            f"{start} {verb} {figure}% on {weekday} for its {word} day since {said}.",
            True,
            "best day",
            self.day,
        )
        early = last - timedelta(days=150)
        if early > self.bars[0].day:
            said = f"{MONTHS[early.month - 1]} {early.year}"
            yield Case(
                f"{start} {verb} on {weekday} for its {word} day since {said}.", False, "best day", self.day
            )

    def _levels(self, start: str, weekday: str) -> Iterator[Case]:
        if self.symbol not in TITLES:
            return
        step = Decimal(100)
        level = (self.today.close // step) * step
        before = self.bars[self.at - 1].close
        if before < level < self.today.close:
            yield Case(f"{start} closed above {level:,} on {weekday}.", True, "closed above", self.day)
        yield Case(
            f"{start} closed above {level + 3 * step:,} on {weekday}.", False, "closed above", self.day
        )
        peak = max(bar.close for bar in self.bars[: self.at + 1])
        below = (peak - self.today.close) * 100 / peak
        if below > Decimal("3.5"):
            yield Case(
                f"{start} ended {weekday} {rounded(below, 1)}% below its record close.",
                True,
                "below record",
                self.day,
            )
            yield Case(f"{start} is now within 2% of its record high.", False, "within record", self.day)

    def _pairs(self, weekday: str) -> Iterator[Case]:
        if self.symbol != "SPX":
            return
        other = "IXIC" if self.dice.random() < 0.5 or "RUT" not in self.others else "RUT"
        bars = self.others[other]
        at = next((place for place, bar in enumerate(bars) if bar.day == self.day), 0)
        if not at:
            return
        mine = self.change(self.at - 1, self.at)
        theirs = (bars[at].close - bars[at - 1].close) * 100 / bars[at - 1].close
        if mine * theirs <= 0 or min(abs(mine), abs(theirs)) < Decimal("0.15"):
            return
        verb = "rose" if mine > 0 else "fell"
        one, two = rounded(abs(mine), 1), rounded(abs(theirs), 1)
        names = f"The S&P 500 and the {TITLES[other]}"
        yield Case(
            f"{names} {verb} {one}% and {two}%, respectively, on {weekday}.", True, "respectively", self.day
        )
        yield Case(
            f"{names} {verb} {self.wrong(mine, 1)}% and {two}%, respectively, on {weekday}.",
            False,
            "respectively",
            self.day,
        )
        yield Case(
            f"The S&P 500 {verb} {one}% on {weekday}, while the {TITLES[other]} {verb} {two}%.",
            True,
            "while",
            self.day,
        )
        yield Case(
            f"The S&P 500 {verb} {one}% on {weekday}, while the {TITLES[other]} {verb} {self.wrong(theirs, 1)}%.",
            False,
            "while",
            self.day,
        )


def _perfect(verb: str) -> str:
    return {
        "rose": "risen",
        "was up": "gained",
        "fell": "fallen",
        "was down": "lost",
        "climbed": "climbed",
    }.get(verb, verb)


def cases(data: dict[str, list[Bar]], *, days: int, seed: int, first: date = date(2018, 6, 1)) -> list[Case]:
    """Cases of so many seeded sessions, every instrument on each."""
    dice = random.Random(seed)
    chosen = dice.sample([bar.day for bar in data["SPX"] if bar.day >= first], days)
    found: list[Case] = []
    for day in sorted(chosen):
        for symbol, bars in data.items():
            at = next((place for place, bar in enumerate(bars) if bar.day == day), 0)
            if at > 300 and bars[at - 1].day >= day - timedelta(days=5):
                found += Claimant(symbol, bars, at, dice, data).cases()
    return found
