"""A service has other secrets than those that it shares them with."""

import secrets

from harness.environment import Environment, generated_in
from harness.faults import Fault, Place, Seen, Site
from harness.faults._settings import settings_of


class WrongSecret(Fault):
    """The service is started with secrets of its own, where it should share them with others."""

    at = "service"
    kind = "settings"
    needs = frozenset({"settings"})
    # Nothing tells a service that others have other secrets, until a request shows it.
    seen = Seen(health="pass", users="some")

    def fits(self, environment: Environment, place: Place) -> bool:
        return bool(_generated(environment, place))

    async def inject(self, site: Site, place: Place) -> None:
        names = _generated(site.environment, place)
        others: dict[str, str | None] = {name: secrets.token_urlsafe(48) for name in names}
        await site.start(place.service, settings=others)

    async def heal(self, site: Site, place: Place) -> None:
        await site.start(place.service)


def _generated(environment: Environment, place: Place) -> list[str]:
    settings = settings_of(environment, place.service)
    return [name for name, text in settings.items() if generated_in(text)]
