"""A release that is not the expected one fails, and so does none at all."""

import json
from itertools import cycle
from pathlib import Path

import pytest

from harness.checks.release import derive
from harness.model import Outcome
from tests.harness.checks.releasing import Body, behind, body, requests, run, run_behind, saying
from tests.harness.server import Answer
from tests.harness.verifying import environment


@pytest.mark.parametrize("expected", ["r2", None])
@pytest.mark.parametrize("instance", ["auth-1", None])
def test_one_instance_is_asked_once(
    tmp_path: Path, expected: str | None, instance: str | None
) -> None:
    result = run(tmp_path, saying(body(instance=instance)), expected)
    assert (result.outcome, requests(result)) == (Outcome.PASS, 1)


def test_another_release_fails(tmp_path: Path) -> None:
    result = run(tmp_path, saying(body("r1")))
    assert (result.outcome, result.expected, result.came) == (Outcome.FAIL, "r2", "r1")
    assert "auth-1 runs another release" == result.message


@pytest.mark.parametrize("expected", ["r2", None])
@pytest.mark.parametrize("said", [None, 2, "", ["r2"]])
def test_no_release_fails(tmp_path: Path, said: object, expected: str | None) -> None:
    result = run(tmp_path, saying(body(said)), expected)
    assert Outcome.FAIL is result.outcome
    assert "auth does not say which release it is" == result.message


@pytest.mark.parametrize("text", [b"", b"<html>", b"[" * 100_000, b"\xff"])
def test_an_answer_that_is_no_json_fails(tmp_path: Path, text: bytes) -> None:
    result = run(tmp_path, lambda seen: Answer(body=text))
    assert (result.outcome, result.message) == (Outcome.FAIL, "the health answer is no JSON")


@pytest.mark.parametrize("text", [b"[]", b"null", b'"r2"', b"2"])
def test_an_answer_that_is_no_object_fails(tmp_path: Path, text: bytes) -> None:
    result = run(tmp_path, lambda seen: Answer(body=text))
    assert "auth does not say which release it is" == result.message


def test_who_is_unhealthy_still_says_who_it_is(tmp_path: Path) -> None:
    result = run(tmp_path, saying(body(), status=503))
    assert (result.outcome, requests(result)) == (Outcome.PASS, 1)
    result = run(tmp_path / "b", saying(body("r1"), status=503))
    assert (result.outcome, requests(result)) == (Outcome.FAIL, 1)


def test_a_503_without_identity_is_confirmed(tmp_path: Path) -> None:
    result = run(tmp_path, lambda seen: Answer(status=503, body=b"busy"))
    assert (result.outcome, len(result.attempts)) == (Outcome.FAIL, 2)


def test_a_503_without_identity_that_does_not_come_back_is_a_flake(tmp_path: Path) -> None:
    answers = [Answer(status=503, body=b"busy")]
    good = Answer(body=json.dumps(body()).encode())
    result = run(tmp_path, lambda seen: answers.pop() if answers else good)
    assert Outcome.FLAKY is result.outcome


@pytest.mark.parametrize("status", [404, 302, 201])
def test_another_status_fails(tmp_path: Path, status: int) -> None:
    result = run(tmp_path, saying(body(), status=status))
    assert (result.outcome, result.message) == (Outcome.FAIL, "GET /health")


def headers(release: str | None, instance: str | None = None) -> Answer:
    said = {"x-release": release, "x-instance": instance}
    return Answer(body=b"ok", headers={k: v for k, v in said.items() if v is not None})


@pytest.mark.parametrize(
    ("answers", "instances", "outcome"),
    [
        ([headers("r2")], 1, Outcome.PASS),
        ([headers("r1")], 1, Outcome.FAIL),
        ([headers(None)], 1, Outcome.FAIL),
        ([headers("r2", "a"), headers("r2", "b")], 2, Outcome.PASS),
        ([headers("r2", "a"), headers("r1", "b")], 2, Outcome.FAIL),
        ([headers("r2")], 2, Outcome.FAIL),
        ([headers("r2", "a")], 2, Outcome.NO_DATA),
    ],
)
def test_headers_can_carry_it(
    tmp_path: Path, answers: list[Answer], instances: int, outcome: Outcome
) -> None:
    turns = cycle(answers)
    where = {"from": "header", "header": "X-Release", "instance": "X-Instance"}
    result = run(tmp_path, lambda seen: next(turns), release=where, instances=instances)
    assert outcome is result.outcome


def test_pointers_say_where_it_stands(tmp_path: Path) -> None:
    where = {"from": "json_pointer", "pointer": "/build/id", "instance": "/pod"}
    bodies = [{"build": {"id": "r2"}, "pod": pod} for pod in "ab"]
    assert Outcome.PASS is run(tmp_path, saying(*bodies), release=where, instances=2).outcome
    result = run(tmp_path / "b", saying({"build": {"id": "r1"}}), release=where)
    assert (result.outcome, result.came) == (Outcome.FAIL, "r1")


def test_a_private_service_is_seen_through_the_one_before_it(tmp_path: Path) -> None:
    result = run_behind(tmp_path, saying(behind(body(instance="keys-1"))))
    assert (result.outcome, requests(result)) == (Outcome.PASS, 1)


@pytest.mark.parametrize(
    ("seen", "message"),
    [
        (behind(body("r1", "keys-1")), "keys-1 runs another release"),
        (behind({"status": "pass"}), "keys does not say which release it is"),
        (behind({"instanceId": "keys-1"}), "keys does not say which release it is"),
        (behind(), "keys does not say which release it is"),
        (behind(body(), key="keyset:responseTime"), "keys does not say which release it is"),
        (body(checks={"keys:responseTime": "r2"}), "keys does not say which release it is"),
        (body(checks={"keys:responseTime": ["r2", 2, None]}), "keys does not say which"),
        (body(checks=["r2"]), "keys does not say which release it is"),
        (body(), "keys does not say which release it is"),
    ],
)
def test_a_private_service_fails_where_it_is_not_named_with_the_release(
    tmp_path: Path, seen: Body, message: str
) -> None:
    result = run_behind(tmp_path, saying(seen))
    assert Outcome.FAIL is result.outcome
    assert result.message.startswith(message)


def test_any_measurement_of_a_component_can_carry_its_identity(tmp_path: Path) -> None:
    checks = {"keys:uptime": [{"status": "pass"}], "keys": [body(instance="keys-1")]}
    assert Outcome.PASS is run_behind(tmp_path, saying(body(checks=checks))).outcome


def test_services_that_say_nothing_have_no_check() -> None:
    url = "http://127.0.0.1:9"
    where = environment({"a": url, "b": {"url": url, "release": {"from": "none"}}})
    assert ["release.a"] == [check.id for check in derive(where)]
