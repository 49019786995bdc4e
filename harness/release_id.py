"""What a release may be called: nothing that a shell, a path or a URL could misread."""

import re

from harness.errors import UsageError

MAX_CHARS = 100
PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def checked(text: str) -> str:
    """The id as it is.

    Raises:
        UsageError: It is none; says what one looks like.
    """
    if PATTERN.fullmatch(text) is None:
        raise UsageError(
            f"release id {text[:MAX_CHARS]!r}: letters, digits and . _ + - are meant, at most "
            f"{MAX_CHARS} of them, a letter or a digit first: v1.4.2"
        )
    return text
