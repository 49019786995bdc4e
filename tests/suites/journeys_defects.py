"""What the journeys are shown to find: each defect, and the one test that is about it."""

from harness.model import Outcome
from tests.planting import instead, status, when
from tests.suites.defects.remembering import SECRETS, for_anybody, told_apart
from tests.suites.journeys_admitting_defects import ADMITTING
from tests.suites.journeys_faults import (
    TEAMS,
    as_founder,
    done_all_the_same,
    items,
    later,
    made_younger,
    once,
    one_key_for_all,
    repeated,
    sending,
    still_read,
    where_answered,
)
from tests.suites.journeys_keeping_defects import KEEPING
from tests.suites.journeys_planted import Planted

ONE, PROFILE = f"{SECRETS}/", "/account/profile"

DEFECTS = (
    {
        "a role is ignored": Planted(
            as_founder(),
            "test_permissions.py::test_role_too_low[member may not rename team]",
            says="member may not rename team: expected 403, came 200",
        ),
        "what is refused is done": Planted(
            done_all_the_same,
            "test_permissions.py::test_role_too_low[member may not delete secret]",
            says="all is as it was",
        ),
        "another's secret is readable": Planted(
            for_anybody("GET", ONE),
            "test_permissions.py::test_not_a_member[other may not view secret]",
            says="other may not view secret: expected 404, came 200",
        ),
        "what is not yours is told apart": Planted(
            told_apart,
            "test_permissions.py::test_not_a_member[other may not edit secret]",
            says="the answer for an unknown id",
        ),
        "nobody may do something": Planted(
            when("DELETE", TEAMS, where_answered(401, instead(204))),
            "test_permissions.py::test_nobody[nobody may not delete team]",
            says="nobody may not delete team: expected 401, came 204",
        ),
        "a removal does not count at once": Planted(
            when("GET", ONE, still_read()),
            "test_sharing.py::test_who_was_removed_sees_nothing_at_once",
            says=f"GET {ONE}",
        ),
        "all members have one copy of the team key": Planted(
            when("GET", TEAMS, one_key_for_all()),
            "test_sharing.py::test_the_key_of_one_member_is_of_no_use_to_another",
            says="the same copy for both",
        ),
        "an update is lost": Planted(
            when("PUT", ONE, sending(if_match="*")),
            "test_editors.py::test_the_second_editor_is_told",
            says="expected status 412, came 200",
        ),
        "of many editors none is told": Planted(
            when("PUT", ONE, where_answered(412, status(200))),
            "test_editors.py::test_of_many_at_once_one_succeeds",
            says="statuses: expected {200: 1, 412: 5}, came {200: 6}",
        ),
        "pages repeat an item": Planted(
            when("GET", SECRETS, repeated()),
            "test_pages.py::test_pages_add_up[2]",
            says="all of them",
        ),
        "the audit trail misses an entry": Planted(
            when(
                "GET", "/keys/audit", items(lambda es: [e for e in es if e["action"] != "update"])
            ),
            "test_audit.py::test_a_life_is_told_in_order",
            says="actions: expected ['create', 'view', 'update'",
        ),
        "a deleted user is let in": Planted(
            when("GET", PROFILE, where_answered(401, instead(200, {}))),
            "test_audit.py::test_who_has_gone_is_nobody",
            says=f"GET {PROFILE}: expected status 401, came 200",
        ),
        "what account changes is not seen by keys": Planted(
            when("GET", ONE, still_read()),
            "test_one_request.py::test_a_change_in_one_service_counts_in_the_others_at_once",
            says=f"GET {ONE}",
        ),
        "a deleted user is let in by keys": Planted(
            when("GET", SECRETS, where_answered(401, instead(200, {}))),
            "test_one_request.py::test_a_user_who_is_deleted_is_nobody_to_any_service",
            says=f"GET {SECRETS}: expected status 401, came 200",
        ),
        "a repeated request is done again": Planted(
            when("POST", SECRETS, sending(idempotency_key=None)),
            "test_repeats.py::test_a_repeated_secret_is_kept_once",
            says="the answer",
        ),
        "a team is left without an owner": Planted(
            when("PUT", TEAMS, where_answered(409, status(200))),
            "test_roles.py::test_the_last_owner_cannot_be_demoted[member]",
            says="expected status 409, came 200",
        ),
        "a circle of folders is made": Planted(
            when("PUT", "/keys/folders", where_answered(409, status(200))),
            "test_folders.py::test_a_folder_never_lies_within_itself[3]",
            says="expected status 409, came 200",
        ),
        "days are rounded up": Planted(
            when("GET", f"{ONE}expiring", items(later)),
            "test_expiry.py::test_days_are_rounded_down[10 days and 1:00:00-10]",
            says="days_until_expiry: expected 10, came 11",
        ),
        "a renewed token makes its login younger": Planted(
            when("POST", "/token/refresh", made_younger()),
            "test_tokens.py::test_a_renewed_token_is_of_the_same_login",
            says="what stays",
            service="auth",
        ),
        "a reading breaks once": Planted(
            when("GET", SECRETS, once(instead(503))),
            "test_audit.py::test_lists_are_no_views",
            says="once in 6 times",
            outcome=Outcome.NO_DATA,
        ),
        "a writing breaks once": Planted(
            when("POST", SECRETS, once(instead(503))),
            "test_sharing.py::test_another_key_opens_nothing",
            says="not when it was run again",
            outcome=Outcome.NO_DATA,
        ),
        "a writing breaks": Planted(
            when("POST", "/keys/folders", instead(500)),
            "test_folders.py::test_folders_nest",
            says="POST /keys/folders: expected a status below 500, came 500",
        ),
    }
    | KEEPING
    | ADMITTING
)
