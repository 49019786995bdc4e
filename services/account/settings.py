"""What the service account takes from its environment."""

from pydantic import Field

from services.settings import DatabaseUrl, Secret, Settings


class AccountSettings(Settings):
    """`RATE_LIMIT_LOOKUP`: how often a minute a user may ask, of one instance, who has an email."""

    database_url: DatabaseUrl
    internal_token: Secret
    rate_limit_lookup: int = Field(60, ge=1, le=1_000_000)
