"""Titles, summaries, captions and headings: each figure, verb and date is of the subject it is said of."""

from __future__ import annotations

import pytest
from claimed import AS_OF, LARGE, NAMES, SMALL, TECH, _window, fact, number, on, who

from broadtape.desk.claims.unlinked import Unlinked
from broadtape.model import Fact, Status

_DAY = _window("2026-01-12", "2026-01-12", 1)
_MONTH = _window("2025-12-01", "2025-12-31", 22)


def day(of: str, change: str, to: str, tags: str) -> Fact:
    return fact(
        f"return?of={of}&over=1s", number("value", "change", change), who(of), *_DAY,
        number("to", "level", to, "points"), tags=tags,
    )  # fmt: skip


def quote(of: str, level: str, change: str, percent: str, tags: str) -> Fact:
    return fact(
        f"quote?of={of}", number("value", "level", level, "points"), who(of),
        number("change", "change", change, "points"), number("percent", "change", percent), on("date", "2026-01-12"),
        tags=f"close {tags}",
    )  # fmt: skip


FACTS = (
    day(SMALL, "0.44", "2635.69", "up size1"),
    day(LARGE, "1.32", "6977.27", "up size3"),
    day(TECH, "-0.91", "23517.01", "down size2"),
    quote(SMALL, "2635.69", "11.54", "0.44", "up"),
    quote(LARGE, "6977.27", "90.91", "1.32", "up"),
    fact(f"return?of={SMALL}&over=2025-12", number("value", "change", "-0.74"), who(SMALL), *_MONTH, tags="down size0"),
    fact(f"return?of={LARGE}&over=2025-12", number("value", "change", "1.86"), who(LARGE), *_MONTH, tags="up size1"),
    fact(
        f"drawdown?of={SMALL}", number("value", "change", "-1.20"), who(SMALL), on("peak", "2026-01-08"),
        number("peak_level", "level", "2667.70", "points"), number("level", "level", "2635.69", "points"),
        on("data_start", "2016-06-28"), tags="below close down highest in-data record",
    ),
    fact(
        f"record?of={LARGE}", number("value", "level", "6977.27", "points"), who(LARGE), on("date", "2026-01-12"),
        on("data_start", "2016-06-28"), tags="close highest in-data record",
    ),
)  # fmt: skip


def failing(text: str) -> list[str]:
    """The reasons for which a text that stands without links is refused."""
    texts = Unlinked({one.id: one for one in FACTS}, NAMES, AS_OF, lambda _: "")
    return [
        objection.reason
        for _, status, _, objection in texts.prove(text)
        if status is not Status.VERIFIED and objection
    ]


@pytest.mark.parametrize(
    "text",
    [
        "S&P 500 jumps 1.3%; Russell 2000 edges up 0.4%",
        "The Russell 2000 and the S&P 500 rose 0.4% and 1.3%, respectively",
        "The S&P 500 and the Russell 2000 rose 1.3% and 0.4%",
        "The S&P 500 and the Russell 2000 rose",
        "The S&P 500 jumped 1.3%. The index closed at 6,977.27",
        "The S&P 500 jumped 1.3% and the Russell 2000 edged up 0.4%. It closed at 2,635.69",
        "The S&P 500 edged up 1.9% in December",
        "The S&P 500 jumped 1.3% to 6,977.27, a record close in data since 2016",
        "Line chart: the S&P 500 jumped 1.3% on Jan. 12.",
        "Russell 2000 and S&P 500",
    ],
)
def test_what_is_said_of_its_own_subject_stands(text: str) -> None:
    assert failing(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "S&P 500 jumps 0.4%; Russell 2000 edges up 1.3%",  # figures exchanged
        "Russell 2000 jumps 1.3%; S&P 500 edges up 0.4%",  # names exchanged
        "The Russell 2000 and the S&P 500 rose 1.3% and 0.4%, respectively",
        "The S&P 500 and the Russell 2000 rose 0.4% and 1.3%",
        "The Russell 2000 and the S&P 500 rose 1.3%",  # it is one name's
        "The Russell 2000 and the S&P 500 jumped 1.3%",
        "The Russell 2000, the Nasdaq Composite and the S&P 500 jumped 1.3%",
        "The Nasdaq Composite and the S&P 500 rose",
        "The S&P 500 and the Nasdaq Composite fell 0.9%",
        "S&P 500, Nasdaq Composite fall 0.9%",
        "The S&P 500 jumped 1.3% while the S&P 500 and the Nasdaq Composite fell 0.9%",
        "The Russell 2000 edged up 0.4%; the Russell 2000 and the S&P 500 jumped 1.3%",
        "The S&P 500 jumped 1.3%, the Nasdaq Composite",  # a name alone would share what stands beside it
        "The S&P 500 jumped 1.3%. The index closed at 2,635.69",
        "The S&P 500 jumped 1.3% and the Russell 2000 edged up 0.4%. It closed at 6,977.27",
        "The S&P 500 edged up 1.3%",
        "The Russell 2000 plunged",  # 1.2% below a record is no fall
        "The Russell 2000 fell",
        "The Russell 2000 edged up 0.4% in January",  # the session's change is not the month's
        "Russell 2000 rises 0.4% this month",
        "The Russell 2000 closed at 2,635.69 in January",
        "The S&P 500 closed at a record low of 6,977.27 in data since 2016",
        "The S&P 500 jumped 1.3% on Jan. 13",
        "The S&P 500 extended higher, up 1.3%",
    ],
)  # fmt: skip
def test_what_is_said_of_another_subject_size_or_time_is_refused_in_one_line(text: str) -> None:
    reasons = failing(text)

    assert len(reasons) == 1
    assert "\n" not in reasons[0]


def test_of_names_that_share_a_verb_the_one_it_does_not_hold_of_is_told() -> None:
    (reason,) = failing("The S&P 500 and the Nasdaq Composite rose")

    assert "the fact is −0.91 percent (down); the text says 'rose'" in reason
