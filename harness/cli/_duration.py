"""Durations as people write them: `90s`, `10m`, `1h30m`, or plain seconds."""

import re

import typer

_WHOLE = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", re.ASCII)
_LONGEST_S = 7 * 24 * 3600.0


def seconds(text: str, option: str, *, may_be_none: bool = False) -> float:
    """The duration in seconds: more than none, and no more than a week.

    Args:
        may_be_none: `0s` is one as well.

    Raises:
        typer.BadParameter: It is none.
    """
    match = _WHOLE.fullmatch(text.strip())
    if match is None or not text.strip():
        raise typer.BadParameter(
            f"{text!r} is no duration; write 90s, 10m or 1h30m", param_hint=option
        )
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    found = hours * 3600 + minutes * 60 + rest
    if may_be_none and not found:
        return 0.0
    if not 0 < found <= _LONGEST_S:
        raise typer.BadParameter(
            f"{text!r}: more than nothing is needed, and at most a week", param_hint=option
        )
    return found
