"""What the frontend takes from the environment."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from services.settings import HttpUrl, Settings


def _has_plain_host(url: str) -> str:
    """The host goes into a header, where a space, comma or semicolon would begin something new."""
    host = urlsplit(url).netloc
    if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", host):
        raise ValueError("must be http://HOST:PORT or https://HOST:PORT")
    return url


PublicUrl = Annotated[HttpUrl, AfterValidator(_has_plain_host)]
# It goes into a header too.
FlyApp = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class FrontendSettings(Settings):
    """Where the page finds the two services that it calls, as a browser reaches them.

    Attributes:
        auth_replay_app: The Fly app that answers for `/auth` of the frontend's own host; None
            where something in front of the frontend leads there.
        api_replay_app: The same for `/api`.
    """

    auth_url: PublicUrl
    api_url: PublicUrl
    auth_replay_app: FlyApp | None = None
    api_replay_app: FlyApp | None = None

    @property
    def replay_apps(self) -> dict[str, str]:
        """The Fly app for each path that is not the frontend's own."""
        apps = {"/auth": self.auth_replay_app, "/api": self.api_replay_app}
        return {path: app for path, app in apps.items() if app is not None}


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
