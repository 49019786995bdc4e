"""What the journeys about time, lists, versions, repeats, folders and teams are shown to find."""

from tests.planting import body, instead, status, when, where
from tests.suites.defects.remembering import SECRETS, for_anybody
from tests.suites.journeys_faults import (
    TEAMS,
    as_founder,
    items,
    one_key_for_all,
    repeated,
    sending,
    where_answered,
)
from tests.suites.journeys_keeping_faults import (
    an_hour_off,
    answered_otherwise,
    any_key,
    at_the_root,
    never_due,
    nobody_named,
    of_another_key,
    one_key_for_all_paths,
    strong_where_weak,
    the_first_value,
)
from tests.suites.journeys_planted import Planted

ONE, FOLDERS, AUDIT = f"{SECRETS}/", "/keys/folders", "/keys/audit"
EXPIRING = f"{ONE}expiring"
EMPTY: dict[str, object] = {"items": [], "next_cursor": None}
TAKEN_ALL_THE_SAME = where_answered(422, status(201))
NOT_REFUSED = where_answered(409, status(200))
SHOWN_TO_ALL = when("GET", AUDIT, where_answered(404, instead(200, EMPTY)))

KEEPING = {
    "a reminder is never due": Planted(
        when("GET", EXPIRING, items(never_due)),
        "test_boundaries.py::test_a_moment_later_it_is_another_day",
        says="days and reminder, before and after: expected [(0, False), (-1, True)",
    ),
    "an offset is read wrongly": Planted(
        when("GET", ONE, body(an_hour_off)),
        "test_boundaries.py::test_a_moment_is_the_same_in_any_zone[14]",
        says="the moment",
    ),
    "a time without an offset is taken": Planted(
        when("POST", SECRETS, TAKEN_ALL_THE_SAME),
        "test_boundaries.py::test_a_time_without_a_zone_is_no_moment",
        says="expected status 422, came 201",
    ),
    "what has expired is forgotten": Planted(
        when("GET", EXPIRING, items(lambda es: [e for e in es if e["days_until_expiry"] == 0])),
        "test_boundaries.py::test_what_has_expired_before_it_is_kept_is_told_at_once",
        says="expired and due, within 0 days: expected (True, True), came None",
    ),
    "half a day is a day": Planted(
        when("GET", EXPIRING, where_answered(422, instead(200, EMPTY))),
        "test_boundaries.py::test_days_are_a_whole_number[0.5]",
        says="expected status 422, came 200",
    ),
    "pages of folders repeat an item": Planted(
        when("GET", FOLDERS, repeated()),
        "test_lists.py::test_each_list_comes_whole[folders]",
        says="folders, 1 a page",
    ),
    "pages of teams begin too late": Planted(
        when("GET", TEAMS, items(lambda es: es[1:])),
        "test_lists.py::test_each_list_stands_writers[teams]",
        says="what stayed, as it was read",
    ),
    "a history misses views": Planted(
        when("GET", AUDIT, items(lambda es: [e for e in es if e["action"] != "view"])),
        "test_lists.py::test_a_history_comes_whole_beside_readers",
        says="all of it: expected ['create', 'view'",
    ),
    "a page has no limit": Planted(
        when("GET", TEAMS, where_answered(422, instead(200, EMPTY))),
        "test_lists.py::test_each_list_says_what_a_page_can_be[asked1-teams]",
        says="the answer: expected 422, came 200",
    ),
    "`*` is no version": Planted(
        where(lambda r: r.headers.get("if-match") == "*", instead(412)),
        "test_conditions.py::test_a_change_names_versions_that_it_may_replace[*]",
        says="expected status 200, came 412",
    ),
    "a weak tag is a strong one": Planted(
        when("PUT", ONE, strong_where_weak),
        "test_conditions.py::test_a_change_of_another_version_is_refused[W/{}]",
        says="expected status 412, came 200",
    ),
    "what is no tag is none at all": Planted(
        when("PUT", ONE, where_answered(422, status(428))),
        "test_conditions.py::test_what_is_no_tag_is_refused[another]",
        says="expected status 422, came 428",
    ),
    "a repeat is answered otherwise": Planted(
        when("POST", FOLDERS, answered_otherwise()),
        "test_repeats_everywhere.py::test_it_is_answered_alike_and_done_once[a folder]",
        says="status_code: expected 201, came 200",
    ),
    "a key stands for any body": Planted(
        when("POST", TEAMS, TAKEN_ALL_THE_SAME),
        "test_repeats_everywhere.py::test_another_body_is_a_mistake[a team]",
        says="the second: expected 422, came 201",
    ),
    "of many at once each is done": Planted(
        when("POST", FOLDERS, sending(idempotency_key=None)),
        "test_repeats_everywhere.py::test_many_at_once_make_one[a folder]",
        says="different answers: expected 1",
    ),
    "a key stands for all paths": Planted(
        one_key_for_all_paths(),
        "test_repeats_everywhere.py::test_one_key_at_several_paths_is_several",
        says="a folder, made: expected 1, came 0",
    ),
    "a key may be of any length": Planted(
        any_key,
        "test_repeats_everywhere.py::test_a_key_that_is_none_is_refused[too long-a secret]",
        says="the answer: expected 422, came 201",
    ),
    "what has no key is remembered": Planted(
        when("POST", FOLDERS, sending(idempotency_key="the same for all")),
        "test_repeats_everywhere.py::test_without_a_key_nothing_is_remembered[a folder]",
        says="what was made: expected 2, came 1",
    ),
    "a move takes nothing along": Planted(
        when("GET", FOLDERS, items(at_the_root)),
        "test_moving.py::test_a_subtree_moves_as_it_is",
        says="where all lie",
    ),
    "a folder takes along what was in it": Planted(
        when("GET", FOLDERS, items(lambda es: [e for e in es if str(e["name"])[:2] != "d "])),
        "test_moving.py::test_a_folder_from_in_between_leaves_the_rest_whole",
        says="where all lie",
    ),
    "a circle closes": Planted(
        when("PUT", FOLDERS, NOT_REFUSED),
        "test_moving.py::test_a_circle_is_refused_wherever_it_would_close",
        says="a into a: expected 409, came 200",
    ),
    "two moves make a circle": Planted(
        when("PUT", FOLDERS, NOT_REFUSED),
        "test_moving.py::test_two_that_move_into_each_other_make_no_circle",
        says="the answers: expected [200, 409], came [200, 200]",
    ),
    "a creation is no longer one": Planted(
        when("POST", SECRETS, status(409)),
        "test_moving.py::test_a_folder_that_goes_takes_no_secret_along",
        says="the answer: expected True, came False",
    ),
    "all who are in a team have one copy": Planted(
        when("GET", TEAMS, one_key_for_all()),
        "test_teams.py::test_each_of_four_members_decrypts",
        says="copies of the key: expected 4, came 1",
    ),
    "a change is not kept": Planted(
        the_first_value(),
        "test_teams.py::test_a_secret_that_another_changed_is_read_by_all",
        says="what is read: expected [b'rotated'",
    ),
    "who was removed reads on": Planted(
        for_anybody("GET", ONE),
        "test_teams.py::test_a_key_that_somebody_took_along_opens_nothing_new",
        says="expected status 404, came 200",
    ),
    "who has gone is named": Planted(
        when("GET", AUDIT, items(nobody_named)),
        "test_teams.py::test_an_owner_hands_over_and_leaves",
        says="the history",
    ),
    "a role in one team is one in all": Planted(
        as_founder(),
        "test_teams.py::test_two_teams_of_one_member_have_nothing_to_do_with_each_other",
        says="expected status 403, came 200",
    ),
    "a history outlives its team": Planted(
        SHOWN_TO_ALL,
        "test_teams.py::test_a_history_goes_with_its_team",
        says="expected status 404, came 200",
    ),
    "a history is anybody's": Planted(
        SHOWN_TO_ALL,
        "test_teams.py::test_who_comes_later_sees_what_was_before",
        says="expected status 404, came 200",
    ),
    "a copy of the key is another": Planted(
        when("GET", TEAMS, body(of_another_key)),
        "test_teams.py::test_a_copy_of_the_key_is_for_whom_it_was_made",
        says="their copy",
    ),
}
