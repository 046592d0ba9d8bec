"""A digest that is due stands in its conversation, once; and where it can't, its run says why and its owner is told, once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bot.digests.service import Arranged, run_now
from bot.services import Services
from bot.store.run import Run, State
from bot.store.subscriptions import Subscription
from infra.local.connector_state import Message, connector_state
from infra.local.world import Fault
from tests.conftest import fresh_world
from tests.digests.making import QUICK, Scripted, due, shown, words
from tests.e2e.parley import OAUTH_CARD, Parley, parley_running, said_as

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scripted() -> Scripted:
    return Scripted()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(scripted: Scripted, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    folder: Path = tmp_path_factory.mktemp("store")
    made = Arranged(scripted.compose, QUICK)
    async with parley_running(fresh_world(), folder, refine=scripted.refine, digests=made) as running:
        yield running


async def chat_of(parley: Parley, person: str) -> tuple[str, str]:
    """(object id, personal chat) of somebody who has talked to us."""
    said = await parley.teams.say(person, "help")
    await parley.teams.answer_to(said, quiet=0.05)
    return parley.world.person(person).id, said["conversation"]["id"]


async def ended(services: Services, subscription: Subscription, *states: State, tried: bool = False) -> Run:
    """The newest run, when it got there. `tried`: and something was in its way."""
    async with asyncio.timeout(20):
        while True:
            runs = await services.runs.of_subscription(subscription.id, 1)
            if runs and runs[0].state in states and (runs[0].why or not tried):
                return runs[0]
            await asyncio.sleep(0.05)


def texts(parley: Parley, conversation_id: str) -> list[str]:
    return [m.text for m in shown(parley.world) if m.conversation_id.startswith(conversation_id)]


async def seen(parley: Parley, is_it: Callable[[Message], bool]) -> Message:
    async with asyncio.timeout(20), parley.world.changed:
        await parley.world.changed.wait_for(lambda: any(is_it(m) for m in shown(parley.world)))
    return next(m for m in shown(parley.world) if is_it(m))


async def test_what_is_due_is_composed_sent_and_noted(parley: Parley, scripted: Scripted) -> None:
    services = parley.services
    owner, chat = await chat_of(parley, "Sofia")
    asked = await due(services, owner, chat)
    run = await ended(services, asked, "delivered")
    assert [text for text in texts(parley, chat) if words(run) in text] == [words(run)]
    assert (run.late, run.record.read, run.record.items, run.cost, run.uncertain) == (False, {"mail": 3}, 2, 1200, 0)
    assert run.started is not None
    assert run.finished is not None
    assert run.message_id
    assert run.started >= run.due
    assert (await services.runs.told(asked.id))[1] == {"mail": {"until": run.due}}
    after = await services.subscriptions.get(asked.id)
    assert after is not None
    assert after.next_due == run.due + 86400
    assert scripted.composed[-1].since is None
    assert scripted.composed[-1].person.id == owner


async def test_after_an_outage_the_newest_alone_is_made_up_for_and_says_so(parley: Parley) -> None:
    owner, chat = await chat_of(parley, "Sofia")
    asked = await due(parley.services, owner, chat, days_ago=3)
    run = await ended(parley.services, asked, "delivered")
    runs = await parley.services.runs.of_subscription(asked.id, 9)
    assert [(one.state, one.why) for one in runs] == [("delivered", ""), *3 * [("skipped", "outage")]]
    assert run.late
    assert [text for text in texts(parley, chat) if asked.id in text] == [f"{words(run)} Late."]


async def test_once_is_once_and_nothing_to_say_is_silence(parley: Parley) -> None:
    owner, chat = await chat_of(parley, "Sofia")
    asked = await due(parley.services, owner, chat, "silent", rule="")
    run = await ended(parley.services, asked, "empty")
    assert run.why == ""
    assert (await parley.services.runs.told(asked.id))[1] == {"mail": {"until": run.due}}
    assert not [text for text in texts(parley, chat) if asked.id in text]
    over = await parley.services.subscriptions.get(asked.id)
    assert over is not None
    assert (over.state, over.why, over.next_due) == ("ended", "over", None)


async def test_a_channel_gets_a_thread_of_its_own_each_time(parley: Parley) -> None:
    channel = next(channel for channel in parley.world.company.channels if channel.kind == "standard")
    owner = parley.world.person("Sofia").id
    said = await parley.teams.say("Sofia", "help", channel.id)
    await parley.teams.answer_to(said, quiet=0.05)
    asked = await due(parley.services, owner, channel.id)
    run = await ended(parley.services, asked, "delivered")
    digest = next(m for m in shown(parley.world) if words(run) in m.text)
    assert digest.conversation_id == f"{channel.id};messageid={digest.id}"


async def test_without_a_sign_in_there_is_one_card_and_then_the_digests_come(parley: Parley) -> None:
    services = parley.services
    owner, chat = await chat_of(parley, "Jonas")
    first, second = await due(services, owner, chat, "mail"), await due(services, owner, chat, "mail")
    for asked in (first, second):
        await ended(services, asked, "waiting")
    asking = await seen(parley, lambda m: m.conversation_id == chat and _card(m) is not None)
    assert asking.text in said_as("digest_notice.sign_in")
    assert len([m for m in shown(parley.world) if m.conversation_id == chat and _card(m)]) == 1
    status, _ = await parley.teams.sso("Jonas", _card(asking) or {})
    assert status == 200
    for asked in (first, second):
        run = await ended(services, asked, "delivered")
        assert len([text for text in texts(parley, chat) if words(run) in text]) == 1


async def test_what_fails_is_tried_again_and_told_once(parley: Parley, scripted: Scripted) -> None:
    services, day = parley.services, 24 * 3600
    owner, chat = await chat_of(parley, "Oskar")
    asked = await due(services, owner, chat, "broken")
    for number in (1, 2):  # two days with the same trouble: it is told on the first
        await ended(services, asked, "due", tried=True)
        scripted.clock.ahead += 3 * 3600
        services.wake_digests()
        run = await ended(services, asked, "failed")
        assert run.why == "failed"
        scripted.clock.ahead = number * day
        services.wake_digests()
    await ended(services, asked, "due", tried=True)
    assert (
        len([text for text in texts(parley, chat) if any(why in text for why in said_as("digest_notice.why_failed"))])
        == 1
    )
    assert not [text for text in texts(parley, chat) if "secret" in text]
    scripted.clock.ahead = 0.0
    await services.subscriptions.delete(asked.id)


async def test_without_the_right_it_is_paused_and_its_owner_is_told(parley: Parley) -> None:
    owner, chat = await chat_of(parley, "Elena")
    asked = await due(parley.services, owner, chat, "right")
    run = await ended(parley.services, asked, "failed")
    assert run.why == "right"
    await seen(
        parley, lambda m: m.conversation_id == chat and any(why in m.text for why in said_as("digest_notice.why_right"))
    )
    paused = await parley.services.subscriptions.get(asked.id)
    assert paused is not None
    assert (paused.state, paused.why, paused.next_due) == ("paused", "right", None)


async def test_who_blocked_us_gets_nothing_more(parley: Parley) -> None:
    owner, chat = await chat_of(parley, "Hiro")
    connector_state(parley.world).refusals[chat] = "ConversationBlockedByUser"
    asked = await due(parley.services, owner, chat)
    run = await ended(parley.services, asked, "failed")
    assert run.why == "gone"
    paused = await parley.services.subscriptions.get(asked.id)
    assert paused is not None
    assert (paused.state, paused.why) == ("paused", "gone")


async def test_whose_account_is_gone_has_no_digests_any_more(parley: Parley) -> None:
    channel = next(channel for channel in parley.world.company.channels if channel.kind == "standard")
    owner, chat = await chat_of(parley, "Maren")
    asked = await due(parley.services, owner, chat, "left")
    shared = await due(parley.services, owner, channel.id, "left", name="Maren")
    await ended(parley.services, asked, "failed", "skipped")
    await seen(parley, lambda m: m.conversation_id.startswith(channel.id) and "Maren" in m.text)
    after = [await parley.services.subscriptions.get(one.id) for one in (asked, shared)]
    assert [(one.state, one.why) for one in after if one] == 2 * [("ended", "left")]


async def test_a_connector_that_takes_it_and_breaks_leaves_one_digest(parley: Parley) -> None:
    """Only the empty beginning may stand twice; it is counted."""
    owner, chat = await chat_of(parley, "Aisha")
    here = chat.partition(":")[2][:20]  # nobody else's message, which another test may still be waiting for
    parley.world.faults.append(Fault("connector", f"POST *{here}*", kind="cut"))
    asked = await due(parley.services, owner, chat)
    run = await ended(parley.services, asked, "delivered")
    assert run.uncertain == 1
    assert texts(parley, chat)[1:] == ["…", words(run)]


def _card(message: Message) -> dict[str, object] | None:
    found = [a for a in message.activity.get("attachments") or [] if a.get("contentType") == OAUTH_CARD]
    return found[0]["content"] if found else None


async def test_one_in_between_is_for_its_owner_and_a_preview_changes_nothing(parley: Parley) -> None:
    services = parley.services
    owner, chat = await chat_of(parley, "Priya")
    asked = await due(services, owner, chat, rule="")
    first = await ended(services, asked, "delivered")
    run = await run_now(services, asked, chat, preview=True)
    after = await ended(services, asked, "delivered")
    assert (after.slot, after.preview) == (run.slot, True)
    assert words(run) in texts(parley, chat)
    assert (await services.runs.told(asked.id))[1] == {"mail": {"until": first.due}}
