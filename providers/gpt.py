"""GPT through OpenAI's SDK: the Responses API, streamed. Azure's door to GPT differs in its client only."""

from collections.abc import AsyncIterator

from providers.base import Door, DoorSettings, Request, Response
from providers.capabilities import shaped
from providers.gpt_answer import Reading
from providers.gpt_batch import GPTBatches
from providers.gpt_request import to_wire
from providers.opened import Opened
from providers.transcript import call_ids
from providers.transport import base_url, http_client, request_id, required, translated

DOOR = "openai"
WHO = "GPT"


class GPT(Opened):
    family = "gpt"

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
    gpt = GPT(client, model, door=DOOR, who=WHO, capability=settings.capability)
    gpt.batches = GPTBatches(client, model, door=DOOR, who=WHO, capabilities=gpt.capabilities)
    gpt.lists = True
    return gpt


PROVIDER = Door(DOOR, open_gpt, "GPT by OpenAI: OPENAI_API_KEY, optionally OPENAI_BASE_URL.")
