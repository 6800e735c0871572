"""What a claim is judged by and what comes of it: its surroundings, objections, the verdict.

Owns no judging: entail applies the rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from broadtape.desk.claims.names import NameTable
from broadtape.desk.claims.parts import Window
from broadtape.model import Status


@dataclass(frozen=True, slots=True)
class Context:
    """What the surroundings of a claim contribute.

    `subject`: the symbols the nearest name before the claim may mean, None when nothing is named.
    `windows`: stretches of sessions already spoken of, which a claim may leave unsaid; None: it may always.
    `total_said`, `scoped`, `median_said`, `closes_said`: whether the surroundings say that dividends are included,
    since when the data run, that a figure is a median or an average, and that prices are those of closes.
    """

    as_of: date
    names: NameTable
    subject: frozenset[str] | None = None
    windows: frozenset[Window] | None = None
    total_said: bool = True
    scoped: bool = False
    median_said: bool = False
    closes_said: bool = False
    subject_required: bool = True

    @property
    def said(self) -> tuple[object, ...]:
        """All of it but the names, which do not change while a claim is remembered."""
        return (
            self.as_of, self.subject, self.windows, self.total_said, self.scoped, self.median_said,
            self.closes_said, self.subject_required,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a text does not follow from the fact: contradicted where the fact says otherwise, else unsupported."""

    status: Status
    reason: str
    claimed: str = ""
    computed: str = ""


@dataclass(slots=True)
class Verdict:
    """The objections to a claim (none: it follows), and whether it says which sessions it covers.

    Only who judges writes into it: it is remembered and given again.
    """

    objections: list[Objection] = field(default_factory=list)
    says_window: bool = False

    @property
    def holds(self) -> bool:
        """Whether the claim follows from the fact."""
        return not self.objections
