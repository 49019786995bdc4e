import asyncio

from harness.places import Places


async def _held(places: Places, until: asyncio.Event, inside: list[int]) -> None:
    async with places.taken():
        inside.append(len(inside))
        await until.wait()


async def _settled() -> None:
    """Everything that can go on has gone on."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_no_more_than_so_many_run_at_a_time() -> None:
    async def inside() -> tuple[int, int]:
        places, until, entered = Places(2), asyncio.Event(), list[int]()
        tasks = [asyncio.create_task(_held(places, until, entered)) for _ in range(5)]
        await _settled()
        at_first = len(entered)
        until.set()
        await asyncio.gather(*tasks)
        return at_first, len(entered)

    assert asyncio.run(inside()) == (2, 5)


def test_who_takes_long_keeps_nobody_waiting() -> None:
    async def inside() -> None:
        places, never, entered = Places(1), asyncio.Event(), list[int]()
        slow = asyncio.create_task(_held(places, never, entered))
        await _settled()
        async with asyncio.timeout(5), places.taken():
            assert not slow.done()
        # It has given its place up once, not twice.
        slow.cancel()
        await asyncio.wait([slow])
        waiting = [asyncio.create_task(_held(places, never, entered)) for _ in range(3)]
        await _settled()
        assert len(entered) == 2
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)

    asyncio.run(inside())
