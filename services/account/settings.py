"""What the service account takes from its environment."""

from services.settings import DatabaseUrl, Rate, RateOf, Secret, Settings


class AccountSettings(Settings):
    """`RATE_LIMIT_LOOKUP`: how often a minute, or in other seconds (`60/2s`), a user may ask of one
    instance who has an email."""

    database_url: DatabaseUrl
    internal_token: Secret
    rate_limit_lookup: RateOf = Rate(60)
