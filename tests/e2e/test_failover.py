"""When a model fails another one answers: exactly one answer or one honest sentence, never two, never half of each."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.routing.breaker import FAILURES, Circuit, Circuits, State
from bot.services import Services
from bot.texts import Texts
from infra.local.teams import SeenMessage
from infra.local.vendors.script import Reply
from providers.base import Provider
from tests.e2e.faulted import ASKED, FIRST, FIRST_WORD, OTHER_WORD, OTHERS, Case, cases, judged, some, two_vendors
from tests.e2e.parley import Parley

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    async with two_vendors(tmp_path_factory.mktemp("failover")) as running:
        yield running


async def test_the_other_model_answers_whatever_happens_and_whenever(parley: Parley) -> None:
    verdict = await judged(parley, some())
    assert verdict.wrong == []
    assert verdict.broken_off, "words were shown and taken back"


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_every_fault_at_every_point_both_ways(parley: Parley) -> None:
    verdict = await judged(parley, cases())
    print(f"{verdict.played} cases, {verdict.broken_off} of them after words that were shown")
    assert verdict.wrong == []
    assert verdict.broken_off > 10


class Alone(Circuits):
    """A build without failover: whatever else there is, it seems to be resting."""

    def of(self, provider: Provider) -> Circuit:
        circuit = super().of(provider)
        circuit.rest = inf
        return circuit


async def test_a_build_without_failover_is_found_out(tmp_path: Path) -> None:
    def weakened(services: Services) -> Services:
        return replace(services, circuits=Alone(lambda: 0.0))

    async with two_vendors(tmp_path, weakened) as weak:
        verdict = await judged(weak, [Case("503", "headers", "claude"), Case("cut", "middle", "gpt")])
    assert len({wrong.partition(":")[0] for wrong in verdict.wrong}) == 2, verdict.wrong


async def told(parley: Parley, *script: Reply, chat: str = "personal", ends: str = "") -> tuple[SeenMessage, list[Any]]:
    """What Sofia reads in the end (`ends`: with these words) when Claude does this first, and what GPT was asked meanwhile."""
    parley.services.circuits._circuits.clear()
    await parley.services.preferences.set(f"person:{parley.world.person('Sofia').id}", "model", "claude")
    parley.world.state["script"] = list(script)
    since = len(parley.world.record)
    said = await parley.teams.say("Sofia", ASKED, chat)
    until = (lambda message: ends in message.text) if ends else None
    seen = await parley.teams.answer_to(said, timeout=60, quiet=1.0, until=until)
    return seen, parley.received("openai", since=since)


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        (Reply(error=401, wire="claude"), "trouble.access_refused"),
        (Reply(error=400, wire="claude"), "trouble.bad_request"),
        (Reply(stop="refusal", wire="claude"), "ending.refusal"),
        (Reply(text="The first half of", stop="length", wire="claude"), "ending.length"),
    ],
    ids=["401", "400", "refusal", "length"],
)
async def test_no_other_model_is_asked_where_the_vendor_is_not_at_fault(parley: Parley, reply: Reply, key: str) -> None:
    seen, others = await told(parley, reply)
    assert Texts("en")(key) in seen.text
    assert others == []


@pytest.mark.parametrize(
    "first",
    [Reply(error=529, wire="claude"), Reply(text=FIRST, cut=12, delay=0.05, wire="claude")],
    ids=["at once", "in the middle"],
)
async def test_when_both_fail_one_sentence_says_so(parley: Parley, first: Reply) -> None:
    failing = [Reply(error=503, wire="openai")] * 3
    seen, others = await told(parley, first, *failing, ends="try again")
    assert re.fullmatch(r"Claude [^.]+, and GPT was overloaded\. Please try again in a minute\.", seen.text)
    assert not seen.ai_label
    assert len(others) == 2, "the last one there is is tried twice"


async def test_a_mistake_of_ours_at_the_second_vendor_is_no_riddle(parley: Parley) -> None:
    seen, _ = await told(parley, Reply(error=529, wire="claude"), Reply(error=401, wire="openai"))
    assert seen.text == "Claude was overloaded, and GPT could not answer. Please try again in a minute."


async def test_in_a_group_chat_the_same_message_is_written_anew(parley: Parley) -> None:
    sofia = parley.world.person("Sofia").id
    chat = next(chat for chat in parley.world.company.chats if chat.kind == "group" and sofia in chat.members)
    broken = Reply(text=FIRST, cut=16, delay=0.15, wire="claude")
    since = len(parley.world.record)
    seen, others = await told(parley, broken, Reply(text=OTHERS, wire="openai"), chat=chat.id, ends="answered from")
    shown = [body for body in parley.sent_to_teams(since) if body.get("text")]
    assert any(FIRST_WORD in body["text"] for body in shown)
    assert not any(FIRST_WORD in body["text"] and OTHER_WORD in body["text"] for body in shown)
    assert OTHER_WORD in seen.text
    assert "Nothing that Claude wrote is left." in seen.text
    assert len(others) == 1
    assert len(parley.teams.seen(seen.conversation_id)) == 1


@pytest.mark.parametrize(
    "long", [Reply(stop="overflow", wire="claude"), Reply(error=413, wire="claude")], ids=["said", "refused"]
)
async def test_what_is_too_long_is_summed_up_and_asked_once_more(parley: Parley, long: Reply) -> None:
    await told(parley, Reply(text="Long ago. " * 800, wire="claude"))
    since = len(parley.world.record)
    seen, others = await told(parley, long, Reply(text="They spoke of long ago."), Reply(text=OTHERS))
    first, summary, again = parley.received("claude", since=since)
    assert "You condense a conversation" in str(summary.body)
    assert "They spoke of long ago." in str(again.body)
    assert len(str(again.body)) < len(str(first.body)) - 8000
    assert OTHER_WORD in seen.text
    assert "This was too long for Claude" in seen.text
    assert others == []


async def test_status_says_who_is_left_alone_and_answers_go_round_it(parley: Parley) -> None:
    model = parley.services.models["claude"]
    parley.services.circuits._circuits.clear()
    parley.world.state["script"] = [Reply(error=529, wire="claude")] * FAILURES
    for _ in range(FAILURES):
        parley.world.state["script"].append(Reply(text=OTHERS, wire="openai"))
        await parley.ask("Sofia", ASKED)
    assert parley.services.circuits.of(model).state is State.OPEN
    since = len(parley.world.record)
    seen = await parley.ask("Sofia", ASKED)
    assert parley.received("claude", since=since) == []
    assert "Claude had failed several times a moment ago, so GPT answered." in seen.text
    status = await parley.teams.answer_to(await parley.teams.say("Sofia", "status"), quiet=0.3)
    assert "failed several times; I try again in" in str(status.activity)
    parley.services.circuits.of(model).until = 0.0
    assert "Answered by claude" in (await parley.ask("Sofia", ASKED)).text, "and it is used again when it is back"
    assert parley.services.circuits.of(model).state is State.CLOSED
