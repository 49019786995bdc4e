"""What docker prints of containers is taken for no more than it says."""

import json

import pytest

from harness.errors import PlatformError
from harness.platforms._compose_reading import Clock, Container, Image, read
from tests.harness.platforms.compose_standin import MADE, NEW, printed


def lines(*objects: object) -> str:
    return "".join(f"{json.dumps(one)}\n" for one in objects)


def test_each_line_is_a_container() -> None:
    found = read(Container, "containers", lines(printed(), printed(service="api")))
    assert ["web", "api"] == [one.service for one in found]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("many", "it is no JSON"),
        (lines([printed()]), "all of it: Input should be"),
        (lines({}), "id: Field required"),
        (lines({k: v for k, v in printed().items() if k != "health"}), "health: Field required"),
        (lines(printed(image="shop:2")), "image: String should match"),
        (lines(printed(created="yesterday")), "created: Input should be a valid datetime"),
        (lines(printed(service=None)), "service: Input should be a valid string"),
        ("[" * 100_000, "it is no JSON"),
    ],
)
def test_anything_else_is_told_and_not_shown(text: str, says: str) -> None:
    with pytest.raises(PlatformError) as caught:
        read(Container, "containers", text)
    assert f"what docker printed of containers is not understood: {says}" in str(caught.value)
    assert "shop:2" not in str(caught.value)


def test_nothing_printed_is_no_container() -> None:
    assert read(Container, "containers", "\n") == []


def test_dockers_own_times_are_read() -> None:
    (clock,) = read(Clock, "its clock", '{"now":"2026-05-01T14:00:00.123456789+02:00"}')
    assert clock.now == MADE.replace(microsecond=123456)


@pytest.mark.parametrize(
    ("digests", "configured", "reference"),
    [
        (None, "shop:2", NEW),
        ([], "shop:2", NEW),
        (["b/shop@sha256:1", "a/shop@sha256:2"], "b/shop:2", "b/shop@sha256:1"),
        (["b/shop@sha256:1", "a/shop@sha256:2"], NEW, "a/shop@sha256:2"),
        (["h:50/shop@sha256:1", "a/x@sha256:2"], "h:50/shop", "h:50/shop@sha256:1"),
        (["h:50/shop@sha256:1", "a/x@sha256:2"], "h:50/shop:3@sha256:9", "h:50/shop@sha256:1"),
    ],
)
def test_an_image_is_had_again_from_where_it_came(
    digests: list[str] | None, configured: str, reference: str
) -> None:
    assert Image(id=NEW, digests=digests).reference(configured) == reference
