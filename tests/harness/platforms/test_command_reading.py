"""How a tool's own JSON is read."""

from pathlib import Path

import pytest

from harness.deployment import Artifact
from harness.errors import PlatformError
from tests.harness.platforms.test_command import asked, identified, platform, printing

EACH = {"identity": "/{service}/*/id"}
BOTH = {"api": [{"id": "a"}]}


def tree(*identities: object) -> object:
    return {"web": [{"id": each} for each in identities], **BOTH}


def identities(folder: Path, printed: object, **read: object) -> list[str]:
    state = identified(folder, printed, read={**EACH, **read})
    return [artifact.identity for artifact in state.services["web"].artifacts]


@pytest.mark.parametrize(
    ("found", "expected"),
    [(["v1", "v2"], ["v1", "v2"]), ([], []), ([7], ["7"]), ([7.0, "7"], ["7", "7"])],
)
def test_an_identity_is_read_of_each_instance(
    tmp_path: Path, found: list[object], expected: list[str]
) -> None:
    assert identities(tmp_path, tree(*found)) == expected


@pytest.mark.parametrize("found", [{}, {"web": {}}, {"web": [{}]}, {"web": [{"id": {}}]}])
def test_what_stands_nowhere_is_told(tmp_path: Path, found: dict[str, object]) -> None:
    with pytest.raises(PlatformError, match=r"identify: `.*`: nothing stands at /web/\*/id$"):
        identities(tmp_path, {**BOTH, **found})


@pytest.mark.parametrize("silent", ["", None, {}])
def test_an_instance_that_tells_nothing_is_a_trouble(tmp_path: Path, silent: object) -> None:
    web = identified(tmp_path, tree("v1", silent), read=EACH).services["web"]
    assert [artifact.identity for artifact in web.artifacts] == ["v1"]
    assert web.troubles == ("1 of 2 instances do not tell what they run",)


@pytest.mark.parametrize(
    ("match", "expected"),
    [("shop@(.*)", ["1", "2"]), ("shop@.*", ["shop@1", "shop@2"]), ("{service}=(.*)", ["3"])],
)
def test_a_match_takes_its_own_out_of_what_stands_there(
    tmp_path: Path, match: str, expected: list[str]
) -> None:
    printed = {**BOTH, "web": [{"id": each} for each in ("shop@1", "proxy", "shop@2", "web=3")]}
    printed["api"] = [{"id": "shop@4 api=4"}]
    assert identities(tmp_path, printed, match=match) == expected


def test_a_match_that_finds_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"`read\.match` matches none of what stands there: v1"):
        identities(tmp_path, tree("v1"), match="sha256:.*")


def test_a_name_in_a_match_stands_for_itself_and_is_no_pattern(tmp_path: Path) -> None:
    names = {"web": "shop.web", "api": "shop.api"}
    images = [{"id": each} for each in ("shopxweb@1", "shop.web@2", "shop.api@3")]
    identify = {"run": printing(images), "read": {"identity": "/*/id", "match": "{app}@(.*)"}}
    state = asked(platform(tmp_path, apps=names, identify=identify).identify())
    found = {name: [a.identity for a in one.artifacts] for name, one in state.services.items()}
    assert found == {"web": ["2"], "api": ["3"]}


def test_an_instance_that_tells_nothing_is_not_taken_for_another_service(tmp_path: Path) -> None:
    read = {**EACH, "match": "v(.*)|a"}
    web = identified(tmp_path, tree("v1", "", "proxy"), read=read).services["web"]
    assert [artifact.identity for artifact in web.artifacts] == ["1"]
    assert web.troubles == ("1 of 2 instances do not tell what they run",)


def test_positions_and_the_last_one(tmp_path: Path) -> None:
    printed = {**BOTH, "web": [{"id": "v1"}, {"id": "v2"}, {"id": "v3"}]}
    for position, expected in (("0", "v1"), ("1", "v2"), ("-1", "v3")):
        found = identified(
            tmp_path,
            {**printed, "api": printed["web"]},
            read={"identity": f"/{{service}}/{position}/id"},
        )
        assert found.services["web"].artifacts[0].identity == expected


def test_keys_may_hold_what_pointers_are_made_of(tmp_path: Path) -> None:
    printed = {"a/b~c": {"web": [{"id": "v1"}], "api": [{"id": "v2"}]}}
    assert identities(tmp_path, printed, identity="/a~1b~0c/{service}/0/id") == ["v1"]


def test_what_else_is_read_is_the_same_for_all_instances(tmp_path: Path) -> None:
    printed = {**BOTH, "web": [{"id": "v1"}, {"id": "v1"}], "n": 7, "of": "2.0"}
    read = {**EACH, "reference": "/n", "release": "/of", "serial": "/n"}
    web = identified(tmp_path, printed, read=read).services["web"]
    assert web.artifacts == (Artifact(identity="v1", reference="7", release="2.0"),) * 2
    assert web.serial == "7"


