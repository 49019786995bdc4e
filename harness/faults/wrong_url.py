"""A service looks for a dependency in the wrong place."""

from urllib.parse import urlsplit

from harness.environment import Environment
from harness.faults import Fault, Place, Seen, Site
from harness.faults._settings import leading_to

# Where no machine has anybody listen: tcpmux, which nobody uses.
DEAD_PORT = 1


class WrongUrl(Fault):
    """The service is started with a URL of the dependency at which nobody listens."""

    at = "dependency"
    kind = "settings"
    needs = frozenset({"settings"})
    seen = Seen(health="fail")

    def fits(self, environment: Environment, place: Place) -> bool:
        return bool(leading_to(environment, place.service, str(place.dependency), ""))

    async def inject(self, site: Site, place: Place) -> None:
        url = urlsplit(site.references[f"stack:{place.dependency}.url"])
        # Without user and password: there is nobody to show them to.
        dead = url._replace(netloc=f"{url.hostname}:{DEAD_PORT}").geturl()
        wrong = leading_to(site.environment, place.service, str(place.dependency), dead)
        await site.start(place.service, settings=wrong)

    async def heal(self, site: Site, place: Place) -> None:
        await site.start(place.service)
