"""What the gateway takes besides what every service takes."""

from services.settings import HttpUrl, Origins, Secret, Settings


class GatewaySettings(Settings):
    jwt_secret: Secret
    internal_token: Secret
    account_url: HttpUrl
    keys_url: HttpUrl
    allowed_origins: Origins = ()