@pytest.mark.parametrize("key", ["reference", "release", "serial"])
def test_what_is_to_be_read_has_to_be_there_once(tmp_path: Path, key: str) -> None:
    with pytest.raises(PlatformError, match=r"nothing stands at /n$"):
        identified(tmp_path, tree("v1"), read={**EACH, key: "/n"})
    with pytest.raises(PlatformError, match=r"several things stand at /web/\*/id: v1, v2$"):
        identified(tmp_path, tree("v1", "v2"), read={**EACH, key: "/{service}/*/id"})


@pytest.mark.parametrize(
    ("expect", "trouble"),
    [
        ({"/web/*/id": "v1"}, "/web/*/id is v2, not v1"),
        ({"/web/*/id": ["v1", "v2"]}, None),
        ({"/web/*/id": "*"}, None),
        ({"/web/*/n": "*"}, "/web/*/n is nothing, not *"),
        ({"/{service}/0/id": "v1"}, None),
        ({"/n": 100}, None),
        ({"/n": "100"}, None),
        ({"/n": 99}, "/n is 100, not 99"),
        ({"/yes": True}, None),
        ({"/yes": False}, "/yes is true, not false"),
        ({"/gone": "x"}, "/gone is nothing, not x"),
        ({"/gone": None}, None),
        ({"/n": None}, "something stands at /n, and nothing may"),
        ({"/none/*": "x"}, "/none/* is an empty list, not x"),
        ({"/web": "x"}, "/web is no single value, not x"),
    ],
)
def test_what_is_expected_and_is_not_so_is_a_trouble(
    tmp_path: Path, expect: object, trouble: str | None
) -> None:
    printed = {"web": [{"id": "v1"}, {"id": "v2"}], "api": [{"id": "v1"}]}
    whole = {**printed, "n": 100, "yes": True, "none": []}
    web = identified(tmp_path, whole, read=EACH, expect=expect).services["web"]
    assert web.troubles == ((trouble,) if trouble else ())


@pytest.mark.parametrize(
    ("has", "trouble"),
    [
        ({"/web/*/id": "v2"}, None),
        ({"/web/*/id": "v3"}, "nothing at /web/*/id is v3"),
        ({"/gone/*": ["v3", "v4"]}, "nothing at /gone/* is v3 or v4"),
    ],
)
def test_one_that_has_to_be_there(tmp_path: Path, has: object, trouble: str | None) -> None:
    web = identified(tmp_path, tree("v1", "v2"), read=EACH, has=has).services["web"]
    assert web.troubles == ((trouble,) if trouble else ())


@pytest.mark.parametrize(
    ("changing", "expected"),
    [
        ({"/n": "go"}, True),
        ({"/n": "stop"}, False),
        ({"/gone": "*"}, False),
        ({"/web": "*"}, True),
        ({"/gone": "go", "/n": ["stop", "go"]}, True),
    ],
)
def test_an_operation_under_way_is_told_by_any_of_its_signs(
    tmp_path: Path, changing: object, expected: bool
) -> None:
    printed = {"web": [{"id": "v1"}], **BOTH, "n": "go"}
    web = identified(tmp_path, printed, read=EACH, changing=changing).services["web"]
    assert web.changing is expected


def test_describe_adds_to_identify(tmp_path: Path) -> None:
    described = {
        "run": printing({"web": {"n": 7}, "api": {"n": 8}, "phase": "Failed"}),
        "read": {"reference": "/{service}/n", "serial": "/{service}/n"},
        "expect": {"/phase": "Succeeded"},
        "changing": {"/phase": "Failed"},
    }
    state = asked(platform(tmp_path, describe=described).identify())
    assert state.services["web"].artifacts == (Artifact(identity="v1", reference="7"),)
    assert state.services["api"].serial == "8"
    assert state.changing == ["web", "api"]
    assert state.services["web"].troubles == ("/phase is Failed, not Succeeded",)


@pytest.mark.parametrize(("newest", "expected"), [("first", ["2", "1"]), ("last", ["1", "2"])])
def test_a_list_is_read_newest_first(tmp_path: Path, newest: str, expected: list[str]) -> None:
    known = {name: [{"id": 2, "r": "b"}, {"id": 1, "r": "a"}] for name in ("web", "api")}
    read = {**EACH, "reference": "/{service}/*/r", "newest": newest}
    listed = asked(platform(tmp_path, list={"run": printing(known), "read": read}).list())
    assert [each.identity for each in listed["web"]] == expected
    assert {each.identity: each.reference for each in listed["web"]} == {"1": "a", "2": "b"}


def test_a_list_whose_parts_do_not_fit_is_told(tmp_path: Path) -> None:
    known = {name: [{"id": 2, "r": "b"}, {"id": 1}] for name in ("web", "api")}
    read = {**EACH, "reference": "/{service}/*/r"}
    with pytest.raises(PlatformError, match=r"1 stand at /web/\*/r, not 2"):
        asked(platform(tmp_path, list={"run": printing(known), "read": read}).list())
