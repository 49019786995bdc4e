"""Do the system's clocks and this machine's agree? Tokens, certificates and logs need them to.

The clocks are seen in the `Date` of answers, with a resolution of a second. A system whose servers
send none leaves this open: `checks: {clock.agreement: {off: …}}` in its file says so.

Source: RFC 9110, section 6.6.1.
"""

from collections.abc import Iterator, Mapping

from harness.check import Check
from harness.environment import Environment
from harness.errors import ContractViolation, HarnessError, NoData
from harness.exchange import Traffic

TOLERANCE_S = 60.0


def derive(environment: Environment) -> Iterator[Check]:
    """One check, about every origin that answered."""
    yield Check(id="clock.agreement", service=None, function=clocks_agree, last=True)


async def clocks_agree(traffic: Traffic) -> None:
    """Every server's clock is within a minute of this machine's."""
    skews_s = traffic.skews_s
    if not skews_s:
        raise NoData("no answer had a Date, so no clock was seen")
    wrong = {origin: skew for origin, skew in skews_s.items() if abs(skew) > TOLERANCE_S}
    if not wrong:
        return
    if len(wrong) == len(skews_s):
        origin = min(wrong, key=lambda origin: abs(wrong[origin]))
        raise HarnessError(
            f"this machine's clock and that of {origin} differ by {_minutes(wrong[origin])}; "
            "one of the two is wrong"
        )
    raise ContractViolation(
        f"the clock of {', '.join(wrong)} is wrong",
        expected=f"within {TOLERANCE_S:g} s of this machine's, as those of others are",
        came=_told(wrong),
    )


def _told(skews_s: Mapping[str, float]) -> str:
    return "; ".join(
        f"{origin} is {_minutes(skew)} {'ahead' if skew > 0 else 'behind'}"
        for origin, skew in skews_s.items()
    )


def _minutes(skew_s: float) -> str:
    return f"{abs(skew_s) / 60:.0f} min"
