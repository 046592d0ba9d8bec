"""Anthropic's Message Batches: requests with our ids in one call, results as lines, kept there for 29 days unless deleted."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from providers.base import Request
from providers.batch import Ending, Progress, Result
from providers.capabilities import Capabilities, shaped
from providers.claude_answer import Reading
from providers.claude_request import prefix_of, to_wire
from providers.errors import Cancelled, Expired, ProviderError
from providers.transcript import call_ids
from providers.transport import classified, translated


class ClaudeBatches:
    def __init__(self, client: Any, model: str, *, door: str, who: str, capabilities: Capabilities) -> None:
        self._client = client
        self._model, self._door, self._who = model, door, who
        self._capabilities = capabilities

    async def submit(self, requests: Mapping[str, Request]) -> str:
        handed_in = [{"custom_id": id, "params": self._wire(request)} for id, request in requests.items()]
        with translated(self._who):
            made = await self._client.with_options(max_retries=0).messages.batches.create(requests=handed_in)
        return str(made.id)

    async def look(self, batch: str) -> Progress:
        with translated(self._who):
            found = await self._client.messages.batches.retrieve(batch)
        counts = found.request_counts
        failed = counts.errored + counts.canceled + counts.expired
        ending: Ending = "" if found.processing_status != "ended" else "cancelled" if counts.canceled else "completed"
        return Progress(ending, counts.succeeded, failed, counts.processing, found.expires_at)

    async def results(self, batch: str, asked: Mapping[str, Request]) -> AsyncIterator[tuple[str, Result]]:
        with translated(self._who):
            async for line in await self._client.messages.batches.results(batch):
                yield str(line.custom_id), self._result(line.result, asked.get(line.custom_id))

    async def cancel(self, batch: str) -> None:
        with translated(self._who):
            await self._client.messages.batches.cancel(batch)

    async def forget(self, batch: str) -> None:
        with translated(self._who):
            await self._client.messages.batches.delete(batch)

    def _wire(self, request: Request) -> dict[str, Any]:
        return to_wire(shaped(request, self._capabilities), self._model, self._door, self._capabilities)

    def _result(self, result: Any, request: Request | None) -> Result:
        """Always by `.type`, as with events."""
        match result.type:
            case "succeeded":
                prefix = prefix_of(self._wire(request)) if request else ""
                taken = call_ids(request.messages) if request else set[str]()
                reading = Reading(self._door, self._who, self._model, prefix, taken)
                try:
                    reading.whole(result.message)
                    return reading.response()
                except ProviderError as error:
                    return error
            case "errored":
                inner = result.error.error
                id = str(getattr(result.error, "request_id", None) or "")
                return classified(self._who, kind=inner.type, message=inner.message, request_id=id)
            case "expired":
                return Expired(f"{self._who} did not come to this request of the batch in time.")
        return Cancelled("The batch was cancelled before this request was answered.")
