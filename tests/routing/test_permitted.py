"""The step every model call passes: nothing is asked that a rule forbids, and what is asked passes unchanged."""

import logging
from dataclasses import replace

import pytest

from bot.context import Person, Place
from bot.labels import LabelRules
from bot.labels import Rule as LabelRule
from bot.policy.rules import Asker, NotPermitted, Policy, Rule, Targets
from bot.routing.caller import Caller, Purpose, through
from bot.routing.permitted import Permitted, labels_of
from providers.base import Evidence, Message, Request, Response, Text, ToolCall, ToolResult
from providers.batch import Entry
from tests.agent.fakes import ScriptedProvider, says
from tests.commands.desk import SOFIA

REQUEST = Request("", (Message("user", (Text("hello"),)),))
CALLER = Caller(SOFIA, Place.CHANNEL, "chat", "q", "answer", "scripted")
POLICY = Policy(
    (Rule("quiet channels", places=frozenset({"channel", "digest"}), deny=Targets(models=frozenset({"scripted"}))),),
    labels=LabelRules.of((), {"Secret": LabelRule(doors=())}),
)


async def asker_of(person: Person) -> Asker:
    return Asker(person)


async def asked(caller: Caller, request: Request = REQUEST, policy: Policy = POLICY) -> ScriptedProvider:
    provider = ScriptedProvider([says("Hello there.")])
    pieces = [p async for p in through([Permitted(policy, asker_of)], provider, caller).stream(request)]
    assert isinstance(pieces[-1], Response)
    assert pieces[-1].message.text == "Hello there."
    return provider


async def test_what_is_allowed_passes_unchanged() -> None:
    provider = await asked(replace(CALLER, place=Place.PERSONAL))
    assert provider.requests == [REQUEST]


@pytest.mark.parametrize("purpose", ["answer", "summary", "review", "compare"])
async def test_whatever_it_is_for_it_is_refused_before_anything_is_asked(
    purpose: Purpose, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider = ScriptedProvider([says("Never.")])
    guarded = through([Permitted(POLICY, asker_of)], provider, replace(CALLER, purpose=purpose))
    with pytest.raises(NotPermitted) as caught:
        await anext(aiter(guarded.stream(REQUEST)))
    assert (caught.value.rule, caught.value.model, provider.requests) == ("quiet channels", "scripted", [])
    assert "quiet channels" in caplog.text
    assert "hello" not in caplog.text


async def test_a_digest_is_a_place_of_its_own() -> None:
    with pytest.raises(NotPermitted):
        await asked(replace(CALLER, place=Place.PERSONAL, purpose="digest"))


async def test_labels_are_looked_for_wherever_they_may_be() -> None:
    secret = Evidence("S1", "Plan", "words", labels=frozenset({"Secret"}))
    found = Message("user", (ToolResult("c1", (secret,)),))
    call = Message("assistant", (ToolCall("c1", "search", {}),))
    requests = [
        replace(REQUEST, labels=frozenset({"Secret"})),
        replace(REQUEST, messages=(Message("user", (secret,)),)),
        replace(REQUEST, messages=(*REQUEST.messages, call, found)),
    ]
    for request in requests:
        assert labels_of(request) == {"Secret"}
        with pytest.raises(NotPermitted) as caught:
            await asked(replace(CALLER, place=Place.PERSONAL), request)
        assert caught.value.rule == "Secret"
    await asked(replace(CALLER, place=Place.PERSONAL), replace(REQUEST, labels=frozenset({"Public"})))


async def test_what_is_sent_in_another_way_is_checked_by_the_same_rules() -> None:
    check = Permitted(POLICY, asker_of).batch("openai")
    allowed = Entry("one", REQUEST, replace(CALLER, model="other", purpose="digest"))
    await check([allowed])
    with pytest.raises(NotPermitted):
        await check([allowed, replace(allowed, id="two", caller=replace(CALLER, purpose="digest"))])
