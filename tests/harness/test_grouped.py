"""Tests that one worker has to run are known by the same ids as ever."""

import pytest

from harness.recording import _alone


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("a/test_b.py::test_c", "a/test_b.py::test_c"),
        ("a/test_b.py::test_c@apart", "a/test_b.py::test_c"),
        ("a/test_b.py::test_c[1]@apart", "a/test_b.py::test_c[1]"),
        ("a/test_b.py::test_c[me@example.org]", "a/test_b.py::test_c[me@example.org]"),
        ("a/test_b.py::test_c[me@example.org]@apart", "a/test_b.py::test_c[me@example.org]"),
        ("home@work/test_b.py::test_c", "home@work/test_b.py::test_c"),
    ],
)
def test_the_group_of_a_test_is_no_part_of_its_id(nodeid: str, expected: str) -> None:
    assert _alone(nodeid) == expected
