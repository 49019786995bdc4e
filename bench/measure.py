"""Rounds in which each contestant has its turn, and what is made of their figures."""

import json
import random
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
SEED = 7


@dataclass(frozen=True)
class Figure:
    """One measured thing.

    Attributes:
        name: What was measured.
        unit: Of the values.
        values: One a round, in the order of the rounds.
        median: Of the values.
        ratio: The median of the ratios to the reference, round by round; None without reference.
        limit: What the median, or the ratio where there is one, should not exceed.
    """

    name: str
    unit: str
    values: list[float]
    median: float
    ratio: float | None
    limit: float | None

    @property
    def is_met(self) -> bool | None:
        if self.limit is None:
            return None
        return (self.median if self.ratio is None else self.ratio) <= self.limit


def interleave(
    contestants: Mapping[str, Callable[[], Mapping[str, float]]], rounds: int
) -> dict[str, list[float]]:
    """Runs every contestant once a round, in an order that changes from round to round.

    Returns:
        For each name that a contestant reports, its values.
    """
    order = random.Random(SEED)
    values: dict[str, list[float]] = {}
    for number in range(rounds):
        names = list(contestants)
        order.shuffle(names)
        for name in names:
            sys.stderr.write(f"\rround {number + 1} of {rounds}: {name:<30}")
            for key, value in contestants[name]().items():
                values.setdefault(key, []).append(value)
    sys.stderr.write("\r" + " " * 60 + "\r")
    return values


def figure(
    name: str,
    unit: str,
    values: list[float],
    *,
    reference: list[float] | None = None,
    limit: float | None = None,
) -> Figure:
    ratios = (
        [value / floor for value, floor in zip(values, reference, strict=True)]
        if reference
        else None
    )
    return Figure(
        name,
        unit,
        values,
        statistics.median(values),
        statistics.median(ratios) if ratios else None,
        limit,
    )


def show(title: str, figures: list[Figure]) -> None:
    """Prints a table, and writes the same with every single value as JSON."""
    print(f"\n{title}\n{'':<34}{'median':>10}  {'min':>8}  {'max':>8}  {'ratio':>6}  {'limit':>6}")
    for each in figures:
        ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
        limit = "" if each.limit is None else f"{each.limit:g}"
        verdict = {None: "", True: "met", False: "NOT MET"}[each.is_met]
        print(
            f"{each.name:<34}{each.median:>10.3g}{each.unit:>2}{min(each.values):>8.3g}  "
            f"{max(each.values):>8.3g}  {ratio:>6}  {limit:>6}  {verdict}"
        )
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{title}.json"
    path.write_text(json.dumps([asdict(each) for each in figures], indent=1) + "\n")
    print(
        f"every value: {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}"
    )
