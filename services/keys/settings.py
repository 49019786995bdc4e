"""What the service keys takes from its environment."""

from services.settings import DatabaseUrl, Secret, Settings


class KeysSettings(Settings):
    """The database, and the token by which the gateway is known."""

    database_url: DatabaseUrl
    internal_token: Secret
