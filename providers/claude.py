"""Claude through Anthropic's SDK: the Messages API, streamed. Other companies' doors to Claude differ in their client only."""

from collections.abc import AsyncIterator

from providers.base import Door, DoorSettings, Request, Response
from providers.capabilities import shaped
from providers.claude_answer import Reading
from providers.claude_batch import ClaudeBatches
from providers.claude_request import prefix_of, to_wire
from providers.opened import Opened
from providers.transcript import call_ids
from providers.transport import base_url, http_client, request_id, required, translated

DOOR = "anthropic"
WHO = "Claude"


class Claude(Opened):
    family = "claude"

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        wire = to_wire(shaped(request, self.capabilities), self.model, self.door, self.capabilities)
        reading = Reading(self.door, self._who, self.model, prefix_of(wire), call_ids(request.messages))
        with translated(self._who):
            async with await self._client.messages.create(**wire, stream=True) as events:
                reading.request_id = request_id(events.response.headers)
                async for event in events:
                    if text := reading.from_event(event):
                        yield text
        yield reading.response()


def open_claude(model: str, settings: DoorSettings) -> Claude:
    key = required(settings, DOOR, "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
    url = base_url(settings, "ANTHROPIC_BASE_URL", "https://api.anthropic.com")
    import anthropic  # noqa: PLC0415 -- 1.4 s and 65 MiB: only where this door is configured
    import httpx2  # noqa: PLC0415 -- comes with the SDK

    http = http_client(anthropic, httpx2, settings, url)
    client = anthropic.AsyncAnthropic(
        api_key=key,
        base_url=url,
        max_retries=settings.retries,
        http_client=http,
        open_telemetry=False,  # a variable would make its spans carry content, and its requests our trace's id
    )
    claude = Claude(client, model, door=DOOR, who=WHO, capability=settings.capability)
    claude.batches = ClaudeBatches(client, model, door=DOOR, who=WHO, capabilities=claude.capabilities)
    claude.lists = True
    return claude


PROVIDER = Door(DOOR, open_claude, "Claude by Anthropic: ANTHROPIC_API_KEY, optionally ANTHROPIC_BASE_URL.")
