"""Items that come together are run together, and one item's fault is its own."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.store.together import Together


async def test_what_comes_while_a_group_runs_is_the_next_group() -> None:
    groups: list[list[int]] = []
    release = asyncio.Event()

    async def run(items: Sequence[int]) -> list[int]:
        groups.append(list(items))
        await release.wait()
        return [10 * item for item in items]

    together = Together(run, most=2)
    first = asyncio.create_task(together(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(together(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    release.set()
    assert await asyncio.gather(first, *others) == [10, 20, 30, 40]
    assert groups == [[1], [2, 3], [4]]


async def test_a_faulty_item_fails_alone() -> None:
    async def run(items: Sequence[int]) -> list[int]:
        if 2 in items:
            raise ValueError("two")
        return list(items)

    together = Together(run)
    outcomes = await asyncio.gather(*(together(number) for number in (1, 2, 3)), return_exceptions=True)
    assert [outcomes[0], outcomes[2]] == [1, 3]
    with pytest.raises(ValueError, match="two"):
        raise outcomes[1] if isinstance(outcomes[1], BaseException) else AssertionError


async def test_a_caller_that_leaves_disturbs_nobody() -> None:
    release = asyncio.Event()

    async def run(items: Sequence[int]) -> list[int]:
        await release.wait()
        return list(items)

    together = Together(run)
    leaving, staying = asyncio.create_task(together(1)), asyncio.create_task(together(2))
    await asyncio.sleep(0)
    leaving.cancel()
    release.set()
    assert await staying == 2
