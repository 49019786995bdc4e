"""Whether what was seen is what should have been seen. Pure: observations in, complaints out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.matrix.expectation import Expected
from harness.matrix.observation import Observation

# Health has to answer within 2 s, whatever is broken; and a busy machine is no finding.
HEALTH_LIMIT_S = 2.0
SLACK_S = 0.8


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong: of whom, what would have been right, and what was seen."""

    message: str
    expected: str
    came: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """While it was broken; seconds on the clock of the trial.

    Attributes:
        injected_s: From here on it was broken.
        heal_s: Until here.
        detect_s: Within so long health has to tell of it.
    """

    injected_s: float
    heal_s: float
    detect_s: float

    def holds(self, seen: Observation) -> bool:
        """Whether a look ended within. One that was under way then may be the first to be hung."""
        return self.injected_s < seen.answered_s <= self.heal_s


def detected_s(
    seen: Sequence[Observation], wanted: Mapping[str, Expected], window: Window
) -> dict[str, float | None]:
    """For each service that should tell of it: how long after the injection it first did."""
    return {
        name: next(
            (
                look.answered_s - window.injected_s
                for look in _of(seen, name, "health", window)
                if _is_as(look, expected)
            ),
            None,
        )
        for name, expected in wanted.items()
        if expected.health in ("fail", "silent")
    }


def complaints(
    seen: Sequence[Observation], wanted: Mapping[str, Expected], window: Window
) -> Iterator[Complaint]:
    """What is wrong with what was seen while it was broken."""
    for name, expected in wanted.items():
        looks = _settled(_of(seen, name, "health", window), expected, window)
        if not looks:
            yield Complaint(
                f"health of {name}", "an answer while it was broken", "none that passed"
            )
            continue
        if expected.health in ("fail", "silent"):
            yield from _of_told(name, looks, expected, window)
        else:
            yield from _of_untouched(name, looks, expected)
        if expected.health != "silent":
            yield from _of_answers(name, looks)
            if not (expected.restarts and expected.health == "any"):
                yield from _of_liveness(name, _of(seen, name, "live", window), looks[0])


def healthy(seen: Sequence[Observation], names: Sequence[str], since_s: float, times: int) -> bool:
    """Whether the last so many looks at each service, begun since then, were passes."""
    for name in names:
        looks = [o for o in seen if o.service == name and o.what == "health"]
        last = [o for o in looks if o.asked_s >= since_s][-times:]
        if len(last) < times or not all(look.passes for look in last):
            return False
    return True


def leaks(seen: Sequence[Observation], innards: Iterable[str]) -> Iterator[Complaint]:
    """Health answers that tell where something is inside, or how it is made."""
    words = [*innards, "Traceback (most recent call last)"]
    for look in seen:
        told = next((word for word in words if word in look.shown), None)
        if told is not None:
            name = f"health of {look.service} tells of what is inside"
            yield Complaint(name, "no address, no trace", f"{told!r} in its answer")
            return


def _of_told(
    name: str, looks: Sequence[Observation], expected: Expected, window: Window
) -> Iterator[Complaint]:
    """Who should tell of it does so in time, and from then on always."""
    first = next((i for i, look in enumerate(looks) if _is_as(look, expected)), None)
    right = _right(expected)
    if first is None:
        yield Complaint(f"health of {name} does not tell of it", right, _most(looks))
        return
    took_s = looks[first].answered_s - window.injected_s
    if took_s > window.detect_s:
        within = f"{right} within {window.detect_s:g} s"
        yield Complaint(f"health of {name} tells of it too late", within, f"after {took_s:.1f} s")
    for look in looks[first:]:
        if not _is_as(look, expected):
            yield Complaint(f"health of {name}, after it had told of it", right, look.told())
            return


def _of_untouched(
    name: str, looks: Sequence[Observation], expected: Expected
) -> Iterator[Complaint]:
    """Who is not concerned says nothing of it; where it comes and goes, what comes is whole."""
    for look in looks:
        if expected.health == "any" and (look.passes or look.fails or expected.restarts):
            continue
        if not look.passes:
            right = "200 pass" if expected.health == "pass" else "200 pass, or 503 fail"
            yield Complaint(f"health of {name}", right, look.told())
            return


def _of_answers(name: str, looks: Sequence[Observation]) -> Iterator[Complaint]:
    """Each answer agrees with itself, and comes in time."""
    for look in looks:
        if look.is_own and not look.passes and not look.fails:
            right = "200 with pass, or 503 with fail"
            yield Complaint(f"health of {name}: body and status disagree", right, look.told())
            return
        if look.seconds > HEALTH_LIMIT_S + SLACK_S:
            within = f"an answer within {HEALTH_LIMIT_S:g} s"
            came = f"{look.told()} after {look.seconds:.1f} s"
            yield Complaint(f"health of {name} is slow", within, came)
            return


def _of_liveness(
    name: str, looks: Sequence[Observation], since: Observation
) -> Iterator[Complaint]:
    """It lives from the moment on at which it answers at all."""
    for look in looks:
        if look.asked_s >= since.asked_s and not look.passes:
            yield Complaint(f"liveness of {name}", "200 pass, whatever it depends on", look.told())
            return


def _settled(
    looks: Sequence[Observation], expected: Expected, window: Window
) -> Sequence[Observation]:
    """From its first pass on, where it is started anew and should pass; else all."""
    if not expected.settles or expected.health != "pass":
        return looks
    own = [look for look in looks if look.asked_s >= window.injected_s]
    first = next((i for i, look in enumerate(own) if look.passes), len(own))
    return own[first:]


def _is_as(look: Observation, expected: Expected) -> bool:
    if expected.health == "silent":
        return not look.is_own
    return look.fails and expected.names <= look.failing


def _right(expected: Expected) -> str:
    if expected.health == "silent":
        return "no answer of its own"
    return f"503 fail, naming {' and '.join(sorted(expected.names))}"


def _most(looks: Sequence[Observation]) -> str:
    """The last of what was seen: by then it had all the time it has."""
    return looks[-1].told()


def _of(seen: Sequence[Observation], name: str, what: str, window: Window) -> Sequence[Observation]:
    return [o for o in seen if o.service == name and o.what == what and window.holds(o)]
