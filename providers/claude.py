"""Claude through Anthropic's SDK: the Messages API, streamed. Other companies' doors to Claude differ in their client only."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from providers.base import Door, DoorSettings, Request, Response
from providers.capabilities import capabilities_of, shaped
from providers.claude_answer import Reading
from providers.claude_request import prefix_of, to_wire
from providers.transcript import call_ids
from providers.transport import base_url, http_client, request_id, required, translated

DOOR = "anthropic"
WHO = "Claude"


class Claude:
    """One client for all of the process's requests to one model. `client` is any of the SDK's asynchronous ones."""

    def __init__(
        self,
        client: Any,
        model: str,
        *,
        door: str = DOOR,
        who: str = WHO,
        capability: str = "",
        also_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._client = client
        self.model = model
        self.door = door
        self.capabilities = capabilities_of(capability or model, "claude")
        self.images = self.capabilities.images
        self._who = who
        self._also_close = also_close

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

    async def aclose(self) -> None:
        await self._client.close()
        if self._also_close is not None:
            await self._also_close()


def open_claude(model: str, settings: DoorSettings) -> Claude:
    key = required(settings, DOOR, "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
    url = base_url(settings, "ANTHROPIC_BASE_URL", "https://api.anthropic.com")
    import anthropic  # noqa: PLC0415 -- 1.4 s and 65 MiB: only where this door is configured
    import httpx2  # noqa: PLC0415 -- comes with the SDK

    http = http_client(anthropic, httpx2, settings, url)
    client = anthropic.AsyncAnthropic(api_key=key, base_url=url, max_retries=settings.retries, http_client=http)
    return Claude(client, model, capability=settings.capability)


PROVIDER = Door(DOOR, open_claude, "Claude by Anthropic: ANTHROPIC_API_KEY, optionally ANTHROPIC_BASE_URL.")
