"""People who get digests from real replicas, made as in production, and the count of what reached them."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.store.database import Database
from bot.store.references import References
from bot.store.run import OVER, UNFINISHED, Run
from bot.store.runs import Runs
from bot.store.subscriptions import Subscription, Subscriptions
from bot.teams.activities import reference
from infra.local.connector_state import Message, conversation
from infra.local.teams import TeamsClient
from infra.local.world import World
from tests.digests.making import schedule
from tests.e2e.parley import OAUTH_CARD

PLACEHOLDER = "…"
EVERY_STATE = (*UNFINISHED, *OVER, "waiting")


@dataclass(slots=True)
class DigestTally:
    asked: int = 0
    states: Counter[str] = field(default_factory=Counter[str])
    lost: list[str] = field(default_factory=list[str])
    """Never planned, or delivered as its row says and nowhere to be seen."""
    twice: list[str] = field(default_factory=list[str])
    empty: int = 0
    """Beginnings that stand empty, each of them listed in its run."""
    unlisted: int = 0

    @property
    def over(self) -> int:
        return sum(self.states[state] for state in OVER)

    @property
    def kept(self) -> bool:
        return not (self.lost or self.twice or self.unlisted)


@dataclass(slots=True)
class Digesters:
    world: World
    teams: TeamsClient
    database: Database
    people: Sequence[str]
    asked: list[Subscription] = field(default_factory=list[Subscription])
    before: dict[str, int] = field(default_factory=dict[str, int])
    """Messages in each person's chat before the first digest."""

    async def sign_in(self) -> set[str]:
        """Their conversations."""
        for person in self.people:
            card = await self.teams.answer_to(await self.teams.say(person, "sign in"), quiet=0.1)
            status, body = await self.teams.sso(person, card.card(OAUTH_CARD))
            assert status == 200, body
            here = reference(self.teams.compose(person, "hello"))
            await References(self.database).save(here)
            self.before[here.id] = len(self.shown(here.id))
        return set(self.before)

    async def ask(self) -> None:
        """Each gets one more digest, once, due since the minute that runs."""
        minute = time.time() // 60 * 60
        times = schedule(datetime.fromtimestamp(minute, UTC), "")
        for person, place in zip(self.people, self.before, strict=True):
            asked = Subscription(
                person,
                self.world.company.tenant_id,
                place,
                "morning",
                times,
                options={"empty": "line"},
                next_due=minute,
            )
            self.asked.append(await Subscriptions(self.database).save(asked))

    async def settled(self, seconds: float) -> DigestTally:
        """Waits until each has come to its end. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while (found := await self.tally()).over < found.asked:  # noqa: ASYNC110 -- other processes finish them
                await asyncio.sleep(0.5)
        return found

    async def tally(self) -> DigestTally:
        runs = await Runs(self.database).recent(0.0, EVERY_STATE, 100_000)
        found = DigestTally(len(self.asked), Counter(run.state for run in runs))
        of = {run.subscription_id: run for run in runs}
        found.lost = [f"{one.id}: never planned" for one in self.asked if one.id not in of]
        for place in self.before:
            self._count(found, [run for run in runs if run.conversation_id == place], self.shown(place))
        return found

    def _count(self, found: DigestTally, runs: Sequence[Run], messages: Sequence[Message]) -> None:
        """A digest stands in the message its run names, in no other, and no other run names it."""
        named = Counter(run.message_id for run in runs if run.state == "delivered")
        digests = {message.id for message in messages if is_digest(message)}
        found.lost += [f"{id}: delivered, and not there" for id in named.keys() - digests]
        found.twice += [f"{id}: named by {count} runs" for id, count in named.items() if count > 1]
        known = {run.message_id for run in runs}  # one whose last answer of Teams was lost may stand there, too
        found.twice += [f"{id}: named by no run" for id in digests - known]
        empty, uncertain = sum(m.text == PLACEHOLDER for m in messages), sum(run.uncertain for run in runs)
        found.empty += empty
        found.unlisted += max(0, empty - uncertain - sum(run.state not in OVER for run in runs))

    def shown(self, place: str) -> list[Message]:
        found = conversation(self.world, place)
        return [m for m in (found.messages if found else []) if m.author == "bot" and not m.deleted]


def is_digest(message: Message) -> bool:
    return message.text.startswith("Nothing new since last time.") or "digest" in str(message.activity.get("value", ""))
