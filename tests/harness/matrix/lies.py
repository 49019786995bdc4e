"""Ways in which a service can be untrue about its health, and the truth."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

HEALTH, LIVE = "/health", "/health/live"
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Told:
    """A health answer."""

    status: int
    headers: Headers
    body: dict[str, Any]

    @property
    def passes(self) -> bool:
        return self.status == 200


class Hung(Exception):  # noqa: N818  what becomes of a request
    """No answer ever comes."""


Ask = Callable[[str], Awaitable[Told]]


class Honest:
    """Tells what the service itself would."""

    async def health(self, ask: Ask) -> Told:
        return await ask(HEALTH)

    async def live(self, ask: Ask) -> Told:
        return await ask(LIVE)


class AlwaysPasses(Honest):
    """All is well, whatever the look at it showed."""

    async def health(self, ask: Ask) -> Told:
        told = await ask(HEALTH)
        entries = told.body.get("checks", {}).values()
        for each in (told.body, *(entry for several in entries for entry in several)):
            each["status"] = "pass"
            each.pop("output", None)
        return replace(told, status=200)


class Nameless(Honest):
    """Something is wrong, and nobody learns what."""

    async def health(self, ask: Ask) -> Told:
        told = await ask(HEALTH)
        if not told.passes:
            del told.body["checks"]
        return told


class OnlyAtStart(Honest):
    """It was well once, and so it is for ever."""

    lasts_s = float("inf")

    def __init__(self) -> None:
        self._kept: Told | None = None
        self._kept_at_s = 0.0

    async def health(self, ask: Ask) -> Told:
        if self._kept is None or self.now_s() - self._kept_at_s >= self.lasts_s:
            told = await ask(HEALTH)
            # What it keeps first is a pass, for else no stack would come up.
            if self._kept is None and not told.passes:
                return told
            self._kept, self._kept_at_s = told, self.now_s()
        return self._kept

    @staticmethod
    def now_s() -> float:
        return time.monotonic()


class OnlyAtStartInFreshWords(OnlyAtStart):
    """The same, with the time of the call in it."""

    async def health(self, ask: Ask) -> Told:
        told = await super().health(ask)
        for entries in told.body.get("checks", {}).values():
            for entry in entries:
                entry["time"] = datetime.now(UTC).isoformat()
        return told


class CachedForAMinute(OnlyAtStart):
    """What it found out holds for 60 s."""

    lasts_s = 60.0


class LivesByItsDatabase(Honest):
    """It calls itself dead when something else is."""

    async def live(self, ask: Ask) -> Told:
        return await ask(HEALTH)


class DiesInSilence(Honest):
    """The same, and does not say what it goes by."""

    async def live(self, ask: Ask) -> Told:
        told = await ask(HEALTH)
        del told.body["checks"]
        return told


class Hangs(Honest):
    """It waits for what does not answer."""

    async def health(self, ask: Ask) -> Told:
        told = await ask(HEALTH)
        if not told.passes:
            raise Hung
        return told


LIES: dict[str, type[Honest]] = {
    "none": Honest,
    "always_passes": AlwaysPasses,
    "nameless": Nameless,
    "only_at_start": OnlyAtStart,
    "only_at_start_in_fresh_words": OnlyAtStartInFreshWords,
    "cached_for_a_minute": CachedForAMinute,
    "lives_by_its_database": LivesByItsDatabase,
    "dies_in_silence": DiesInSilence,
    "hangs": Hangs,
}
