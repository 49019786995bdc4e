"""What the gateway takes besides what every service takes."""

from pydantic import Field

from services.forward import CLIENT_LIMIT_S
from services.settings import HttpUrl, Origins, Secret, Settings


class GatewaySettings(Settings):
    """`CLIENT_LIMIT_S`: how long a client may be silent within its body."""

    jwt_secret: Secret
    internal_token: Secret
    account_url: HttpUrl
    keys_url: HttpUrl
    allowed_origins: Origins = ()
    client_limit_s: float = Field(CLIENT_LIMIT_S, ge=0.1, le=300, allow_inf_nan=False)
