"""What the service account takes from its environment."""

from services.settings import DatabaseUrl, Secret, Settings


class AccountSettings(Settings):
    """Besides what every service takes."""

    database_url: DatabaseUrl
    internal_token: Secret
