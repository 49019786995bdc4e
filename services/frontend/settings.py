"""What the frontend takes from the environment."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from services.settings import HttpUrl, Settings


def _has_plain_host(url: str) -> str:
    """The host goes into a header, where a space, comma or semicolon would begin something new."""
    host = urlsplit(url).netloc
    if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", host):
        raise ValueError("must be http://HOST:PORT or https://HOST:PORT")
    return url


PublicUrl = Annotated[HttpUrl, AfterValidator(_has_plain_host)]


class FrontendSettings(Settings):
    """Where the page finds the two services that it calls, as a browser reaches them."""

    auth_url: PublicUrl
    api_url: PublicUrl


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
