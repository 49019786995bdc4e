"""The page that users open."""

from collections.abc import Mapping

from pydantic import Field

from harness.check import check, expect
from harness.target import Target
from suites.keyarc.answer import Answer, body, media_type
from suites.keyarc.together import together


class Config(Answer):
    """What the page is told at its start."""

    auth_url: str = Field(alias="AUTH_URL")
    api_url: str = Field(alias="API_URL")


@check(service="frontend")
async def is_served_and_calls_these_services(target: Target, targets: Mapping[str, Target]) -> None:
    """The page is served, and calls auth and the gateway of this environment."""
    await together(
        {
            "page": _is_served(target),
            "configuration": _calls_these_services(target, targets),
        }
    )


async def _is_served(target: Target) -> None:
    page = await target.get("/", expect=200)
    expect("content type", expected="text/html", came=media_type(page))
    expect("the page is KeyArc's", expected=True, came="<title>KeyArc</title>" in page.text)


async def _calls_these_services(target: Target, targets: Mapping[str, Target]) -> None:
    config = body(Config)(await target.get("/config.json", expect=200))
    expect("AUTH_URL", expected=targets["auth"].url, came=config.auth_url)
    expect("API_URL", expected=targets["gateway"].url, came=config.api_url)
