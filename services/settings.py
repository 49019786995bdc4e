"""Settings, from the environment alone."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MIN_SECRET_BYTES = 32
HOST = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
PORT = r"(?::(?P<port>[0-9]{1,5}))?"
HTTP_URL = re.compile(rf"https?://{HOST}{PORT}(?:/[^?#\s]*)?")
POSTGRES_URL = re.compile(
    rf"postgres(?:ql)?://(?:[^:/@]*(?::[^@]*)?@)?{HOST}?{PORT}/[^/?\s]+(?:\?\S*)?"
)
RATE = re.compile(r"([0-9]{1,7})(?:/([0-9]{1,4})s)?")
MINUTE_S, HOUR_S = 60, 3600
MOST_ATTEMPTS = 1_000_000
# Scheme, host, port, in lower case: what a browser sends as `Origin` (RFC 6454).
ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
        raise ValueError(f"must have at least {MIN_SECRET_BYTES} bytes")
    return secret


def _is_postgres_url(url: SecretStr) -> SecretStr:
    match = POSTGRES_URL.fullmatch(url.get_secret_value())
    if not match or not _is_port(match["port"]):
        raise ValueError("must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return url


def _is_http_url(url: str) -> str:
    match = HTTP_URL.fullmatch(url)
    if not match or not _is_port(match["port"]):
        raise ValueError("must be http://HOST:PORT or https://HOST:PORT")
    return url.rstrip("/")


def _is_port(text: str | None) -> bool:
    return text is None or 1 <= int(text) <= 65535


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


@dataclass(frozen=True)
class Rate:
    """How many attempts are taken in how long a time."""

    attempts: int
    window_s: int = MINUTE_S


def _as_rate(value: Any) -> Rate:
    if isinstance(value, Rate):
        return value
    match = RATE.fullmatch(str(value))
    rate = Rate(int(match[1]), int(match[2] or MINUTE_S)) if match else Rate(0)
    if not 1 <= rate.attempts <= MOST_ATTEMPTS or not 1 <= rate.window_s <= HOUR_S:
        raise ValueError("must be attempts a minute such as 5, or in other seconds such as 5/2s")
    return rate


Secret = Annotated[SecretStr, AfterValidator(_long_enough)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_is_postgres_url)]
HttpUrl = Annotated[str, AfterValidator(_is_http_url)]
# Made here by the validator; without NoDecode, pydantic-settings would want JSON.
RateOf = Annotated[Rate, NoDecode, BeforeValidator(_as_rate)]
CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


def _are_exact(origins: tuple[str, ...]) -> tuple[str, ...]:
    if not all(ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError("must list exact origins such as https://example.org: no *, no path")
    return origins


Origins = Annotated[CommaSeparated, AfterValidator(_are_exact)]


class Settings(BaseSettings):
    """What every service takes. A service adds its own fields in a subclass."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    environment: Literal["dev", "staging", "production"]
    release_id: str = Field(min_length=1, max_length=128)
    instance_id: str = Field(min_length=1, max_length=128)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


S = TypeVar("S", bound=BaseSettings)


def load(settings: type[S]) -> S:
    """Reads the settings, or ends the process with one line that names what is wrong.

    Raises:
        SystemExit: A variable is missing or malformed. The line never holds a value.
    """
    try:
        return settings()
    except ValidationError as error:
        problems = [
            f"{str(problem['loc'][0]).upper()}: {_sentence(problem['type'], problem['msg'])}"
            for problem in error.errors(include_url=False, include_context=False)
        ]
        raise SystemExit(f"cannot start: {'; '.join(problems)}") from None


def _sentence(kind: str, message: str) -> str:
    return "is missing" if kind == "missing" else message.removeprefix("Value error, ")
