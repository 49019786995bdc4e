"""Durations as people write them."""

import pytest
import typer

from harness.cli._duration import seconds


@pytest.mark.parametrize(
    ("text", "found"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("45", 45), ("0.5s", 0.5), ("1.5m", 90)],
)
def test_durations_are_read(text: str, found: float) -> None:
    assert seconds(text, "--bake") == found


@pytest.mark.parametrize(
    "text", ["", " ", "0", "0s", "-5s", "nan", "inf", "10 min", "m", "8d", "800h"]
)
def test_what_is_none_is_told_with_the_option(text: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        seconds(text, "--bake")
    assert caught.value.param_hint == "--bake"
