"""A slot becomes one run, a run is composed, stored and delivered once, and the dead have one heir: on both databases."""

import asyncio

from bot.store.database import Database
from bot.store.executors import Executors
from bot.store.runs import Plan, Record, Run, Runs
from bot.store.subscriptions import Subscription, Subscriptions
from providers.base import Usage

SLOT = "2026-11-23T08:00"


async def asked(database: Database) -> Subscription:
    wanted = Subscription(
        "ida", "t", "a:ida", "morning", {"rule": ""}, "mail", {"empty": "line"}, next_due=100.0, name="Ida"
    )
    return await Subscriptions(database).save(wanted)


def run_of(subscription: Subscription, slot: str = SLOT) -> Run:
    return Run(subscription.id, slot, "ida", "t", "a:ida", 100.0, again=100.0)


async def test_two_processes_plan_a_slot_once(database: Database) -> None:
    subscription, runs = await asked(database), Runs(database)
    plan = Plan(subscription.id, 100.0, 200.0, (run_of(subscription),))
    late = Plan(subscription.id, 100.0, 300.0, (run_of(subscription, "another"),))
    await asyncio.gather(runs.plan([plan]), runs.plan([plan]))
    await runs.plan([late])
    assert [run.slot for run in await runs.of_subscription(subscription.id, 9)] == [SLOT]
    after = await Subscriptions(database).get(subscription.id)
    assert after is not None
    assert (after.next_due, after.prompt, after.options, after.name) == (200.0, "mail", {"empty": "line"}, "Ida")
    assert await Subscriptions(database).all_due(199.0, 9) == []
    await runs.plan([Plan(subscription.id, 200.0, None, ())])
    over = await Subscriptions(database).get(subscription.id)
    assert over is not None
    assert (over.state, over.why) == ("ended", "over")


async def test_a_run_is_stored_and_delivered_once_with_its_cursors(database: Database) -> None:
    subscription, runs = await asked(database), Runs(database)
    await runs.add(run_of(subscription))
    begun = await runs.begin(subscription.id, SLOT, 101.0)
    assert begun is not None
    assert (begun.state, begun.tries, begun.started) == ("composing", 1, 101.0)
    record = Record({"mail": 2}, ("files",), "claude-5", Usage(10, output=3), 2)
    assert await runs.ready(begun, {"outgoing": {"text": "first"}}, record, 42)
    assert not await runs.ready(begun, {"outgoing": {"text": "second"}}, record, 42)
    assert await runs.begin(subscription.id, SLOT, 102.0) is None
    await runs.placing(begun, 0)
    died = await runs.get(subscription.id, SLOT)
    assert died is not None
    assert (died.uncertain, died.content, died.record, died.cost) == (1, {"outgoing": {"text": "first"}}, record, 42)
    await runs.placed(begun, "m1", 1)
    assert await runs.delivered(begun, {"mail": {"until": 5}}, 103.0)
    assert not await runs.delivered(begun, {"mail": {"until": 6}}, 104.0)
    assert (await runs.told(subscription.id))[1] == {"mail": {"until": 5}}
    last, _ = await runs.told(subscription.id)
    assert last is not None
    assert (last.state, last.message_id, last.finished, last.did_nothing) == ("delivered", "m1", 103.0, False)
    assert await runs.counts(0.0) == {"delivered": 1}
    assert await runs.to_take_up(10_000.0, 9) == []


async def test_trouble_is_told_once_until_a_digest_came(database: Database) -> None:
    subscription, subscriptions, runs = await asked(database), Subscriptions(database), Runs(database)
    assert await subscriptions.tell(subscription.id, "graph")
    assert not await subscriptions.tell(subscription.id, "graph")
    await runs.add(run_of(subscription))
    begun = await runs.begin(subscription.id, SLOT, 101.0)
    assert begun is not None
    assert await runs.empty(begun, {}, Record(), None, 102.0)
    assert await subscriptions.tell(subscription.id, "graph")


async def test_the_work_of_a_silent_process_has_one_heir(database: Database) -> None:
    executors = Executors(database)
    for id in ("dead", "alive"):
        await executors.beat(id)
    assert await executors.dead("alive", 60.0) == []
    await executors.stopped("dead")
    assert await executors.dead("alive", 60.0) == ["dead"]
    heirs = await asyncio.gather(*(executors.adopt("dead", 60.0) for _ in range(4)))
    assert sorted(heirs) == [False, False, False, True]
    await executors.forget("dead")
    assert await executors.dead("alive", -1.0) == []
