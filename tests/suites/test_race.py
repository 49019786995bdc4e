"""What is answered to many at once is looked at, each answer."""

from functools import partial
from uuid import UUID

import httpx
import pytest

from harness.errors import ContractViolation
from suites.journeys.race import answered, made, statuses

ONE = "00000000-0000-4000-8000-000000000001"
TWO = "00000000-0000-4000-8000-000000000002"


@pytest.mark.parametrize("status", [500, 200, 401])
def test_status_that_is_not_allowed_fails(status: int) -> None:
    requests = [partial(httpx.Response, each) for each in (201, status, 409)]
    told = rf"statuses other than \[201, 409\]: expected \[\], came \[{status}\]"
    with pytest.raises(ContractViolation, match=told):
        answered({201, 409}, *requests)


def test_answers_come_in_the_order_of_the_requests() -> None:
    answers = answered({201, 409}, *(partial(httpx.Response, each) for each in (409, 201, 409)))
    assert [answer.status_code for answer in answers] == [409, 201, 409]
    assert statuses(answers) == {409: 2, 201: 1}


def test_what_was_made_is_known_by_its_answers() -> None:
    answers = [
        httpx.Response(201, json={"id": ONE}),
        httpx.Response(201, json={"team_id": TWO}),
        httpx.Response(200, json={"id": str(UUID(int=3))}),
        httpx.Response(204),
    ]
    assert made(answers) == {UUID(ONE), UUID(TWO)}
