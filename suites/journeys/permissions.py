"""The permission matrix: who does what, and whether they may, cell by cell."""

from collections.abc import Iterator
from dataclasses import dataclass

from suites.keyarc.contract import IN_A_TEAM, ONES_OWN
from suites.keyarc.forgery import FORGERIES

NOBODY = "nobody"
# Others who ask with headers that name the owner: to be taken for who they are, or nobody.
FORGING_OTHER, FORGING_NOBODY = "other with forged headers", "nobody with forged headers"
DELETED = "a deleted user's token"
# Each is tried at one path of every service (`test_forged_tokens`); these at every action.
TRIED_EVERYWHERE = ("an expired token", "a token by another key", "an unsigned token")
# What each takes (`harness.needs`).
UNINVITED: dict[str, str | None] = {
    FORGING_NOBODY: None,
    DELETED: None,
    **{each.name: each.need for each in FORGERIES if each.name in TRIED_EVERYWHERE},
}


@dataclass(frozen=True)
class Cell:
    """Who does what, and whether they may. `need`: what trying it takes."""

    who: str
    does: str
    may: bool
    need: str | None = None

    def __str__(self) -> str:
        return f"{self.who} {'may' if self.may else 'may not'} {self.does}"


def by_role() -> list[Cell]:
    """The contract's tables."""
    return [*_read(IN_A_TEAM), *_read(ONES_OWN)]


def actions() -> list[str]:
    return list(dict.fromkeys(cell.does for cell in by_role()))


def by_forging_other() -> list[Cell]:
    """As without those headers. What is not to be named is done to one's own."""
    refused = {cell.does for cell in by_role() if cell.who == "other"}
    return [Cell(FORGING_OTHER, does, may=does not in refused) for does in actions()]


def by_nobody() -> list[Cell]:
    return [Cell(NOBODY, does, may=False) for does in actions()]


def by_uninvited() -> list[Cell]:
    """Whoever has no valid token of a user who is there."""
    return [
        Cell(who, does, may=False, need=need)
        for who, need in UNINVITED.items()
        for does in actions()
    ]


def matrix() -> list[Cell]:
    """All of it."""
    return [*by_role(), *by_forging_other(), *by_nobody(), *by_uninvited()]


def _read(table: str) -> Iterator[Cell]:
    head, *rows = [
        [entry.strip() for entry in line.split("|")] for line in table.strip("\n").splitlines()
    ]
    for does, *entries in rows:
        for who, entry in zip(head[1:], entries, strict=True):
            if entry != "-":
                yield Cell(who, does, {"yes": True, "no": False}[entry])
