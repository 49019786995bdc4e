"""What an environment lets suites see that no client of the system does."""

from pydantic import Field, SecretStr

from harness.environment.section import Name, Section


class Insight(Section):
    """Each is optional: what needs one that is not given does not run, and the report says so."""

    database: SecretStr | None = Field(
        None, description="The URL of the PostgreSQL database, to look at what is stored."
    )
    logs: str | None = Field(
        None, description="A folder; each service writes to SERVICE.log there."
    )
    secrets: dict[Name, SecretStr] = Field(
        {}, description="Secrets of the services, such as a signing key; what for is the suite's."
    )
