"""Each way in which a system can lie about itself is a complaint, and nothing else is."""

from dataclasses import replace

import pytest

from harness.matrix.expectation import Expected
from harness.matrix.judge import Window, complaints, detected_s, healthy, leaks
from harness.matrix.observation import Observation

WINDOW = Window(injected_s=1.0, heal_s=10.0, detect_s=2.0)
FAILS = Expected("fail", frozenset({"db"}))


def look(at_s: float, says: str | None = "pass", *failing: str, **more: object) -> Observation:
    status = {"pass": 200, "fail": 503, None: None}[says]
    seen = Observation(
        service="api",
        what="health",
        asked_s=at_s - 0.01,
        answered_s=at_s,
        status=status,
        says=says,
        failing=frozenset(failing),
    )
    return replace(seen, **more)  # type: ignore[arg-type]  # its fields


def found(wanted: Expected, *seen: Observation) -> list[str]:
    return [f"{c.message}: {c.came}" for c in complaints(seen, {"api": wanted}, WINDOW)]


def down(at_s: float) -> Observation:
    return look(at_s, "fail", "db")


def test_who_tells_of_it_in_time_and_goes_on_telling_is_right() -> None:
    assert found(FAILS, look(1.1), down(1.5), down(3), down(9)) == []


def test_whoever_always_passes_lies() -> None:
    assert found(FAILS, look(2), look(9)) == ["health of api does not tell of it: 200 pass"]


def test_a_failure_without_its_cause_is_not_told() -> None:
    assert found(FAILS, look(2, "fail"), look(9, "fail")) == [
        "health of api does not tell of it: 503 fail"
    ]


def test_the_wrong_cause_is_not_told() -> None:
    (told,) = found(FAILS, look(2, "fail", "queue"))
    assert told == "health of api does not tell of it: 503 fail, failing: queue"


def test_who_tells_of_it_too_late_is_late() -> None:
    assert found(FAILS, look(2), down(3.5)) == ["health of api tells of it too late: after 2.5 s"]


def test_who_takes_it_back_is_wrong() -> None:
    assert found(FAILS, down(2), look(3), down(4)) == [
        "health of api, after it had told of it: 200 pass"
    ]


def test_who_hangs_with_its_dependency_does_not_tell() -> None:
    hung = look(4, None, trouble="no answer within 2.8 s")
    assert found(FAILS, hung) == ["health of api does not tell of it: no answer within 2.8 s"]


def test_a_slow_answer_is_no_good_one() -> None:
    slow = replace(down(4), asked_s=1.1)
    (told,) = found(replace(FAILS), down(1.5), slow)
    assert told == "health of api is slow: 503 fail, failing: db after 2.9 s"


def test_body_and_status_have_to_agree() -> None:
    odd = look(5, "fail", "db", status=200)
    assert "health of api: body and status disagree: 200 fail, failing: db" in found(
        FAILS, down(2), odd
    )


def test_who_is_not_concerned_passes_all_the_time() -> None:
    assert found(Expected(), look(2), look(5)) == []
    assert found(Expected(), look(2), look(5, "fail", "db")) == [
        "health of api: 503 fail, failing: db"
    ]
    assert found(Expected(), look(2), look(5, None)) == ["health of api: no answer"]


def test_who_was_not_seen_at_all_is_no_pass() -> None:
    assert found(Expected()) == ["health of api: none that passed"]
    assert found(Expected(), look(0.5), look(11)) == ["health of api: none that passed"]


def test_who_is_started_anew_may_be_away_until_its_first_pass_and_not_after() -> None:
    anew = Expected("pass", frozenset(), settles=True, restarts=True)
    assert found(anew, look(1.5, None), look(2), look(3)) == []
    assert found(anew, look(1.5, None), look(2), look(3, None)) == ["health of api: no answer"]
    assert found(anew, look(1.5, None), look(9, None)) == ["health of api: none that passed"]


def test_the_dead_say_nothing() -> None:
    silent = Expected("silent")
    page = look(3, None, status=502)
    assert found(silent, look(1.5, None), page) == []
    assert found(silent, look(1.5, None), look(3)) == [
        "health of api, after it had told of it: 200 pass"
    ]
    assert found(silent, look(2), look(9)) == ["health of api does not tell of it: 200 pass"]


def test_what_comes_and_goes_comes_whole() -> None:
    any_ = Expected("any")
    assert found(any_, look(2), down(3), look(4)) == []
    assert found(any_, look(2), look(3, None)) == ["health of api: no answer"]


@pytest.mark.parametrize("wanted", [FAILS, Expected()])
def test_liveness_looks_at_no_dependency(wanted: Expected) -> None:
    health = down(1.5) if wanted is FAILS else look(1.5)
    dead = look(3, "fail", what="live")
    assert found(wanted, health, dead) == ["liveness of api: 503 fail"]
    assert found(wanted, health, look(3, what="live")) == []


def test_detection_is_counted_from_the_injection() -> None:
    assert detected_s([look(1.2), down(1.75)], {"api": FAILS}, WINDOW) == {"api": 0.75}
    assert detected_s([look(1.2)], {"api": FAILS}, WINDOW) == {"api": None}


def test_health_is_a_number_of_passes_in_a_row_of_everybody() -> None:
    good = [look(2), look(3)]
    assert healthy(good, ["api"], 1.0, 2)
    assert not healthy(good, ["api"], 2.5, 2)
    assert not healthy([*good, down(4)], ["api"], 1.0, 2)
    assert not healthy(good, ["api", "store"], 1.0, 2)


def test_what_tells_of_the_inside_is_told() -> None:
    seen = [replace(down(3), shown='{"output": "no route to 127.0.0.1:5432"}')]
    (told,) = leaks(seen, [":5432"])
    assert told.came == "':5432' in its answer"
    assert list(leaks(seen, [":5433"])) == []
