"""Each trouble a digest can meet ends in the state, and with the one notice, that docs/digests.md names; made by the real composer."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from bot.digests.service import Arranged
from bot.store.run import Run
from bot.store.subscriptions import Subscription
from infra.local.world import Fault, Wire
from tests.conftest import fresh_world
from tests.digests.making import QUICK, schedule, shown
from tests.e2e.parley import Parley, parley_running, said_as
from tests.e2e.test_digest_commands import FRIDAY, Days

pytestmark = pytest.mark.asyncio(loop_scope="module")
DAY, LONG = 86400.0, 3 * 3600.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def days() -> Days:
    return Days()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(days: Days, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    folder, made = tmp_path_factory.mktemp("store"), Arranged(pace=QUICK)
    async with parley_running(fresh_world(), folder, door="claude", refine=days.refine, digests=made) as running:
        await running.sign_in("Sofia")
        yield running


async def asked(parley: Parley, days: Days, kind: str, prompt: str = "", person: str = "Sofia") -> Subscription:
    said = await parley.teams.say(person, "help")
    await parley.teams.answer_to(said, quiet=0.05)
    days.day, days.started = FRIDAY, time.monotonic()
    times = schedule(FRIDAY)
    one = parley.world.person(person)
    wanted = Subscription(
        one.id, parley.world.company.tenant_id, said["conversation"]["id"], kind, times, prompt, name=one.name,
        channel_id=one.teams_id, next_due=FRIDAY.timestamp(),
    )  # fmt: skip
    return await parley.services.subscriptions.save(wanted)


async def ends(parley: Parley, wanted: Subscription, *states: str, tried: bool = False) -> Run:
    parley.services.wake_digests()
    async with asyncio.timeout(30):
        while True:
            runs = await parley.services.runs.of_subscription(wanted.id, 1)
            if runs and runs[0].state in states and (runs[0].why or not tried):
                return runs[0]
            await asyncio.sleep(0.05)


async def gives_up(parley: Parley, days: Days, wanted: Subscription) -> Run:
    """Tried again, and given up hours later."""
    await ends(parley, wanted, "due", tried=True)
    days.day = datetime.fromtimestamp(days.now().timestamp() + LONG, UTC)
    return await ends(parley, wanted, "failed")


def told(parley: Parley, wanted: Subscription, key: str) -> int:
    texts = [m.text for m in shown(parley.world) if m.conversation_id == wanted.conversation_id]
    return sum(any(why in text for why in said_as(f"digest_notice.why_{key}")) for text in texts)


async def state(parley: Parley, wanted: Subscription) -> tuple[str, str]:
    after = await parley.services.subscriptions.get(wanted.id)
    assert after is not None
    return after.state, after.why


def outage(parley: Parley, wire: Wire) -> None:
    parley.world.faults.append(Fault(wire, "*", "status", 529 if wire == "claude" else 500, times=10_000))


@pytest.mark.slow  # everyday: tests/digests/test_prompted.py and test_phrasing.py
async def test_without_a_model_rules_write_the_brief_and_a_question_waits_and_is_told_once(
    parley: Parley, days: Days
) -> None:
    outage(parley, "claude")
    brief = await asked(parley, days, "morning")
    assert (await ends(parley, brief, "delivered")).record.model == ""
    question = await asked(parley, days, "prompt", "What is the budget of Heron?")
    run = await gives_up(parley, days, question)
    assert (run.why, await state(parley, question)) == ("model", ("active", ""))
    assert told(parley, question, "model") == 1
    days.day = datetime.fromtimestamp(FRIDAY.timestamp() + DAY + 1, UTC)
    await gives_up(parley, days, question)
    assert told(parley, question, "model") == 1, "never again before a digest came in between"
    parley.world.faults.clear()
    for one in (brief, question):
        await parley.services.subscriptions.delete(one.id)


@pytest.mark.slow  # everyday: tests/digests/test_kinds.py and test_delivery.py
async def test_without_graph_it_is_tried_given_up_told_once_and_comes_again(parley: Parley, days: Days) -> None:
    outage(parley, "graph")
    brief = await asked(parley, days, "morning")
    run = await gives_up(parley, days, brief)
    assert (run.why, await state(parley, brief)) == ("graph", ("active", ""))
    assert told(parley, brief, "graph") == 1
    parley.world.faults.clear()
    days.day, days.started = datetime.fromtimestamp(FRIDAY.timestamp() + DAY + 1, UTC), time.monotonic()
    await ends(parley, brief, "delivered", "empty")
    await parley.services.subscriptions.delete(brief.id)


async def test_where_the_app_was_removed_it_is_paused_at_once(parley: Parley, days: Days) -> None:
    wanted = await asked(parley, days, "morning", person="Hiro")
    before = len(parley.sent_to_teams())
    await parley.teams.install("Hiro", added=False)
    async with asyncio.timeout(30):
        while await state(parley, wanted) != ("paused", "left"):  # noqa: ASYNC110 -- the app makes it happen
            await asyncio.sleep(0.05)
    parley.services.wake_digests()
    await asyncio.sleep(0.5)
    assert await parley.services.runs.of_subscription(wanted.id, 1) == []
    assert len(parley.sent_to_teams()) == before
