"""Who asks: a header, a token, or a login that answers with one."""

from pydantic import Field, SecretStr, model_validator

from harness.environment.section import Name, Pointer, Section


class Login(Section):
    """How a token is got: a request whose JSON answer holds it."""

    service: Name
    path: str = Field("/login", pattern="^/")
    json_: dict[str, SecretStr] = Field({}, alias="json", description="The body; references.")
    expect_status: int = Field(200, ge=200, le=299)
    token: Pointer = "/access_token"  # noqa: S105  where it stands


class Identity(Section):
    """One of three: `token` (sent as Bearer), `headers`, or `login`."""

    token: SecretStr | None = None
    headers: dict[str, SecretStr] | None = None
    login: Login | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> "Identity":
        if [self.token, self.headers, self.login].count(None) != 2:
            raise ValueError("give `token`, `headers` or `login`, one of the three")
        return self
