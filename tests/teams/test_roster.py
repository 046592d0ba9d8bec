"""Who is in a conversation is asked again when somebody joined, also while the question about it was on its way."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from bot.context import Person, Place, Reference
from bot.teams.connector import Connector
from bot.teams.conversation import MEMBERS_SECONDS, Roster


def at(id: str, team: str = "") -> Reference:
    return Reference(id, Place.CHANNEL, "t", "https://service/", "28:b", Person("p", "P", "t"), team_id=team)


@dataclass
class Lists:
    """A connector that knows members only."""

    members_of: dict[str, list[str]]
    asked: list[str] = field(default_factory=list[str])
    gate: asyncio.Event | None = None

    async def members(self, service_url: str, id: str) -> list[dict[str, Any]]:
        del service_url
        self.asked.append(id)
        listed = [{"objectId": member} for member in self.members_of[id]]
        if self.gate is not None:
            await self.gate.wait()
        return listed


def roster(lists: Lists, now: list[float]) -> Roster:
    return Roster(cast("Connector", lists), now=lambda: now[0])


async def test_one_list_serves_a_minute_unless_somebody_joined() -> None:
    lists, now = Lists({"a": ["1"]}), [0.0]
    known = roster(lists, now)
    assert await known.members(at("a")) == await known.members(at("a;messageid=7")) == frozenset({"1"})
    assert lists.asked == ["a"]
    lists.members_of["a"] = ["1", "2"]
    known.forget(at("a"))
    assert await known.members(at("a")) == frozenset({"1", "2"})
    now[0] += MEMBERS_SECONDS
    await known.members(at("a"))
    assert lists.asked == ["a"] * 3


async def test_all_channels_of_a_team_change_together() -> None:
    lists = Lists({"a": ["1"], "b": ["1"], "c": ["1"]})
    known = roster(lists, [0.0])
    for place in (at("a", "team"), at("b", "team"), at("c", "other")):
        await known.members(place)
    known.forget(at("a", "team"))
    for place in (at("a", "team"), at("b", "team"), at("c", "other")):
        await known.members(place)
    assert sorted(lists.asked) == ["a", "a", "b", "b", "c"]


async def test_a_list_that_was_on_its_way_when_somebody_joined_is_not_kept() -> None:
    lists = Lists({"a": ["1"]}, gate=asyncio.Event())
    known = roster(lists, [0.0])
    first = asyncio.create_task(known.members(at("a")))
    await asyncio.sleep(0)
    lists.members_of["a"] = ["1", "2"]
    known.forget(at("a"))
    assert lists.gate is not None
    lists.gate.set()
    assert await first == frozenset({"1"})
    assert await known.members(at("a")) == frozenset({"1", "2"})


async def test_somebody_without_an_id_makes_the_list_unknown() -> None:
    assert await roster(Lists({"a": ["1", ""]}), [0.0]).members(at("a")) is None
