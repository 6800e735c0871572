"""All signals over many symbols: a day's refresh, and each measure's whole history beside bare numpy.

    python bench/bench_signals.py [SYMBOLS] [YEARS]      # 3000 and 20, the target; made-up prices, fixed seed

The target: a day's refresh within half a second, no measure's history slower than numpy written out beside it, and a
peak under 3 GB. Exits 1 where one is missed.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from broadtape.metrics import panel as panels
from broadtape.metrics.panel import AVERAGE, USUAL, YEAR, Panel

REFRESH_AT_MOST, MEMORY_AT_MOST = 0.5, 3.0  # seconds, GB
SLACK = 1.10  # of two timings of the same work on a shared machine


def made_up(symbols: int, years: int) -> Panel:
    """Prices that wander, with opens, ranges and volumes."""
    chance = np.random.default_rng(7)
    shape = (years * 252, symbols)
    close = chance.standard_normal(shape)
    close *= 0.015
    close += 0.0003
    np.cumsum(close, axis=0, out=close)
    np.exp(close, out=close)
    close *= 40
    spread = 0.01
    volume = np.exp(chance.standard_normal(shape, dtype=np.float32) * 0.4, dtype=np.float64)
    return Panel(
        tuple(f"NYSE:S{at}" for at in range(symbols)), close, open=np.roll(close, 1, axis=0) * 1.002,
        high=close * (1 + spread), low=close * (1 - spread), volume=volume,
    )  # fmt: skip


def timed(work: Callable[[], Any], times: int = 2) -> float:
    """The best of a few runs, in seconds."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def refresh(panel: Panel) -> None:
    """Every signal of the last session, as an edition asks them; the panel's changes are kept from day to day."""
    panels.rarity(panel), panels.size(panel), panels.run(panel), panels.records(panel)
    panels.year_extremes(panel), panels.drawdown(panel), panels.crossed(panel, 10), panels.crossed(panel, 20)
    panels.average_crossed(panel), panels.round_crossed(panel), panels.gapped(panel), panels.reversal(panel)
    panels.volume(panel), panels.advancing(panel), panels.above_average(panel).mean()


def _runs_by_numpy(changes: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]  # a float array
    signs = np.sign(np.nan_to_num(changes))
    found = np.zeros(signs.shape)
    for at in range(1, len(signs)):
        found[at] = np.where(signs[at] == signs[at - 1], found[at - 1] + signs[at], signs[at])
    return found


def _windows(values: np.ndarray, length: int) -> np.ndarray:  # type: ignore[type-arg]  # a float array
    return np.lib.stride_tricks.sliding_window_view(values, length, axis=0)


def _by_numpy(panel: Panel) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Each measure's history, ours and as one would write it in numpy."""
    close, changes, volume = panel.close, panel.changes, panel.volume
    assert volume is not None

    recent = Panel(
        panel.symbols, close[-504:], volume=volume[-504:]
    )  # medians of 20 years take either a minute

    def blocks(of: Callable[[Any], Any], values: Any, length: int) -> None:
        for start in range(0, len(values) - length, 256):  # whole windows at once would not fit
            of(_windows(values[start : start + 256 + length - 1], length))

    def record() -> Any:
        best = np.maximum.accumulate(close, axis=0)
        return close[1:] > best[:-1]

    def average() -> Any:
        total = np.cumsum(close, axis=0)
        return close[AVERAGE:] > (total[AVERAGE:] - total[:-AVERAGE]) / AVERAGE

    return {
        "run": (lambda: panels.run_history(panel), lambda: _runs_by_numpy(changes)),
        "record": (lambda: panels.record_history(panel), record),
        "drawdown": (
            lambda: panels.drawdown_history(panel), lambda: (close / np.maximum.accumulate(close, axis=0) - 1) * 100,
        ),
        "52-week high": (
            lambda: panels.year_high_history(panel), lambda: blocks(lambda w: w.max(axis=-1), close, YEAR),
        ),
        "average": (lambda: panels.average_history(panel), average),
        "size": (
            lambda: panels.size_history(panel), lambda: blocks(lambda w: w.std(axis=-1, ddof=1), changes, USUAL),
        ),
        "volume, 2 years": (
            lambda: panels.volume_history(recent),
            lambda: blocks(lambda w: np.median(w, axis=-1), volume[-504:], USUAL),
        ),
    }  # fmt: skip


def main() -> int:
    """Measures and judges."""
    symbols = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    years = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    panel = made_up(symbols, years)
    first = timed(lambda: (panel.changes, panel.sizes, panel.best, panel.worst), 1)
    day = timed(lambda: refresh(panel), 3)
    print(f"{symbols} symbols, {years} years: loaded once {first:.2f} s, a day's refresh {day:.3f} s")
    missed = [] if day <= REFRESH_AT_MOST else [f"refresh {day:.2f} s"]
    for name, (ours, bare) in _by_numpy(panel).items():
        mine, plain = timed(ours), timed(bare, 1 if name in {"52-week high", "size"} else 2)
        print(f"  {name:<16} {mine:7.2f} s   numpy {plain:7.2f} s   {mine / plain:5.2f}")
        if mine > plain * SLACK:
            missed.append(f"{name}: {mine / plain:.2f} of numpy")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak {peak:.2f} GB")
    if peak > MEMORY_AT_MOST:
        missed.append(f"peak {peak:.2f} GB")
    print("missed: " + "; ".join(missed) if missed else "all within the target")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
