"""Asked once, answered once: real replicas of the bot that can be killed, Teams' repeated deliveries, and the count of what people saw."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.fernet import Fernet

from bot.store.database import Database
from bot.store.migrate import NEWEST
from bot.texts import Texts
from infra.local.company.model import Channel
from infra.local.connector_state import Message, connector_state
from infra.local.replica import ROOT, Replica
from infra.local.teams import TeamsClient
from infra.local.tenant import environment, running
from infra.local.vendors.script import Reply
from infra.local.world import World

MODEL = "claude=anthropic:claude-sonnet-5"
SAID = "It is good to hear from you. Ask me about your mail and your files whenever you like."
HELP = "I answer questions from your own mail and documents"
"""How the text of `help` begins."""
ENGLISH = Texts("en")
AT_ONCE = 16
"""Deliveries under way at any time."""


@dataclass(slots=True)
class Tally:
    """What became of the activities, as the people in the conversations see it."""

    admitted: int = 0
    answered: int = 0
    apologised: int = 0
    """Got an apology instead of an answer: the answer's post was announced when its process died."""
    both: int = 0
    """Got the apology after the answer: the post had arrived, but nobody lived to note it."""
    given_up: int = 0
    """Got the other apology: three processes died over it, so a fourth was not put at risk."""
    remains: int = 0
    """Beginnings of an answer that stayed behind, beside the answer that was then given."""
    lost: list[str] = field(default_factory=list[str])
    twice: list[str] = field(default_factory=list[str])
    strange: list[str] = field(default_factory=list[str])
    """Anything else the bot said."""

    @property
    def settled(self) -> int:
        return self.answered + self.apologised + self.given_up

    @property
    def kept(self) -> bool:
        return not (self.lost or self.twice or self.strange)


def tally(asked: Iterable[Mapping[str, Any]], messages: Iterable[Message]) -> Tally:
    """Compares activities with what stands in their conversations, where each was asked another thing."""
    wanted, seen = defaultdict[str, Counter[str]](Counter), defaultdict[str, Counter[str]](Counter)
    for activity in asked:
        wanted[activity["conversation"]["id"]][_asked(activity)] += 1
    found = Tally(admitted=sum(sum(kinds.values()) for kinds in wanted.values()))
    for message in messages:
        if message.author == "bot" and not message.deleted:
            kind = kind_of(message)
            seen[message.conversation_id][kind] += 1
            if kind == "strange":
                found.strange.append(f"{message.conversation_id}: {message.text}")
    for place, kinds in wanted.items():
        _count(found, place, kinds, seen[place])
    found.strange += [f"{place}: nothing was asked there" for place in seen.keys() - wanted.keys()]
    return found


def _count(found: Tally, place: str, asked: Counter[str], seen: Counter[str]) -> None:
    answered = sum(min(seen[kind], asked[kind]) for kind in ("hello", "help"))
    given_up = min(seen["failure"], asked.total() - answered)
    unanswered, apologies = asked.total() - answered - given_up, seen["apology"]
    found.answered += answered
    found.given_up += given_up
    found.apologised += min(unanswered, apologies)
    found.both += min(max(0, apologies - unanswered), answered)
    found.remains += seen["unfinished"]
    found.lost += [place] * max(0, unanswered - apologies)
    found.twice += [f"{place}: {kind}" for kind in ("hello", "help") if seen[kind] > asked[kind]]
    if apologies + seen["failure"] > asked.total() or seen["failure"] > given_up:
        found.twice.append(f"{place}: apology")


def _asked(activity: Mapping[str, Any]) -> str:
    return "help" if activity["text"].endswith("help") else "hello"


def kind_of(message: Message) -> str:
    text = message.text
    if text == ENGLISH("trouble.interrupted"):
        return "apology"
    if text.startswith(ENGLISH("trouble.failed")):
        return "failure"
    if text.startswith(HELP):
        return "help"
    if text.startswith(SAID) and "Answered by" in text and not message.streaming:
        return "hello"
    return "unfinished" if SAID.startswith(text.removesuffix("…").strip()) else "strange"


