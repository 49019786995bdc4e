"""What can be wrong with the page."""

from starlette.requests import Request

from tests.planting import header, instead, members, when, where
from tests.suites.defects.faulty import text
from tests.suites.defects.planted import frontend

ELSEWHERE = "https://elsewhere.test"


def is_the_page(request: Request) -> bool:
    return request.url.path == "/"


DEFECTS = {
    "a page that is not there": frontend(where(is_the_page, instead(404)), says="GET /"),
    "a page that is none": frontend(
        where(is_the_page, header("content-type", "text/plain")), says="content type"
    ),
    "a page that is another": frontend(
        where(is_the_page, text("<!doctype html><title>Welcome to nginx!</title>")),
        says="the page is KeyArc's",
    ),
    "a page that calls another API": frontend(
        when("GET", "/config.json", members(API_URL=ELSEWHERE)), says="API_URL"
    ),
    "a page that logs in elsewhere": frontend(
        when("GET", "/config.json", members(AUTH_URL=ELSEWHERE)), says="AUTH_URL"
    ),
    "a page that is told of no API": frontend(
        when("GET", "/config.json", members(API_URL=None)), says="API_URL"
    ),
}
