"""The checker of histories: each kind of loss is found, and nothing that may be is called one."""

import itertools
from random import Random

import pytest

from harness.matrix.history import History, Operation, check


def wrote(value: str | None, outcome: str = "ok", *, fenced: bool = True) -> Operation:
    return Operation("x", value, fenced=fenced, outcome=outcome)  # type: ignore[arg-type]


def saw(value: str | None) -> Operation:
    return Operation("x", value, seen=True, outcome="ok")


def verdict(history: list[Operation], last: str | None) -> list[str]:
    return check(history, {} if last is None else {"x": last})


NOTHING = None
LOSSES = {
    "a create is lost": ([wrote("a")], NOTHING),
    "an update is lost": ([wrote("a"), wrote("b")], "a"),
    "an update with all before it": ([wrote("a"), wrote("b")], NOTHING),
    "a removal is undone": ([wrote("a"), wrote(None)], "a"),
    "something else is there": ([wrote("a")], "z"),
    "what nobody wrote is there": ([], "z"),
    "what was refused is there": ([wrote("a", "fail")], "a"),
    "a refused update was done": ([wrote("a"), wrote("b", "fail")], "b"),
    "a refused removal was done": ([wrote("a"), wrote(None, "fail")], NOTHING),
    "an unknown update took the rest along": ([wrote("a"), wrote("b", "info")], NOTHING),
    "an unknown removal left another value": ([wrote("a"), wrote(None, "info")], "z"),
    "older than what is acknowledged": ([wrote("a"), wrote("b"), wrote("c", "info")], "a"),
    "fenced off by a later write": ([wrote("a"), wrote("b", "info"), wrote("c")], "b"),
    "seen as done, and undone": ([wrote("a"), wrote("b", "info"), saw("b")], "a"),
    "an unknown create seen, and gone": ([wrote("a", "info"), saw("a")], NOTHING),
    "seen to be gone, and back": ([wrote("a"), wrote(None, "info"), saw(None)], "a"),
    "gone in between": ([wrote("a"), saw(None)], "a"),
    "older in between": ([wrote("a"), wrote("b"), saw("a")], "b"),
    "done twice": (
        [wrote("a"), wrote("b", "info", fenced=False), saw("b"), wrote("c")],
        "b",
    ),
    "removed for good, whatever came before": (
        [wrote("a"), wrote("b", "info", fenced=False), wrote(None)],
        "b",
    ),
}
RIGHT = {
    "nothing was done": ([], NOTHING),
    "the last one": ([wrote("a"), wrote("b")], "b"),
    "removed": ([wrote("a"), wrote(None)], NOTHING),
    "an unknown create that was done": ([wrote("a", "info")], "a"),
    "an unknown create that was not": ([wrote("a", "info")], NOTHING),
    "an unknown create, repeated": ([wrote("a", "info"), wrote("a")], "a"),
    "an unknown update that was done": ([wrote("a"), wrote("b", "info")], "b"),
    "an unknown update that was not": ([wrote("a"), wrote("b", "info")], "a"),
    "one of two unknown updates": ([wrote("a"), wrote("b", "info"), wrote("c", "info")], "b"),
    "an unknown removal that was done": ([wrote("a"), wrote(None, "info")], NOTHING),
    "an unknown removal that was not": ([wrote("a"), wrote(None, "info")], "a"),
    "late, and not fenced": ([wrote("a"), wrote("b", "info", fenced=False), wrote("c")], "b"),
    "late, after it was not there": ([wrote("a", "info"), saw(None)], "a"),
    "late, after the old one was seen": ([wrote("a"), wrote("b", "info"), saw("a")], "b"),
    "seen, and another one after it": (
        [wrote("a"), wrote("b", "info"), wrote("c", "info"), saw("b")],
        "c",
    ),
    "a refused one": ([wrote("a"), wrote("b", "fail")], "a"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_every_kind_of_loss_is_one_sentence_about_its_register(name: str) -> None:
    (sentence,) = verdict(*LOSSES[name])
    assert sentence.startswith("x: ")


@pytest.mark.parametrize("name", RIGHT)
def test_what_may_be_is_no_loss(name: str) -> None:
    assert verdict(*RIGHT[name]) == []


def test_a_sentence_tells_what_was_expected_what_came_and_what_was_done() -> None:
    assert verdict([wrote("a"), wrote("b", "info")], "z") == [
        "x: expected a or b, came z; before: wrote a (ok), wrote b (info)"
    ]
    assert verdict([], "z") == ["x: z is there, and nobody wrote it"]


def test_each_register_is_judged_by_its_own_history() -> None:
    history = [wrote("a"), Operation("y", "b", outcome="ok")]
    assert check(history, {"x": "a", "y": "b"}) == []
    assert len(check(history, {"x": "b", "y": "a"})) == 2


def test_what_did_not_end_is_unknown() -> None:
    history = History()
    history.begin(Operation("x", "a"))
    for final in ({}, {"x": "a"}):
        assert check(history.operations, final) == []


def test_what_was_read_is_what_counts_from_then_on() -> None:
    history = History()
    history.end(history.begin(Operation("x", "a")), "ok", 1.0)
    history.end(history.begin(Operation("x", "b")), "info", 2.0)
    history.resolve({"x": "a"}, since_s=3.0)

    assert (history.acknowledged, history.unknown) == (1, 1)
    assert check(history.operations, {"x": "a"}) == []
    assert len(check(history.operations, {"x": "b"})) == 1
    assert len(check(history.operations, {})) == 1


def test_an_unknown_write_of_a_moment_ago_may_come_yet() -> None:
    history = History()
    history.end(history.begin(Operation("x", "a")), "info", 2.0)
    history.resolve({}, since_s=1.0)
    assert check(history.operations, {"x": "a"}) == []

    history.resolve({}, since_s=3.0)
    assert len(check(history.operations, {"x": "a"})) == 1


def test_a_register_that_keeps_its_promises_is_never_accused() -> None:
    """Thousands of histories of a register that really does what it says, late writes included."""
    for seed in range(3000):
        history, final = honest(Random(seed))
        assert verdict(history, final) == [], seed


def test_a_register_that_forgets_its_last_write_is_always_accused() -> None:
    accused = 0
    for seed in range(600):
        history, final = honest(Random(seed))
        if all(each.fenced or each.outcome != "info" for each in history):
            assert len(verdict([*history, wrote("forgotten")], final)) == 1, seed
            accused += 1
    assert accused > 200


def honest(chance: Random) -> tuple[list[Operation], str | None]:
    """What one writer does to a register, where unknown writes are done at once, late, or never."""
    history: list[Operation] = []
    value: str | None = None
    version = removed = 0
    late: list[tuple[str | None, int | None]] = []
    for number in itertools.count():
        for write in list(late):
            if chance.random() < 0.3:
                late.remove(write)
                if not removed and write[1] in (None, version) and (value or write[1] == 0):
                    value, version, removed = write[0], version + 1, write[0] is None
        if number == chance.randint(1, 12) or removed:
            return history, value
        outcome = chance.choice(["ok", "ok", "info", "fail", "look"])
        is_removal = value is not None and chance.random() < 0.15
        fenced = value is None or (not is_removal and chance.random() < 0.7)
        if outcome == "look":
            history.append(saw(value))
            continue
        new = None if is_removal else f"v{number}"
        history.append(wrote(new, outcome, fenced=fenced))
        if outcome == "info" and chance.random() < 0.5:
            late.append((new, version if fenced else None))
        elif outcome == "ok" or (outcome == "info" and chance.random() < 0.5):
            value, version, removed = new, version + 1, is_removal
    raise AssertionError
