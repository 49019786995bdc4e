"""The page that users open."""

from collections.abc import Mapping

from pydantic import Field

from harness.check import check, expect, step
from harness.target import Target
from suites.keyarc.answer import Answer, body, media_type


class Config(Answer):
    """What the page is told at its start."""

    auth_url: str = Field(alias="AUTH_URL")
    api_url: str = Field(alias="API_URL")


@check(service="frontend")
async def is_served_and_calls_these_services(target: Target, targets: Mapping[str, Target]) -> None:
    """The page is served, and calls auth and the gateway of this environment."""
    with step("page"):
        page = await target.get("/", expect=200)
        expect("content type", expected="text/html", came=media_type(page))
        expect("the page is KeyArc's", expected=True, came="<title>KeyArc</title>" in page.text)
    with step("configuration"):
        config = body(Config)(await target.get("/config.json", expect=200))
        expect("AUTH_URL", expected=targets["auth"].url, came=config.auth_url)
        expect("API_URL", expected=targets["gateway"].url, came=config.api_url)
