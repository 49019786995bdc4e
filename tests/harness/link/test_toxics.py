"""Each toxic says what is passed on and when; no time passes here."""

from random import Random

import pytest

from harness.link.refusal import Refusal
from harness.link.toxic import TYPES, read
from harness.link.toxics import Chunk, Ending, Start, Work

CLOSED = Chunk(10.0, ending=Ending.CLOSED)


def started(kind: str, **attributes: object) -> Work:
    return TYPES[kind].model_validate(attributes).start(Start(Random(1), lambda chunk: None))


def passed(work: Work, *chunks: Chunk) -> list[Chunk]:
    return [out for chunk in chunks for out in work(chunk)]


def test_latency_delays_data_by_as_much_as_it_says() -> None:
    assert passed(started("latency", latency=250), Chunk(1.0, b"a"), CLOSED) == [
        Chunk(1.25, b"a"),
        CLOSED,
    ]


def test_jitter_varies_within_its_bounds_and_by_its_seed_alone() -> None:
    chunks = [Chunk(0.0, b"a")] * 200
    delays = [chunk.due_s for chunk in passed(started("latency", latency=100, jitter=40), *chunks)]
    again = [chunk.due_s for chunk in passed(started("latency", latency=100, jitter=40), *chunks)]
    assert delays == again
    assert min(delays) >= 0.06
    assert max(delays) <= 0.14
    assert max(delays) - min(delays) > 0.06


def test_bandwidth_is_what_it_says_over_chunks() -> None:
    work = started("bandwidth", rate=100)
    out = passed(work, Chunk(0.0, bytes(30_000)), Chunk(0.0, bytes(70_000)))
    assert sum(len(chunk.data) for chunk in out) == 100_000
    assert out[-1].due_s == pytest.approx(1.0)
    assert max(len(chunk.data) for chunk in out) == 10_000
    assert passed(work, Chunk(5.0, bytes(100)))[0].due_s == pytest.approx(5.001)


def test_slow_close_delays_the_end_alone() -> None:
    work = started("slow_close", delay=500)
    assert passed(work, Chunk(1.0, b"a"), CLOSED) == [Chunk(1.0, b"a"), CLOSED.later(0.5)]


def test_timeout_swallows_data() -> None:
    assert passed(started("timeout"), Chunk(1.0, b"a"), CLOSED) == [CLOSED]
    assert read({"type": "timeout"}).behaviour.ends_after_s is None
    assert read({"type": "timeout", "attributes": {"timeout": 50}}).behaviour.ends_after_s == 0.05


def test_reset_peer_resets_in_place_of_what_comes() -> None:
    out = passed(started("reset_peer", timeout=100), Chunk(1.0, b"a"))
    assert out == [Chunk(1.1, ending=Ending.RESET)]


def test_slicer_slices_within_its_bounds_and_loses_nothing() -> None:
    data = Random(2).randbytes(10_000)
    work = started("slicer", average_size=100, size_variation=20, delay=1000)
    out = passed(work, Chunk(0.0, data))
    assert b"".join(chunk.data for chunk in out) == data
    assert all(80 <= len(chunk.data) <= 120 for chunk in out[:-1])
    assert out[10].due_s == pytest.approx(0.010)


def test_limit_data_cuts_at_the_byte() -> None:
    out = passed(started("limit_data", bytes=5), Chunk(1.0, b"abc"), Chunk(2.0, b"def"))
    assert out == [Chunk(1.0, b"abc"), Chunk(2.0, b"de"), Chunk(2.0, ending=Ending.CUT)]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"type": "latancy"}, "invalid toxic type: 'latancy'; there are: latency, bandwidth"),
        ({}, "invalid toxic type: ''"),
        ({"type": "latency", "stream": "sideways"}, "either upstream or downstream"),
        ({"type": "latency", "toxicity": 2}, "toxicity: 2 is not between 0 and 1"),
        ({"type": "latency", "toxicity": "much"}, "toxicity: str"),
        ({"type": "latency", "attributes": {"delay": 1}}, "latency: delay: .*it has: latency, jit"),
        ({"type": "latency", "attributes": {"latency": -1}}, "latency: latency: Input should be"),
        ({"type": "slicer", "attributes": {"average_size": 0}}, "average_size"),
        ({"type": "answer", "attributes": {"content_type": "a\r\nb: c"}}, "content_type"),
        ({"type": "answer", "attributes": {"raw": "\u20ac"}}, "raw"),
        ({"type": ["latency"]}, "type: list"),
    ],
)
def test_what_cannot_be_is_said(body: dict[str, object], why: str) -> None:
    with pytest.raises(Refusal, match=why) as raised:
        read(body)
    assert raised.value.status == 400
