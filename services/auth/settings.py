"""What the service auth takes from its environment."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from services.settings import CommaSeparated, DatabaseUrl, Origins, Rate, RateOf, Secret, Settings

Network = IPv4Network | IPv6Network


def _are_networks(parts: tuple[str, ...]) -> tuple[str, ...]:
    for part in parts:
        try:
            ip_network(part)
        except ValueError:
            raise ValueError("must list addresses or networks such as 10.0.0.0/8") from None
    return parts


class AuthSettings(Settings):
    """`RATE_LIMIT_…` are attempts a minute, or in other seconds (`5/2s`), for each client address
    and instance."""

    database_url: DatabaseUrl
    jwt_secret: Secret
    access_token_ttl_s: int = Field(7200, ge=1, le=86_400)
    rate_limit_login: RateOf = Rate(5)
    rate_limit_signup: RateOf = Rate(10)
    allowed_origins: Origins = ()
    trusted_proxies: Annotated[CommaSeparated, AfterValidator(_are_networks)] = ()
    client_address_header: str | None = Field(None, pattern=r"^[A-Za-z0-9-]+$")

    @property
    def trusted_networks(self) -> tuple[Network, ...]:
        return tuple(ip_network(part) for part in self.trusted_proxies)
