"""What people asked to remember: by owner, bounded, and gone when they say so."""

import pytest

from bot.store.database import Database
from bot.store.memories import LONGEST, MOST, Full, Memories

ANA, TEAM = "person:ana", "conversation:19:team"


async def texts(memories: Memories, owner: str) -> list[str]:
    return [memory.text for memory in await memories.of(owner)]


async def test_each_owner_has_its_own(database: Database) -> None:
    memories = Memories(database)
    await memories.add(ANA, "ana", "Ana", "short answers", "t1")
    await memories.add(TEAM, "ana", "Ana", "stand-up at nine", "t2")
    await memories.add(TEAM, "ben", "Ben", "budget is 10", "t3")
    await memories.add(TEAM, "ben", "Ben", "budget is 10", "t3")  # the turn is done a second time after a crash
    assert await texts(memories, ANA) == ["short answers"]
    assert await texts(memories, TEAM) == ["stand-up at nine", "budget is 10"]
    foreign = (await memories.of(ANA))[0].id
    assert await memories.forget(TEAM, [foreign]) == 0
    assert await memories.forget_turn(TEAM, "t2") == 1
    assert await memories.forget_person("ben") == 1
    assert await texts(memories, TEAM) == []
    assert await memories.forget_all(ANA) == 1


async def test_there_is_room_for_a_hundred_short_ones(database: Database) -> None:
    memories = Memories(database)
    with pytest.raises(ValueError, match="long"):
        await memories.add(ANA, "ana", "Ana", "x" * (LONGEST + 1), "t0")
    for number in range(MOST):
        await memories.add(ANA, "ana", "Ana", f"thing {number}", f"t{number}")
    with pytest.raises(Full):
        await memories.add(ANA, "ana", "Ana", "one more", "more")
