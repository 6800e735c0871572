from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import wire
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

SESSIONS = [day for day in np.arange("2025-11-03", "2026-02-28", dtype="datetime64[D]") if np.is_busday(day)]
LISTED = {"NYSE:A": "stock"}

# What one source gives: from which session, how many, at which anchor, and single closes that are off.
source = st.tuples(
    st.integers(0, 60), st.integers(1, 80), st.sampled_from([1.0, 1.0001, 1.0015, 2.0]),
    st.dictionaries(st.integers(0, 79), st.sampled_from([1.001, 1.02, 1.2]), max_size=3),
)  # fmt: skip


def rows(shape: tuple[int, int, float, dict[int, float]], until: date | None = None) -> dict[str, float]:
    start, count, factor, odd = shape
    return {
        str(day): round((100 + number) * factor * odd.get(number, 1.0), 4)
        for number, day in list(enumerate(SESSIONS))[start : start + count]
        if until is None or day.item() <= until
    }


@given(st.lists(source, min_size=1, max_size=3), st.integers(0, len(SESSIONS) - 1))
@how(max_examples=25, deadline=None)
def test_what_comes_later_never_changes_an_earlier_view(
    shapes: list[tuple[int, int, float, dict[int, float]]], at: int
) -> None:
    as_of = SESSIONS[at].item()

    def seen(until: date | None) -> list[object]:
        harvests = [
            wire.parse(wire.bars(rows(shape, until)), listed=LISTED, name=f"s{number}")
            for number, shape in enumerate(shapes)
        ]
        with tempfile.TemporaryDirectory() as folder, wire.open_store(Path(folder), *harvests) as store:
            view = store.view(as_of)
            if not view.symbols_with_bars():
                return []
            bars = view.bars("NYSE:A")
            return [bars.days.tolist(), bars.close.tolist(), bars.origin.source]

    assert seen(None) == seen(as_of)
