"""The agent loop. Its whole state is the transcript, so starting and resuming are one function."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from bot.agent.tools import Tool, Toolbox, ToolError
from bot.context import StopRequested
from bot.stopping import Stopping
from providers.base import Evidence, Message, Provider, Request, Response, StopReason, Text, ToolCall, ToolResult, Usage
from providers.errors import Incomplete, ProviderError

CHARACTERS_A_TOKEN = 4
"""Roughly, in English and German."""


@dataclass(frozen=True, slots=True)
class Limits:
    rounds: int = 5
    """Model calls in one turn; in the last one none may be called, so that it must answer."""
    calls_a_round: int = 8
    seconds: float = 60.0
    """For all model calls and tools together, another model's included that goes on after a failure."""
    writing: float = 40.0
    """More of them for an answer whose words are coming when they are over: it is nearly there."""


class Cause(Enum):
    """Why an answer is not whole."""

    LENGTH = "length"
    REFUSAL = "refusal"
    CONTEXT_OVERFLOW = "context_overflow"
    DEADLINE = "deadline"
    ROUNDS = "rounds"
    """The model kept calling tools although it might call none."""
    STOPPED = "stopped"
    """The person wants no more of it."""


@dataclass(frozen=True, slots=True)
class Finished:
    messages: tuple[Message, ...]
    """The transcript with what this run added."""
    text: str
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Waiting:
    """The transcript ends in calls that need a person's approval; run again with `decisions`."""

    messages: tuple[Message, ...]
    calls: tuple[ToolCall, ...]
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Stopped:
    messages: tuple[Message, ...]
    cause: Cause
    text: str
    """What was said until then; may be empty."""
    model: str
    usage: Usage


Outcome = Finished | Waiting | Stopped


@dataclass(slots=True)
class Progress:
    """How far a run has come, for whoever goes on with another model after it failed."""

    messages: tuple[Message, ...] = ()
    """The transcript with all results of tools; what the failed call said is not in it."""
    rounds: int = 0
    """Model calls that were begun."""
    usage: Usage = field(default_factory=Usage)
    """With an estimate for the call that failed."""


_CAUSES = {
    StopReason.LENGTH: Cause.LENGTH,
    StopReason.REFUSAL: Cause.REFUSAL,
    StopReason.CONTEXT_OVERFLOW: Cause.CONTEXT_OVERFLOW,
}


async def run(
    provider: Provider,
    request: Request,
    tools: Mapping[str, Tool],
    toolbox: Toolbox,
    *,
    on_text: Callable[[str], Awaitable[None]],
    on_round: Callable[[], Awaitable[None]],
    decisions: Mapping[str, bool] | None = None,
    limits: Limits = Limits(),
    stopping: Stopping | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Until finished, waiting or stopped. `request.tools` is filled in here; its messages may end in unanswered calls.

    `on_text` gets the text of the current round as it grows; `on_round` is called when a round ended in tool calls, so
    that its text (a remark between calls) is not taken for the answer. Raises `ProviderError`, and what tools raise
    besides `ToolError`. A person who stops it, through `stopping` or by `StopRequested` from `on_text`, gets what was
    said and used so far, an answer cut off in the middle estimated. `progress` is kept up to date.
    """
    specs = tuple(tools[name].spec for name in sorted(tools))
    done = progress or Progress()
    done.messages, said, model = request.messages, _Said(on_text, limits), ""
    try:
        async with (stopping or Stopping()).scope(), said.deadline:
            for left in range(limits.rounds - 1, -1, -1):
                calls = done.messages[-1].tool_calls if done.messages[-1].role == "assistant" else ()
                if undecided := _undecided(calls, tools, decisions or {}):
                    return Waiting(done.messages, undecided, model, done.usage)
                if calls:
                    done.messages += (await _answers(calls, tools, toolbox, decisions or {}, limits),)
                done.rounds += 1
                asked = replace(request, messages=done.messages, tools=specs, tool_choice="auto" if left else "none")
                response = await said.stream(provider, asked)
                done.messages += (response.message,)
                done.usage, model = done.usage + response.usage, response.model
                if response.stop in _CAUSES:
                    return Stopped(done.messages, _CAUSES[response.stop], said.text, model, done.usage)
                if not response.message.tool_calls and response.stop is not StopReason.PAUSED:
                    return Finished(done.messages, said.text, model, done.usage)
                await on_round()
    except TimeoutError:
        return Stopped(done.messages, Cause.DEADLINE, said.text, model, done.usage + said.unfinished())
    except StopRequested:
        model = model or provider.model
        return Stopped(done.messages, Cause.STOPPED, said.text, model, done.usage + said.unfinished())
    except ProviderError:
        done.usage += said.unfinished() if said.text else Usage()
        raise
    return Stopped(done.messages, Cause.ROUNDS, said.text, model, done.usage)


class _Said:
    """What the current round said so far; outlives a deadline that cuts the round off."""

    def __init__(self, on_text: Callable[[str], Awaitable[None]], limits: Limits) -> None:
        self._on_text = on_text
        self._asked: Request | None = None
        self.text = ""
        self._ends = asyncio.get_running_loop().time() + limits.seconds
        self._writing = limits.writing
        self.deadline = asyncio.timeout_at(self._ends)

    async def stream(self, provider: Provider, request: Request) -> Response:
        self.text, self._asked = "", request
        self.deadline.reschedule(self._ends)
        parts = provider.stream(request)
        try:
            async for part in parts:
                if isinstance(part, Response):
                    self.text, self._asked = part.message.text, None
                    return part
                if not self.text:
                    self.deadline.reschedule(self._ends + self._writing)
                self.text += part
                await self._on_text(part)
        finally:
            # Whoever stops listening hangs up at once: the vendor charges for what nobody reads.
            if isinstance(parts, AsyncGenerator):
                await parts.aclose()
        raise Incomplete("The model's answer ended without its closing event.")

    def unfinished(self) -> Usage:
        """An estimate of what an answer cost that was cut off: its vendor would have said it at the end."""
        if self._asked is None:
            return Usage()
        asked = sum(len(message.text) for message in self._asked.messages) + len(self._asked.system)
        asked += sum(len(p.text) for m in self._asked.messages for p in m.parts if isinstance(p, Evidence))
        return Usage(input=asked // CHARACTERS_A_TOKEN, output=len(self.text) // CHARACTERS_A_TOKEN)


def _undecided(
    calls: tuple[ToolCall, ...], tools: Mapping[str, Tool], decisions: Mapping[str, bool]
) -> tuple[ToolCall, ...]:
    return tuple(c for c in calls if c.name in tools and tools[c.name].writes and c.id not in decisions)


async def _answers(
    calls: tuple[ToolCall, ...],
    tools: Mapping[str, Tool],
    toolbox: Toolbox,
    decisions: Mapping[str, bool],
    limits: Limits,
) -> Message:
    async def answer(number: int, call: ToolCall) -> ToolResult:
        if number >= limits.calls_a_round:
            return _error(call, "Too many calls at once; ask for less.")
        tool = tools.get(call.name)
        if tool is None:
            return _error(call, f"There is no tool of this name. There are: {', '.join(sorted(tools))}.")
        if tool.writes and not decisions.get(call.id, False):
            return _error(call, "The person did not approve this.")
        try:
            return ToolResult(call.id, await tool.run(toolbox, call.arguments))
        except ToolError as error:
            return _error(call, str(error))

    return Message("user", tuple(await asyncio.gather(*(answer(n, c) for n, c in enumerate(calls)))))


def _error(call: ToolCall, sentence: str) -> ToolResult:
    return ToolResult(call.id, (Text(sentence),), is_error=True)
