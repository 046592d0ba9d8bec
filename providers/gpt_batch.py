"""OpenAI's Batch API: requests as lines of an uploaded file, answers and errors as lines of two others, all deleted afterwards."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from providers.base import Request
from providers.batch import Ending, Progress, Result
from providers.capabilities import Capabilities, shaped
from providers.errors import BadRequest, Cancelled, Expired, Incomplete, ProviderError
from providers.gpt_answer import Reading
from providers.gpt_request import to_wire
from providers.transcript import call_ids
from providers.transport import classified, failure, translated

_ENDPOINT = "/v1/responses"
_ENDED: dict[str, Ending] = {
    "completed": "completed",
    "failed": "failed",
    "expired": "expired",
    "cancelled": "cancelled",
}
_EXPIRED, _CANCELLED = "batch_expired", "batch_cancelled"


class GPTBatches:
    def __init__(self, client: Any, model: str, *, door: str, who: str, capabilities: Capabilities) -> None:
        self._client = client
        self._model, self._door, self._who = model, door, who
        self._capabilities = capabilities

    async def submit(self, requests: Mapping[str, Request]) -> str:
        lines = [json.dumps(self._line(id, request), ensure_ascii=False) for id, request in requests.items()]
        once = self._client.with_options(max_retries=0)
        with translated(self._who):
            file = await once.files.create(file=("batch.jsonl", "\n".join(lines).encode()), purpose="batch")
            try:
                made = await once.batches.create(input_file_id=file.id, endpoint=_ENDPOINT, completion_window="24h")
            except BaseException:
                # Nobody else would ever delete it.
                with suppress(ProviderError), translated(self._who):
                    await self._client.files.delete(file.id)
                raise
        return str(made.id)

    async def look(self, batch: str) -> Progress:
        found = await self._batch(batch)
        counts = found.request_counts
        answered, failed, total = (counts.completed, counts.failed, counts.total) if counts else (0, 0, 0)
        ending = _ENDED.get(found.status, "")
        expires = datetime.fromtimestamp(found.expires_at, UTC) if found.expires_at else None
        return Progress(ending, answered, failed, 0 if ending else max(0, total - answered - failed), expires)

    async def results(self, batch: str, asked: Mapping[str, Request]) -> AsyncIterator[tuple[str, Result]]:
        found = await self._batch(batch)
        if found.status == "failed":
            # The file as a whole was refused; who asks for an id is told so.
            codes = [error.code or "" for error in (found.errors.data if found.errors else None) or []]
            raise classified(self._who, code=codes[0] if codes else "", status=400)
        for file in (found.output_file_id, found.error_file_id):
            if not file:
                continue
            with translated(self._who):
                content = await self._client.files.content(file)
            for line in content.text.splitlines():
                if line.strip():
                    yield self._result(line, asked, found.status)

    async def cancel(self, batch: str) -> None:
        with translated(self._who):
            await self._client.batches.cancel(batch)

    async def forget(self, batch: str) -> None:
        found = await self._batch(batch)
        for file in (found.input_file_id, found.output_file_id, found.error_file_id):
            if file:
                with translated(self._who):
                    await self._client.files.delete(file)

    async def _batch(self, batch: str) -> Any:
        with translated(self._who):
            return await self._client.batches.retrieve(batch)

    def _line(self, id: str, request: Request) -> dict[str, Any]:
        body = to_wire(shaped(request, self._capabilities), self._model, self._door, self._capabilities)
        # Of a stream only.
        del body["stream_options"]
        return {"custom_id": id, "method": "POST", "url": _ENDPOINT, "body": body}

    def _result(self, line: str, asked: Mapping[str, Request], status: str) -> tuple[str, Result]:
        try:
            found = json.loads(line, object_hook=_Fields)
        except (ValueError, RecursionError):
            return "", failure(self._who, Incomplete)
        if not isinstance(found, _Fields) or not isinstance(found.custom_id, str):
            return "", failure(self._who, Incomplete)
        request = asked.get(found.custom_id)
        try:
            return found.custom_id, self._answer(found, call_ids(request.messages) if request else set(), status)
        except ProviderError as error:
            return found.custom_id, error
        except (AttributeError, TypeError):
            # A line of a file, which no SDK has looked at.
            return found.custom_id, failure(self._who, Incomplete)

    def _answer(self, found: "_Fields", taken: set[str], status: str) -> Result:
        said, error = found.response, found.error
        if error:
            if error.code == _EXPIRED or (status == "expired" and not said):
                raise Expired(f"{self._who} did not come to this request of the batch in time.")
            if error.code == _CANCELLED:
                raise Cancelled("The batch was cancelled before this request was answered.")
            raise classified(self._who, code=str(error.code or ""), message=str(error.message or ""))
        if not said:
            raise failure(self._who, BadRequest)
        if said.status_code != 200:
            inner = said.body.error if said.body and said.body.error else _Fields()
            raise classified(
                self._who,
                kind=str(inner.type or ""),
                code=str(inner.code or ""),
                message=str(inner.message or ""),
                status=int(said.status_code or 0),
                request_id=str(said.request_id or ""),
            )
        reading = Reading(self._door, self._who, self._model, taken, str(said.request_id or ""))
        reading.whole(said.body)
        return reading.response()


class _Fields(dict[str, Any]):
    """An object of JSON, read as the SDK's are; what it lacks is None."""

    def __getattr__(self, name: str) -> Any:
        return self.get(name)
