"""What the edge takes besides what every service takes."""

from urllib.parse import urlsplit

from pydantic import Field

from services.settings import CommaSeparated, HttpUrl, Settings


class EdgeSettings(Settings):
    """Host names are compared without case and without port.

    Attributes:
        public_url: Where clients reach it with TLS; plain `http` is redirected to its port.
        site_hosts: The names of the site besides that of `public_url`: frontend at `/`, auth at
            `/auth`, gateway at `/api`.
        auth_hosts: The names that are auth's alone.
        api_hosts: The names that are the gateway's alone.
        client_address_header: In it the services are told who the client is.
        upstream_limit_s: A service that is silent for so long is given up: 504. Fly's proxy waits
            for a minute.
    """

    public_url: HttpUrl
    frontend_url: HttpUrl
    auth_url: HttpUrl
    gateway_url: HttpUrl
    site_hosts: CommaSeparated = ()
    auth_hosts: CommaSeparated = ()
    api_hosts: CommaSeparated = ()
    client_address_header: str = Field("Fly-Client-IP", pattern=r"^[A-Za-z0-9-]{1,64}$")
    upstream_limit_s: float = Field(60.0, ge=0.1, le=300, allow_inf_nan=False)

    @property
    def public_host(self) -> str:
        host = urlsplit(self.public_url).hostname or ""
        return f"[{host}]" if ":" in host else host

    @property
    def public_port(self) -> int:
        return urlsplit(self.public_url).port or 443
