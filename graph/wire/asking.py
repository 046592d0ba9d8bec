"""One question to Graph, accounted for whatever becomes of it: answered, challenged, broken off or cancelled."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from graph.wire.replies import Reply

Token = Callable[[], Awaitable[str]]


class Wire(Protocol):
    """What `graph.wire.adapter.Adapter` does; that file is imported off the event loop."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, token: Token, *, max_bytes: int
    ) -> Reply: ...

    async def aclose(self) -> None: ...


async def ask(
    wire: Wire,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    token: Callable[[str | None], Awaitable[str]],
    note: Callable[[int], None],
    *,
    max_bytes: int,
) -> Reply:
    """With at most one repetition, for a claims challenge. Raises what `token` and the wire raise.

    `token` gets the claims of the challenge, or None. `note` hears the status of each request that was made, 0 where no answer came.
    """
    reply = await _once(wire, method, url, headers, body, lambda: token(None), note, max_bytes)
    if reply.status != 401 or (claims := reply.claims) is None:
        return reply
    return await _once(wire, method, url, headers, body, lambda: token(claims), note, max_bytes)


async def _once(
    wire: Wire,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    token: Token,
    note: Callable[[int], None],
    max_bytes: int,
) -> Reply:
    leaves, status = False, 0

    async def ready() -> str:
        nonlocal leaves
        value = await token()
        leaves = True
        return value

    try:
        reply = await wire.send(method, url, headers, body, ready, max_bytes=max_bytes)
        status = reply.status
        return reply
    finally:
        if leaves:
            note(status)
