"""In a shared place everybody reads the answer: what only the asker may open is found, and stays out of the model's hands too."""

import json
from typing import Any

import pytest

from infra.local.vendors.script import Call, Reply
from infra.local.world import Fault
from tests.e2e.parley import Parley, citing

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOTEL = "What is the hotel limit for a night in London?"
BUDGET = "What is the Heron budget now, and who approved it?"
TELEMETRY = "What is the telemetry interval of the HRN-200?"


@pytest.fixture(scope="module")
def door() -> str:
    return "claude"


async def test_while_nobody_knows_who_reads_along_nothing_is_used(parley: Parley) -> None:
    await parley.sign_in("Aisha")
    parley.world.faults.append(Fault("connector", "GET *members*", status=500, times=50))
    since = len(parley.world.record)
    answer = await parley.ask("Aisha", "What does alarm E57 mean?", "Firmware")
    assert answer.citations == []
    assert "12 hours" not in _to_model(parley, since)
    assert "HRN-200 alarm codes" not in str(parley.sent_to_teams(since))


async def test_a_guest_who_reads_along_narrows_what_is_used(parley: Parley) -> None:
    """The travel policy is for all staff; Heron's General channel has a guest, the plant's has none."""
    await parley.sign_in("Elena")
    among_staff = await parley.ask("Elena", HOTEL, "Purchasing")
    assert any(c["name"].startswith("Travel policy") for c in among_staff.citations)
    since = len(parley.world.record)
    with_guest = await parley.ask("Elena", HOTEL, "Firmware")
    assert "Travel policy" not in str(parley.sent_to_teams(since)) + _to_model(parley, since)
    assert "not everybody here may" in with_guest.text


async def test_a_model_that_asks_for_mail_gets_none(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    since = len(parley.world.record)
    parley.world.state["script"] = [
        Reply(calls=[Call("search_mail", {"query": "Heron budget approved"}), Call("read", {"id": "S1"})]),
        citing("It is 485,000 EUR", "485,000"),
    ]
    answer = await parley.ask("Sofia", BUDGET, "Heron pilot logistics")
    assert len(parley.received("claude", since=since)) == 2
    assert "Re: Heron: budget for the project" not in _to_model(parley, since)
    assert all("outlook" not in citation["url"] for citation in answer.citations)


async def test_what_was_said_in_private_stays_there(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    parley.world.state["script"] = [Reply(text="Between us: quagga.")]
    await parley.ask("Sofia", "What do we keep quiet about zanzibar?")
    since = len(parley.world.record)
    await parley.ask("Sofia", "And the telemetry interval of the HRN-200?", "General")
    sent = _to_model(parley, since)
    assert "quagga" not in sent
    assert "zanzibar" not in sent


async def test_two_threads_are_two_conversations(parley: Parley) -> None:
    await parley.sign_in("Hiro")
    first = await parley.ask("Hiro", TELEMETRY, "General")
    since = len(parley.world.record)
    second = await parley.ask("Hiro", "Which colour does the Heron housing have?", "General")
    assert second.conversation_id != first.conversation_id
    assert TELEMETRY not in _to_model(parley, since)


async def test_others_go_on_with_a_thread_and_see_with_their_own_eyes(parley: Parley) -> None:
    await parley.sign_in("Hiro", "Jonas")
    first = await parley.ask("Hiro", TELEMETRY, "General")
    since = len(parley.world.record)
    thread = first.conversation_id.partition(";messageid=")[2]
    second = await parley.ask("Jonas", "And which colour does the Heron housing have?", "General", thread=thread)
    assert second.conversation_id == first.conversation_id
    assert TELEMETRY in _to_model(parley, since)
    # Downloads go to links that are good for themselves and carry no token.
    searched = {request.caller for request in parley.received("graph", since=since)} - {""}
    assert searched == {parley.world.person("Jonas").id}


def _to_model(parley: Parley, since: int) -> str:
    bodies: list[Any] = [request.body for request in parley.received("claude", since=since)]
    assert bodies, "the model was asked"
    return json.dumps(bodies, ensure_ascii=False)
