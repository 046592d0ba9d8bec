"""`$batch` by hand: chunks of 20, failed parts again after their own Retry-After, answers in the order of the questions.

Source: https://learn.microsoft.com/graph/json-batching
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.errors import GraphError, Unavailable
from graph.wire.lanes import Lane
from graph.wire.patience import Monotonic, Outcome, Sleep, pause
from graph.wire.replies import error_of, retry_after

MAX_PARTS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """`url` is relative to the version, with its query: `/me/messages/AAMk?$select=id`."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    reads: bool = False
    """A POST that changes nothing, so it may be repeated after an ambiguous failure."""

    @property
    def safe(self) -> bool:
        return self.reads or self.method == "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is parsed JSON; a binary body is its base64 text."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def error(self) -> GraphError | None:
        if self.ok:
            return None
        return error_of(self.status, self.headers, self.body) if self.status else Unavailable("A part got no answer.")

    def found(self) -> dict[str, Any]:
        """The body, empty where there is nothing for this person (403, 404, 410). Raises any other failure: it must be named."""
        return {} if self.status in {403, 404, 410} else self.json()

    def json(self) -> dict[str, Any]:
        """Raises the part's own error."""
        if (error := self.error) is not None:
            raise error
        return self.body if isinstance(self.body, dict) else {}


Post = Callable[[dict[str, Any], bool], Awaitable[dict[str, Any]]]


async def send_batch(
    parts: Sequence[Part], *, post: Post, lane: Lane, patience: float, monotonic: Monotonic, sleep: Sleep
) -> list[Answer]:
    """Raises what the outer call raises; a failed part is an `Answer` with its status."""
    answers = [Answer(0)] * len(parts)
    deadline = monotonic() + patience
    due = list(range(len(parts)))
    failures: Counter[tuple[int, str]] = Counter()
    while due:
        for start in range(0, len(due), MAX_PARTS):
            chunk = due[start : start + MAX_PARTS]
            for index, answer in (await _send(parts, chunk, post)).items():
                answers[index] = answer
                lane.hold(retry_after(answer.headers) or 0.0)
        waits: dict[int, float] = {}
        for index in due:
            if answers[index].ok:
                continue
            outcome = Outcome(answers[index].status, retry_after(answers[index].headers))
            failures[index, outcome.kind] += 1
            wait = pause(outcome, safe=parts[index].safe, tries=failures[index, outcome.kind])
            if wait is not None and monotonic() + wait <= deadline:
                waits[index] = wait
        due = list(waits)
        if due:
            longest = max(waits.values())
            lane.hold(longest)
            await sleep(longest)
    return answers


async def _send(parts: Sequence[Part], chunk: Sequence[int], post: Post) -> dict[int, Answer]:
    body = {"requests": [_request(index, parts[index]) for index in chunk]}
    reply = await post(body, all(parts[index].safe for index in chunk))
    wanted = {str(index): index for index in chunk}
    found: dict[int, Answer] = {}
    responses = reply.get("responses")
    for entry in responses if isinstance(responses, list) else []:
        if not isinstance(entry, dict) or not isinstance(entry.get("status"), int):
            continue
        index = wanted.get(str(entry.get("id")))
        if index is not None:
            raw = entry.get("headers")
            headers = {str(k).lower(): str(v) for k, v in raw.items()} if isinstance(raw, dict) else {}
            found[index] = Answer(entry["status"], headers, entry.get("body"))
    return found


def _request(index: int, part: Part) -> dict[str, Any]:
    request: dict[str, Any] = {"id": str(index), "method": part.method, "url": part.url}
    headers = dict(part.headers)
    if part.body is not None:
        headers.setdefault("Content-Type", "application/json")
        request["body"] = part.body
    if headers:
        request["headers"] = headers
    return request
