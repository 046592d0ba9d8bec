"""Digests that may come later: a batch at half the price, kept over a restart, given up when it is late, failed or unknown."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.cost.caps import Caps
from bot.digests.compose import compose
from bot.digests.service import Arranged
from bot.digests.work import Waits
from bot.services import Services
from bot.store.audit import Wanted
from bot.store.run import Run
from bot.store.subscriptions import Subscription
from infra.local.company.golden import MORNING, WHOM, plant
from infra.local.vendors import batches
from infra.local.vendors.script import Reply
from infra.local.world import World
from tests.conftest import fresh_world
from tests.digests.composing import work_for
from tests.digests.making import QUICK, due
from tests.digests.test_delivery import chat_of, ended
from tests.e2e.parley import Parley, parley_running

both = pytest.mark.parametrize("door", ["claude", "gpt"])
MINUTES = 20.0
PRICES = """as_of = 2026-12-01
batch = 0.5
[models."anthropic:*"]
input = 3
output = 15
[models."openai:*"]
input = 2
output = 8
"""
WIRE: dict[str, Any] = {"claude": "claude", "gpt": "openai"}
LIVE = {"claude": "/v1/messages", "gpt": "/v1/responses"}


@dataclass
class Office:
    """The same store and company, before and after a restart."""

    world: World
    folder: Path
    door: str
    key: str
    now: datetime = MORNING

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Parley]:
        async with parley_running(
            self.world, self.folder, door=self.door, refine=self._refine, digests=Arranged(pace=QUICK),
            encryption_keys=self.key, prices=str(self.folder / "prices.toml"),
        ) as parley:  # fmt: skip
            yield parley

    def _refine(self, services: Services) -> Services:
        return replace(services, now=lambda: self.now, caps=Caps(batch_minutes=MINUTES))

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.world.clock.advance(seconds)

    def asked(self, path: str) -> int:
        """How often this was posted."""
        wire = WIRE[self.door]
        return sum(one.wire == wire and one.method == "POST" and one.path.endswith(path) for one in self.world.record)


@pytest.fixture
def office(door: str, tmp_path: Path) -> Office:
    world = fresh_world()
    plant(world.company)
    (tmp_path / "prices.toml").write_text(PRICES, encoding="utf-8")
    return Office(world, tmp_path, door, Fernet.generate_key().decode())


async def weekly(parley: Parley) -> Subscription:
    await parley.sign_in(WHOM)
    owner, chat = await chat_of(parley, WHOM)
    return await due(parley.services, owner, chat, rule="FREQ=WEEKLY")


async def handed_in(parley: Parley, asked: Subscription) -> Run:
    """The run, when a batch works on it."""
    async with asyncio.timeout(30):
        while True:
            for run in await parley.services.runs.of_subscription(asked.id, 1):
                whole = await parley.services.runs.get(asked.id, run.slot)
                if whole is not None and whole.state == "due" and "ticket" in (whole.content or {}).get("batch", {}):
                    return whole
            await asyncio.sleep(0.05)


@both
async def test_words_come_in_a_batch_over_a_restart_and_cost_half(office: Office) -> None:
    async with office.open() as parley:
        asked = await weekly(parley)
        await handed_in(parley, asked)
        assert office.asked(LIVE[office.door]) == 0
    async with office.open() as parley:
        await chat_of(parley, WHOM)  # a tenant that started anew is reached elsewhere
        office.later(batches.SECONDS + 1)
        parley.services.wake_digests()
        run = await ended(parley.services, asked, "delivered")
        usage, services = run.record.usage, parley.services
        price = services.ledger.prices.of(services.models[office.door].door, run.record.model)
        assert price is not None
        assert run.record.batch == "used"
        assert run.record.model
        assert run.cost == price.cost(usage, services.ledger.prices.batch) == -(-price.cost(usage) // 2) > 0
        spent = await services.ledger.audit.sum(Wanted(purpose="digest"))
        assert (spent.calls, spent.cost) == (1, run.cost)
    assert (office.asked("/batches"), office.asked(LIVE[office.door])) == (1, 0)
    assert not office.world.state.get("openai_files"), "the vendor keeps nothing of it"


@both
async def test_a_batch_that_is_late_is_cancelled_and_the_model_asked_at_once(office: Office) -> None:
    office.world.state["batch_late"] = ["words"]
    async with office.open() as parley:
        asked = await weekly(parley)
        await handed_in(parley, asked)
        office.later(MINUTES * 60 / 2)
        parley.services.wake_digests()
        await asyncio.sleep(1.0)
        assert (await parley.services.runs.of_subscription(asked.id, 1))[0].state == "due", "there is still time"
        office.later(MINUTES * 60 / 2 + 1)
        parley.services.wake_digests()
        run = await ended(parley.services, asked, "delivered")
        assert run.record.batch == "late"
        assert run.record.model
    assert (office.asked("/batches"), office.asked(LIVE[office.door])) == (1, 1)
    assert all(made.cancelled for made in office.world.state["batches"].values())


@pytest.mark.parametrize("door", ["claude"])
async def test_a_batch_that_failed_is_asked_live(office: Office) -> None:
    office.world.state["script"] = [Reply(error=500)]
    async with office.open() as parley:
        asked = await weekly(parley)
        await handed_in(parley, asked)
        office.later(batches.SECONDS + 1)
        parley.services.wake_digests()
        run = await ended(parley.services, asked, "delivered")
        assert run.record.batch == "late"
        assert run.record.model
    assert (office.asked("/batches"), office.asked(LIVE[office.door])) == (1, 1)


@pytest.mark.parametrize("door", ["claude"])
async def test_what_may_have_been_handed_in_before_a_death_is_not_handed_in_again(office: Office) -> None:
    async with office.open() as parley:
        await parley.sign_in(WHOM)
        work = work_for(parley, WHOM, "morning", MORNING)
        times = {"rule": "FREQ=WEEKLY", "start": "2026-01-01T08:00", "zone": "Europe/Berlin"}
        work = replace(work, subscription=replace(work.subscription, schedule=times))
        work = replace(work, services=replace(work.services, caps=Caps(batch_minutes=MINUTES)))
        with pytest.raises(Waits):
            await compose(work)
        died = replace(work, run=replace(work.run, content={"batch": {"name": office.door, "ids": {}}}))
        found = await compose(died)
        assert found.record.batch == "late"
        daily = replace(work, subscription=replace(work.subscription, schedule={**times, "rule": "FREQ=DAILY"}))
        assert (await compose(daily)).record.batch == ""
    assert (office.asked("/batches"), office.asked(LIVE[office.door])) == (1, 2)
