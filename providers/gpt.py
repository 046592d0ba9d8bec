"""GPT through OpenAI's SDK: the Responses API, streamed. Azure's door to GPT differs in its client only."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from providers.base import Door, DoorSettings, Request, Response
from providers.capabilities import capabilities_of, shaped
from providers.gpt_answer import Reading
from providers.gpt_request import to_wire
from providers.transcript import call_ids
from providers.transport import base_url, http_client, request_id, required, translated

DOOR = "openai"
WHO = "GPT"


class GPT:
    """One client for all of the process's requests to one model. `client` is any `AsyncOpenAI`."""

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
        self.capabilities = capabilities_of(capability or model, "gpt")
        self.images = self.capabilities.images
        self._who = who
        self._also_close = also_close

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        reading = Reading(self.door, self._who, self.model, call_ids(request.messages))
        with translated(self._who):
            wire = to_wire(shaped(request, self.capabilities), self.model, self.door, self.capabilities)
            async with await self._client.responses.create(**wire, stream=True) as events:
                reading.request_id = request_id(events.response.headers)
                async for event in events:
                    if text := reading.from_event(event):
                        yield text
        yield reading.response()

    async def aclose(self) -> None:
        await self._client.close()
        if self._also_close is not None:
            await self._also_close()


def open_gpt(model: str, settings: DoorSettings) -> GPT:
    key = required(settings, DOOR, "OPENAI_API_KEY")
    url = base_url(settings, "OPENAI_BASE_URL", "https://api.openai.com/v1")
    import httpx2  # noqa: PLC0415 -- comes with the SDK
    import openai  # noqa: PLC0415 -- 0.6 s and 39 MiB: only where this door is configured

    environment = settings.environment
    client = openai.AsyncOpenAI(
        api_key=key,
        base_url=url,
        organization=environment.get("OPENAI_ORG_ID") or None,
        project=environment.get("OPENAI_PROJECT_ID") or None,
        max_retries=settings.retries,
        http_client=http_client(openai, httpx2, settings, url),
    )
    return GPT(client, model, capability=settings.capability)


PROVIDER = Door(DOOR, open_gpt, "GPT by OpenAI: OPENAI_API_KEY, optionally OPENAI_BASE_URL.")
