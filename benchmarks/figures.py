"""Figures beside a peer and a goal, and the table of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement beside its peer and its goal."""

    what: str
    unit: str
    ours: float
    peer: float
    ratio: str
    goal: str
    met: bool | None


def timed(action: Callable[[], object]) -> float:
    """Milliseconds that it took."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def print_table(figures: list[Figure]) -> None:
    """Print one line a figure."""
    print(f"{'':<40}{'ours':>10}{'beside':>12}   {'ratio':<14}{'goal':<8}")
    for each in figures:
        verdict = "" if each.met is None else ("met" if each.met else "MISSED")
        ours, peer = f"{each.ours:.2f} {each.unit}", f"{each.peer:.2f} {each.unit}"
        print(f"{each.what:<40}{ours:>10}{peer:>12}   {each.ratio:<14}{each.goal:<8} {verdict}")
