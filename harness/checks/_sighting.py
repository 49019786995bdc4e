"""What is seen of a private service from outside: looked for everywhere first, decided last."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass

from harness.errors import ContractViolation, NoData
from harness.model import Exchange
from harness.trail import current

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Something that speaks against privacy.

    Attributes:
        certain: It answers out there; else one cannot tell whether it does.
        exchange: The evidence, where it is certain.
    """

    what: str
    certain: bool
    exchange: Exchange | None = None


Seen = Sighting | BaseException


async def collected(looks: Iterable[Awaitable[Sequence[Seen]]]) -> list[Seen]:
    """Looks everywhere at once; one look that breaks keeps no other from seeing something."""
    found = await asyncio.gather(*looks, return_exceptions=True)
    return [one for look in found for one in ([look] if isinstance(look, BaseException) else look)]


def decide(name: str, seen: Sequence[Seen]) -> None:
    """Ends the check of a service by all that was seen.

    Raises:
        ContractViolation: It answers.
        NoData: One cannot tell.
    """
    sightings = [one for one in seen if isinstance(one, Sighting)]
    certain = [one for one in sightings if one.certain]
    if certain:
        _show(certain[0].exchange)
        raise ContractViolation(
            f"{name} is publicly reachable",
            expected="nothing that answers outside",
            came=_told(certain),
        )
    broken = [one for one in seen if isinstance(one, BaseException)]
    if broken:
        raise broken[0] if len(broken) == 1 else BaseExceptionGroup(f"looking for {name}", broken)
    if sightings:
        raise NoData(f"cannot tell whether {name} is private: {_told(sightings)}")


def _show(exchange: Exchange | None) -> None:
    """Has the report repeat this exchange: others came after it."""
    exchanges = current().exchanges
    if exchange in exchanges:
        current().decisive = exchanges.index(exchange)


def _told(sightings: Sequence[Sighting]) -> str:
    lines = list(dict.fromkeys(one.what for one in sightings))
    rest = [f"{len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "; ".join([*lines[:_SHOWN], *rest])
