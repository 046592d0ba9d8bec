"""A provider with a queue and a memory, and a toolbox that finds what it is told to."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from bot.agent.tools import Content
from providers.base import Message, Request, Response, StopReason, Text, ToolCall, Usage


@dataclass
class ScriptedProvider:
    replies: list[Response | Exception]
    requests: list[Request] = field(default_factory=list)
    door: str = "scripted"
    model: str = "scripted-1"
    images: bool = True

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        for word in re.findall(r"\S+\s*|\s+", reply.message.text):
            yield word
        yield reply

    async def aclose(self) -> None:
        pass


@dataclass
class FixedToolbox:
    content: Content = (Text("found"),)
    asked: list[str] = field(default_factory=list)

    async def search(self, question: str, only: Sequence[str] = ()) -> Content:
        self.asked.append(f"{','.join(only)}:{question}")
        return self.content

    async def read(self, passage_id: str) -> Content:
        self.asked.append(passage_id)
        return self.content


def says(text: str, stop: StopReason = StopReason.FINISHED) -> Response:
    return Response(Message("assistant", (Text(text),)), stop, "scripted-1-2026", Usage(input=10, output=2))


def calls(*names: str, text: str = "", **arguments: object) -> Response:
    parts = (*((Text(text),) if text else ()), *(ToolCall(f"c{n}", name, arguments) for n, name in enumerate(names)))
    return Response(Message("assistant", parts), StopReason.TOOL_CALLS, "scripted-1-2026", Usage(input=10, output=2))
