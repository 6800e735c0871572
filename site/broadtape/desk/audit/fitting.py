"""Whether a printed figure fits a value: rounding, hedges, and the margin within which sources differ.

Owns the arithmetic of docs/definitions.md for other people's figures. Three answers: it fits, it is too near to say,
it does not fit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from broadtape.desk.audit.parts import Amount
from broadtape.desk.claims.parts import half_up

Fit = Literal["yes", "near", "no"]
_CENT = Decimal("0.01")


def fits(amount: Amount, value: Decimal, *, slack: Decimal = Decimal(0)) -> Fit:
    """Whether a size as printed fits a value; `slack` is by how much honest sources may differ."""
    printed, quantum = amount.value, amount.quantum
    margin = max(quantum, slack)
    if amount.upper is not None:
        return (
            "yes"
            if printed <= value <= amount.upper
            else "near"
            if printed - margin < value < amount.upper + margin
            else "no"
        )
    if amount.hedge == "about":
        return _around(printed, quantum, value, margin)
    if amount.hedge == "nearly":
        if half_up(value, quantum) == printed or printed * Decimal("0.95") <= value <= printed:
            return "yes"
        return "near" if printed * Decimal("0.85") <= value <= printed * Decimal("1.05") + margin else "no"
    if amount.hedge in {"over", "at-least"}:
        if value > printed or (amount.hedge == "at-least" and half_up(value, quantum) >= printed):
            return "yes"
        return "near" if value > printed - margin else "no"
    if amount.hedge in {"under", "at-most"}:
        if value <= printed or (amount.hedge == "at-most" and half_up(value, quantum) == printed):
            return "yes"
        return "near" if value < printed + margin else "no"
    if half_up(value, quantum) == printed or half_up(half_up(value, _CENT), quantum) == printed:
        return "yes"
    return "near" if abs(value - printed) <= quantum + slack else "no"


def _around(printed: Decimal, quantum: Decimal, value: Decimal, margin: Decimal) -> Fit:
    """ "About 2,600" is 2,550 to 2,650: rounded to its last digit that is not zero."""
    digits = printed.normalize().as_tuple()
    step = max(quantum, Decimal(1).scaleb(int(digits.exponent)) if printed else quantum)
    if half_up(value, step) == half_up(printed, step):
        return "yes"
    return "near" if abs(value - printed) <= max(step, margin, abs(printed) / 8) else "no"


def literal(amount: Amount, value: Decimal) -> bool:
    """Whether a hedge holds by its letter alone: "more than 5%" of 20%."""
    if amount.hedge == "over":
        return value > amount.value * Decimal("1.25")
    return amount.hedge == "under" and value < amount.value * Decimal("0.75")


def said(amount: Amount) -> str:
    """The figure as printed, with its unit."""
    return amount.text


def shown(value: Decimal, unit: str, decimals: int = 2) -> str:
    """A computed value as reasons print it: "−0.74%", "6,977.27"."""
    number = f"{half_up(value, Decimal(1).scaleb(-decimals)):,f}".replace("-", "−")
    if unit == "percent":
        return f"{number}%"
    if unit == "USD":
        return f"${number}" if value >= 0 else f"−${number.removeprefix('−')}"
    return f"{number} {unit}".strip() if unit not in {"number", ""} else number
