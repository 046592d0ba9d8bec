"""The loop: finished, waiting or stopped; its state is the transcript."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bot.agent import loop
from bot.agent.loop import Cause, Finished, Limits, Outcome, Stopped, Waiting
from bot.agent.tools import Content, Tool, Toolbox
from bot.tools.read import TOOL as READ
from bot.tools.search_mail import TOOL as SEARCH_MAIL
from providers.base import Message, Request, Response, StopReason, Text, ToolResult, ToolSpec
from providers.errors import Incomplete, Overloaded
from tests.agent.fakes import FixedToolbox, ScriptedProvider, calls, says

ASK = Message("user", (Text("Question: where?"),))
DONE: list[Mapping[str, Any]] = []


async def _write(toolbox: Toolbox, arguments: Mapping[str, Any]) -> Content:
    del toolbox
    DONE.append(arguments)
    return (Text("done"),)


TOOLS = {"search_mail": SEARCH_MAIL, "read": READ, "send": Tool(ToolSpec("send", "", {}), _write, writes=True)}


async def run(
    provider: ScriptedProvider, toolbox: Toolbox, messages: tuple[Message, ...] = (ASK,), limits: Limits | None = None,
    decisions: Mapping[str, bool] | None = None, heard: list[str] | None = None,
) -> Outcome:  # fmt: skip
    said = [] if heard is None else heard

    async def on_text(text: str) -> None:
        said.append(text)

    async def on_round() -> None:
        said.append("|")

    return await loop.run(
        provider, Request("system", messages), TOOLS, toolbox,
        on_text=on_text, on_round=on_round, decisions=decisions, limits=limits or Limits(),
    )  # fmt: skip


async def test_a_plain_answer_is_finished() -> None:
    heard: list[str] = []
    outcome = await run(ScriptedProvider([says("It is here")]), FixedToolbox(), heard=heard)
    assert isinstance(outcome, Finished)
    assert (outcome.text, outcome.model, outcome.usage.input) == ("It is here", "scripted-1-2026", 10)
    assert heard == ["It ", "is ", "here"]


async def test_tool_calls_are_answered_and_lead_back_to_the_model() -> None:
    provider, toolbox = (
        ScriptedProvider([calls("search_mail", "read", text="Looking", query="x"), says("There")]),
        FixedToolbox(),
    )
    heard: list[str] = []
    outcome = await run(provider, toolbox, heard=heard)
    assert isinstance(outcome, Finished)
    results = provider.requests[1].messages[-1].parts
    assert [(r.call_id, r.is_error) for r in results if isinstance(r, ToolResult)] == [("c0", False), ("c1", True)]
    assert toolbox.asked == ["mail:x"]
    assert heard == ["Looking", "|", "There"]
    assert outcome.usage.input == 20


async def test_an_unknown_tool_and_hostile_arguments_are_told_to_the_model() -> None:
    for arguments in ({}, {"query": ""}, {"query": "x" * 500}, {"query": 3}, {"query": "x", "more": 1}):
        provider = ScriptedProvider([calls("search_mail", "fly", **arguments), says("ok")])
        await run(provider, FixedToolbox())
        assert all(isinstance(part, ToolResult) and part.is_error for part in provider.requests[1].messages[-1].parts)


async def test_an_act_waits_for_approval_and_runs_once_when_approved() -> None:
    DONE.clear()
    waiting = await run(ScriptedProvider([calls("send", to="Ana")]), FixedToolbox())
    assert isinstance(waiting, Waiting)
    assert [c.arguments for c in waiting.calls] == [{"to": "Ana"}]
    assert DONE == []
    outcome = await run(ScriptedProvider([says("Sent")]), FixedToolbox(), waiting.messages, decisions={"c0": True})
    assert isinstance(outcome, Finished)
    assert DONE == [{"to": "Ana"}]


async def test_a_refused_act_does_not_run_and_the_model_hears_of_it() -> None:
    DONE.clear()
    waiting = await run(ScriptedProvider([calls("send", to="Ana")]), FixedToolbox())
    provider = ScriptedProvider([says("Fine")])
    await run(provider, FixedToolbox(), waiting.messages, decisions={"c0": False})
    assert DONE == []
    assert "did not approve" in str(provider.requests[0].messages[-1])


async def test_in_the_last_round_no_tool_may_be_called() -> None:
    provider = ScriptedProvider([calls("search_mail", query="a"), calls("search_mail", query="b"), says("enough")])
    outcome = await run(provider, FixedToolbox(), limits=Limits(rounds=3))
    assert isinstance(outcome, Finished)
    assert [request.tool_choice for request in provider.requests] == ["auto", "auto", "none"]
    assert all(request.tools == provider.requests[0].tools != () for request in provider.requests)


async def test_a_model_that_never_stops_calling_is_stopped() -> None:
    outcome = await run(
        ScriptedProvider([calls("search_mail", query="a") for _ in range(3)]), FixedToolbox(), limits=Limits(rounds=3)
    )
    assert isinstance(outcome, Stopped)
    assert outcome.cause is Cause.ROUNDS


ENDINGS = [
    (StopReason.LENGTH, Cause.LENGTH),
    (StopReason.REFUSAL, Cause.REFUSAL),
    (StopReason.CONTEXT_OVERFLOW, Cause.CONTEXT_OVERFLOW),
]


@pytest.mark.parametrize(("stop", "cause"), ENDINGS)
async def test_endings_are_told_apart(stop: StopReason, cause: Cause) -> None:
    outcome = await run(ScriptedProvider([says("Half", stop)]), FixedToolbox())
    assert isinstance(outcome, Stopped)
    assert (outcome.cause, outcome.text) == (cause, "Half")


async def test_a_deadline_keeps_what_was_said() -> None:
    class Stalling(ScriptedProvider):
        async def stream(self, request: Request) -> AsyncIterator[str | Response]:
            self.requests.append(request)
            yield "Until here"
            await asyncio.Event().wait()

    outcome = await run(Stalling([]), FixedToolbox(), limits=Limits(seconds=0.05, writing=0.05))
    assert isinstance(outcome, Stopped)
    assert (outcome.cause, outcome.text) == (Cause.DEADLINE, "Until here")


async def test_an_answer_whose_words_are_coming_may_be_finished() -> None:
    class Slow(ScriptedProvider):
        async def stream(self, request: Request) -> AsyncIterator[str | Response]:
            self.requests.append(request)
            yield "Nearly "
            await asyncio.sleep(0.1)
            yield "there"
            yield says("Nearly there")

    outcome = await run(Slow([]), FixedToolbox(), limits=Limits(seconds=0.05, writing=60.0))
    assert isinstance(outcome, Finished)


async def test_failures_of_the_vendor_pass_through() -> None:
    with pytest.raises(Overloaded):
        await run(ScriptedProvider([Overloaded("busy")]), FixedToolbox())


async def test_who_goes_on_after_a_failure_finds_the_transcript_with_what_tools_brought() -> None:
    async def ignored(_: str) -> None:
        pass

    async def paused() -> None:
        pass

    progress = loop.Progress()
    provider = ScriptedProvider([calls("search_mail", text="Looking", query="x"), Overloaded("busy")])
    with pytest.raises(Overloaded):
        await loop.run(
            provider, Request("system", (ASK,)), TOOLS, FixedToolbox(),
            on_text=ignored, on_round=paused, progress=progress,
        )  # fmt: skip
    assert progress.rounds == 2
    assert progress.usage.input == 10
    assert progress.messages == provider.requests[-1].messages
    assert isinstance(progress.messages[-1].parts[0], ToolResult)


async def test_a_stream_without_its_end_is_no_answer() -> None:
    class Silent(ScriptedProvider):
        async def stream(self, request: Request) -> AsyncIterator[str | Response]:
            del request
            yield "Half"

    with pytest.raises(Incomplete):
        await run(Silent([]), FixedToolbox())