@dataclass(slots=True)
class Office:
    """Two replicas on one database, and the people who talk to them."""

    world: World
    teams: TeamsClient
    replicas: list[Replica]
    settings: Mapping[str, str]
    database: Database
    dice: random.Random
    newcomers: Iterator[str]
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    statuses: Counter[int] = field(default_factory=Counter[int])
    """Of all deliveries; 0 where nobody listened."""
    apart: set[str] = field(default_factory=set[str])
    """Conversations that are counted elsewhere (`tests.e2e.digesters`)."""

    def chats(self, count: int, reply: Callable[[], Reply]) -> list[dict[str, Any]]:
        """That many people say hello in their personal chats, and their answers come like `reply`."""
        batch = [self.teams.compose(next(self.newcomers), "hello") for _ in range(count)]
        self.world.state["script"] += [reply() for _ in range(3 * count)]
        self.asked += batch
        return batch

    def compose(self, count: int) -> list[dict[str, Any]]:
        """Half of them in a personal chat each, half in threads of a channel with two activities each."""
        channel = _open_channel(self.world)
        batch: list[dict[str, Any]] = []
        for number in range(count):
            if number % 4 < 2:
                batch.append(self.teams.compose(next(self.newcomers), "help" if number % 16 == 0 else "hello"))
            elif number % 4 == 2:
                batch.append(self.teams.compose("sofia", "hello", channel.id))
            else:
                batch.append(self.teams.compose("sofia", "help", channel.id, thread=batch[-1]["id"]))
        self.world.state["script"] += _replies(3 * count, self.dice)
        self.asked += batch
        return batch

    async def deliver(self, batch: Sequence[dict[str, Any]]) -> None:
        """Each one to four times: some at the same moment to both replicas, some when it is long done."""
        first, later = list[tuple[dict[str, Any], int]](), list[tuple[dict[str, Any], int]]()
        for activity in batch:
            times = self.dice.randint(1, 4)
            at_once = self.dice.randint(1, times)
            first.append((activity, at_once))
            later.append((activity, times - at_once))
        self.dice.shuffle(first)
        self.dice.shuffle(later)
        queue = iter([*first, *later])

        async def client() -> None:
            for activity, times in queue:
                start = self.dice.randrange(2)
                await asyncio.gather(*(self.until_taken(activity, start + again) for again in range(times)))

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(client())

    async def until_taken(self, activity: dict[str, Any], turn: int) -> None:
        """As Teams does: again, elsewhere, until somebody says 2xx."""
        while True:
            replica = self.replicas[turn % len(self.replicas)]
            try:
                status, body = await self.teams.post(activity, url=replica.url)
            except aiohttp.ClientError:
                status, body = 0, None
            self.statuses[status] += 1
            if 200 <= status < 300:
                return
            assert status in {0, 503}, body
            turn += 1
            await asyncio.sleep(0.05)

    async def settled(self, count: int) -> None:
        """Waits until so many activities, of all that were asked, have their answer or an apology."""
        async with self.world.changed:
            await self.world.changed.wait_for(lambda: self.tally().settled >= count)

    def tally(self) -> Tally:
        places = connector_state(self.world).conversations.values()
        counted = (
            message for place in places for message in place.messages if message.conversation_id not in self.apart
        )
        return tally(self.asked, counted)


@asynccontextmanager
async def office(
    world: World,
    url: str,
    *,
    most: int,
    seed: int,
    count: int = 2,
    root: Path = ROOT,
    revision: str = NEWEST,
    **changes: str,
) -> AsyncGenerator[Office]:
    """`url`: of an empty database. `most`: how many activities will be composed; as many people as that needs join the company.

    `count` replicas of the tree `root`, with `changes` of settings, on a schema of that `revision`.
    """
    newcomers = hire(world, most)
    world.state |= {"rates_off": True, "script": []}
    key = Fernet.generate_key().decode()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(world))
        settings = {
            **environment(world), "DATABASE_URL": url, "ENCRYPTION_KEYS": key, "MODELS": MODEL, "LOG_LEVEL": "ERROR",
            "MODEL_LISTS": "0", **changes,
        }  # fmt: skip
        replicas = [Replica(settings, root=root) for _ in range(count)]
        for replica in replicas:
            stack.push_async_callback(replica.stop)
        await asyncio.gather(*(replica.start() for replica in replicas))
        database = await Database.open(url, [key], revision)
        stack.push_async_callback(database.aclose)
        teams = await stack.enter_async_context(TeamsClient(world, replicas[0].url))
        yield Office(world, teams, replicas, settings, database, random.Random(seed), iter(newcomers))


def hire(world: World, count: int, *, first: int = 0) -> list[str]:
    """People with nothing but a personal chat; returns their object ids."""
    someone = world.person("sofia")
    people = [
        replace(someone, id=f"00000000-0000-4000-8000-{number:012d}", teams_id=f"29:newcomer-{number}",
                given_name=f"Newcomer{number}", mail=f"newcomer{number}@tidewell.example")
        for number in range(first, first + count)
    ]  # fmt: skip
    world.company.people.extend(people)
    return [person.id for person in people]


def _open_channel(world: World) -> Channel:
    return next(channel for channel in world.company.channels if channel.kind == "standard")


def _replies(count: int, dice: random.Random) -> list[Reply]:
    """Half come at once and leave in one post; half grow for about a second, in a message that is placed first."""
    return [Reply(SAID, chunk=8, delay=dice.choice((0.0, 0.09)), wire="claude") for _ in range(count)]
