"""Channels and group chats: one answer in the thread, and only what everybody there may open."""

from collections.abc import Generator

import pytest

from infra.local.connector_state import personal_chat
from infra.local.world import Fault
from tests.e2e.parley import Parley

pytestmark = pytest.mark.asyncio(loop_scope="module")
TELEMETRY = "What is the telemetry interval of the HRN-200?"
PRICE = "What is the US list price of Heron?"


@pytest.fixture
def slow_search(parley: Parley) -> Generator[None]:
    """An answer that is whole at once is shown once; this one is waited for."""
    parley.world.faults.append(Fault("graph", "*", kind="delay", seconds=0.3, times=100))
    yield
    parley.world.faults.clear()


@pytest.mark.usefixtures("slow_search")
async def test_the_answer_is_one_message_in_the_thread_updated_in_place(parley: Parley) -> None:
    await parley.sign_in("Hiro")
    since = len(parley.world.record)
    said = await parley.teams.say("Hiro", TELEMETRY, "General")
    answer = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    thread = said["conversation"]["id"]
    assert ";messageid=" in thread
    assert answer.conversation_id == thread
    assert [message.id for message in parley.teams.seen(thread)] == [answer.id]
    assert answer.updates, "it was shown while it grew"
    writes = [r for r in parley.received("connector", since=since) if r.method in {"POST", "PUT"}]
    messages = [r for r in writes if r.body.get("type") == "message"]
    assert [r.method for r in messages].count("POST") == 1
    assert all(r.status < 300 for r in writes)


async def test_a_reply_in_a_thread_is_answered_in_that_thread(parley: Parley) -> None:
    await parley.sign_in("Hiro")
    first = await parley.teams.say("Hiro", TELEMETRY, "General")
    await parley.teams.answer_to(first, until=lambda message: message.ai_label)
    root = first["conversation"]["id"].split("=")[1]
    second = await parley.ask("Hiro", "Which colour does the Heron housing have?", "General", thread=root)
    assert second.conversation_id == first["conversation"]["id"]
    assert "RAL 5018" in second.text


async def test_private_mail_is_neither_used_nor_named(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    subjects = {mail.subject for mail in parley.world.company.mails if len(mail.subject) > 12}
    since = len(parley.world.record)
    answer = await parley.ask("Sofia", "What is the Heron budget now, and who approved it?", "General")
    sent = str(parley.sent_to_teams(since))
    assert not [subject for subject in subjects if subject in sent]
    assert all("outlook" not in citation["url"] for citation in answer.citations)


async def test_a_file_that_only_some_may_open_is_neither_used_nor_named(parley: Parley) -> None:
    await parley.sign_in("Dana")
    private = await parley.ask("Dana", PRICE, "Pricing")
    assert "2,240 USD" in private.text
    since = len(parley.world.record)
    shared = await parley.ask("Dana", PRICE, "General")
    assert "2,240" not in shared.text
    assert "US price memo" not in str(parley.sent_to_teams(since))
    assert "not everybody here may see" in shared.text


@pytest.mark.usefixtures("slow_search")
async def test_a_group_chat_gets_one_updated_message_and_nobody_else_hears(parley: Parley) -> None:
    await parley.sign_in("Jonas")
    mine = len(parley.teams.seen(personal_chat(parley.world, parley.world.person("Jonas"))))
    answer = await parley.ask("Jonas", "What does error E42 mean?", "Heron pilot logistics")
    assert "dry running" in answer.text
    assert answer.updates
    assert len(parley.teams.seen(personal_chat(parley.world, parley.world.person("Jonas")))) == mine
