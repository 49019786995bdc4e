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
        limit: What the median should not exceed, where the machine is the one it was set on.
        ratio_limit: What the ratio should not exceed, on any machine.
    """

    name: str
    unit: str
    values: list[float]
    median: float
    ratio: float | None
    limit: float | None
    ratio_limit: float | None

    @property
    def told(self) -> str:
        """What has become of the limits, in words."""
        pairs = [("", self.median, self.limit), ("ratio ", self.ratio, self.ratio_limit)]
        return ", ".join(
            f"{what}≤ {limit:g} {'met' if value <= limit else 'NOT MET'}"
            for what, value, limit in pairs
            if limit is not None and value is not None
        )


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
    ratio_limit: float | None = None,
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
        ratio_limit,
    )


def show(title: str, figures: list[Figure]) -> None:
    """Prints a table, and writes the same with every single value as JSON."""
    print(f"\n{title}\n{'':<30}{'median':>12}{'min':>9}{'max':>9}{'ratio':>8}  limits")
    for each in figures:
        ratio = "" if each.ratio is None else f"{each.ratio:.3f}"
        print(
            f"{each.name:<30}{each.median:>8.3g} {each.unit:<3}{min(each.values):>9.3g}"
            f"{max(each.values):>9.3g}{ratio:>8}  {each.told}"
        )
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{title}.json"
    path.write_text(json.dumps([asdict(each) for each in figures], indent=1) + "\n")
    print(
        f"every value: {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}"
    )
