"""From plain words to a digest in the chat and back: asked for, agreed to, received, steered, looked back at and paused, at the wire."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from bot.cost.caps import Caps
from bot.digests.service import Arranged
from bot.services import Services
from bot.store.run import Run
from bot.store.subscriptions import Subscription
from infra.local.teams import SeenMessage
from tests.conftest import fresh_world
from tests.digests.making import QUICK
from tests.e2e.parley import Parley, parley_running

pytestmark = pytest.mark.asyncio(loop_scope="module")
FRIDAY = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
WISH = "Send me every weekday at 8:30 a digest of my mail and calendar"


@dataclass
class Days:
    """The company's own days, which a test moves on; seconds pass as they do."""

    day: datetime = FRIDAY
    started: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.day + timedelta(seconds=time.monotonic() - self.started)

    def refine(self, services: Services) -> Services:
        return replace(services, now=self.now, caps=Caps(most=3))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def days() -> Days:
    return Days()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(days: Days, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    made = Arranged(pace=QUICK)
    async with parley_running(
        fresh_world(), tmp_path_factory.mktemp("store"), refine=days.refine, digests=made
    ) as running:
        await running.sign_in("Sofia")
        yield running


def buttons(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, list):
        for one in part:
            yield from buttons(one)
    elif isinstance(part, dict):
        if part.get("type") == "Action.Execute":
            yield part
        for one in part.values():
            yield from buttons(one)


async def says(parley: Parley, text: str, chat: str = "personal") -> SeenMessage:
    said = await parley.teams.say("Sofia", text, chat)
    return await parley.teams.answer_to(said, timeout=60, until=lambda m: bool(m.text or m.attachments))


async def press(parley: Parley, message: SeenMessage, title: str, **inputs: str) -> SeenMessage:
    """A button, wherever in the card: the card in its place afterwards, or what was said below it."""
    action = next(one for one in buttons(message.card()) if one["title"] == title)
    value = {
        "action": {"type": "Action.Execute", "verb": "", "data": {**action["data"], **inputs}},
        "trigger": "manual",
    }
    channel, thread, _ = message.conversation_id.partition(";")
    chat = channel if thread else "personal"
    before, known = len(now(parley, message).updates), {m.id for m in parley.teams.seen(message.conversation_id)}
    status, body = await parley.teams.invoke("Sofia", "adaptiveCard/action", value, chat, reply_to=message.id)
    assert (status, body["statusCode"]) == (200, 200)

    def answered() -> SeenMessage | None:
        if len(now(parley, message).updates) > before:
            return now(parley, message)
        fresh = [m for m in parley.teams.seen(message.conversation_id) if m.id not in known and m.attachments]
        return fresh[-1] if fresh else None

    async with asyncio.timeout(30), parley.world.changed:
        await parley.world.changed.wait_for(lambda: answered() is not None)
    found = answered()
    assert found is not None
    return found


def now(parley: Parley, message: SeenMessage) -> SeenMessage:
    return next(m for m in parley.teams.seen(message.conversation_id) if m.id == message.id)


async def delivered(parley: Parley, days: Days, asked: Subscription) -> tuple[Run, SeenMessage]:
    """The next digest, made as the clock comes to it; the row with all it said."""
    known = await parley.services.subscriptions.get(asked.id)
    assert known is not None
    assert known.next_due is not None
    days.day, days.started = datetime.fromtimestamp(known.next_due + 1, UTC), time.monotonic()
    parley.services.wake_digests()
    async with asyncio.timeout(40):
        while True:
            runs = await parley.services.runs.of_subscription(asked.id, 1)
            if runs and runs[0].due == known.next_due and runs[0].state not in ("due", "composing", "ready"):
                break
            await asyncio.sleep(0.05)
    run = await parley.services.runs.get(asked.id, runs[0].slot)
    assert run is not None
    assert run.state == "delivered", run
    where = asked.conversation_id
    seen = parley.teams.seen(where if where.startswith("a:") else f"{where};messageid={run.message_id}")
    return run, next(m for m in seen if m.id == run.message_id)


async def mine(parley: Parley) -> list[Subscription]:
    return await parley.services.subscriptions.of_owner(parley.world.person("Sofia").id)


def said(message: SeenMessage) -> str:
    return "\n\n".join(part.get("text", "") for part in message.card()["body"])


def facts(message: SeenMessage) -> Mapping[str, str]:
    found = [part for part in message.card()["body"] if part["type"] == "FactSet"]
    return {fact["title"]: fact["value"] for fact in found[0]["facts"]}


async def test_from_words_to_a_digest_that_is_steered_and_paused(parley: Parley, days: Days) -> None:
    shown = await says(parley, WISH)
    assert facts(shown)["When"] == "every weekday at 08:30"
    assert facts(shown)["Next"].count("08:30") == 3
    assert not await mine(parley)
    saved = await press(parley, shown, "Save")
    assert "Saved" in str(saved.card())
    (asked,) = await mine(parley)
    run, digest = await delivered(parley, days, asked)
    assert said(digest).startswith("**Friday 20 November: your day**")
    assert not digest.text, "of text and card Teams would make two messages"
    assert not run.did_nothing
    assert run.cost == 0
    assert run.content is not None
    items = run.content["items"]
    muted = next(n for n, item in enumerate(items) if item["who"])
    name = items[muted]["who"]
    noted = await press(parley, digest, "Mute sender", item=str(muted))
    assert f"nothing from {name}" in str(noted.card())
    assert now(parley, digest).card() == digest.card(), "the digest stays as it was"
    later = next((n for n, item in enumerate(items) if item["who"] != name), 0)
    await press(parley, digest, "Snooze", item=str(later), days="3")
    wishes = await parley.services.steering.of(asked.id)
    assert {wish.kind for wish in wishes} == {"mute_sender", "snooze"}
    history = await press(parley, await press(parley, digest, "Schedule…"), "History")
    assert "delivered" in str(history.card())
    assert "read: " in str(history.card())
    paused = await press(parley, await press(parley, history, "Back"), "Pause")
    assert facts(paused)["State"].startswith("paused")
    await press(parley, noted, "Undo")
    assert {wish.kind for wish in await parley.services.steering.of(asked.id)} == {"snooze"}
    await parley.services.subscriptions.delete(asked.id)


async def test_what_was_muted_stays_away_and_what_was_snoozed_comes_back(parley: Parley, days: Days) -> None:
    days.day, days.started = FRIDAY, time.monotonic()
    await press(parley, await says(parley, WISH), "Save")
    (asked,) = await mine(parley)
    run, digest = await delivered(parley, days, asked)
    assert run.content is not None
    items = run.content["items"]
    back = next(n for n, item in enumerate(items) if item["kind"] == "document")
    muted = next(n for n, item in enumerate(items) if item["title"] != items[back]["title"])
    for place in (back, muted):
        await press(parley, digest, "Snooze", item=str(place), days="1")
    await press(parley, digest, "Mute topic", item=str(muted))
    _, second = await delivered(parley, days, asked)
    assert items[back]["title"][:7] in said(second)
    assert items[muted]["title"] not in said(second)
    await parley.services.subscriptions.delete(asked.id)


async def test_a_channel_gets_its_digest_with_buttons_for_its_owner(parley: Parley, days: Days) -> None:
    days.day, days.started = FRIDAY, time.monotonic()
    shown = await says(parley, "every weekday at 8:30 list what is new about Heron here", "General")
    assert facts(shown)["Where"].startswith("in this channel")
    await press(parley, shown, "Save")
    (asked,) = await mine(parley)
    assert ";" not in asked.conversation_id
    listed = await says(parley, "digests", "General")
    assert "what is new about Heron" in str(listed.card())
    run, digest = await delivered(parley, days, asked)
    assert digest.conversation_id == f"{asked.conversation_id};messageid={run.message_id}", "in a thread of its own"
    assert digest.ai_label
    await parley.services.subscriptions.delete(asked.id)
