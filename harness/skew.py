"""How far a server's clock is from this machine's, by the `Date` of an answer."""

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime


def skew_s(headers: Mapping[str, str], sent_s: float, received_s: float) -> float | None:
    """Seconds that the server is ahead, the least that explains its `Date`; None without one.

    `Date` has whole seconds and was written somewhere between request and answer; an answer that
    comes from a cache is as old as its `Age` says.

    Args:
        sent_s: When the request went out, in seconds since the epoch.
        received_s: When its answer had begun to arrive.

    Source: RFC 9110, section 6.6.1; RFC 9111, section 5.1.
    """
    try:
        written = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return None
    age = headers.get("age", "0").strip()
    now_there_s = written.replace(tzinfo=written.tzinfo or UTC).timestamp()
    now_there_s += int(age) if age.isascii() and age.isdigit() and len(age) < 12 else 0
    least, most = now_there_s - received_s, now_there_s + 1 - sent_s
    if least <= 0 <= most:
        return 0.0
    return math.copysign(min(abs(least), abs(most)), least)
