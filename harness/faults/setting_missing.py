"""A service is started without something that it needs."""

import asyncio
from pathlib import Path

from harness.environment import Environment
from harness.faults import Fault, Place, Seen, Site
from harness.faults._settings import first_with_reference

ENDS_WITHIN_S = 5.0


class SettingMissing(Fault):
    """A required setting is missing: the service ends at its start, with a line that names it."""

    at = "service"
    kind = "settings"
    needs = frozenset({"settings", "processes"})
    seen = Seen(health="fail", silent=True)

    def fits(self, environment: Environment, place: Place) -> bool:
        return first_with_reference(environment, place.service) is not None

    async def inject(self, site: Site, place: Place) -> None:
        name = first_with_reference(site.environment, place.service)
        assert name is not None, "it is not put in where it does not fit"
        await site.start(place.service, settings={name: None})
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                while site.pids(place.service):  # noqa: ASYNC110 - only its end tells
                    await asyncio.sleep(0.02)
        except TimeoutError:
            return  # It runs without: whoever watches its health sees that.

    async def amiss(self, site: Site, place: Place) -> str | None:
        name = first_with_reference(site.environment, place.service)
        log = Path(site.references["stack:logs"]) / f"{place.service}.log"
        last = log.read_text(errors="replace").rstrip().rpartition("\n")[2]
        if name is not None and name in last:
            return None
        return f"its log should end with a line that names {name}"

    async def heal(self, site: Site, place: Place) -> None:
        await site.start(place.service)
