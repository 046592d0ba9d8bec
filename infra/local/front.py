"""A load balancer in one file: each request goes to the next replica that takes it."""

import itertools
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "host"})


class Front:
    """In turn; one that does not answer, or says 503, is passed over."""

    def __init__(self, origins: Sequence[str], session: aiohttp.ClientSession) -> None:
        self._origins = origins
        self._session = session
        self._turn = itertools.count()

    async def forward(self, request: web.Request) -> web.Response:
        body, start = await request.read(), next(self._turn)
        answer = web.Response(status=503, text="No replica answers.")
        for step in range(len(self._origins)):
            origin = self._origins[(start + step) % len(self._origins)]
            try:
                answer = await self._sent(f"{origin}{request.path_qs}", request, body)
            except aiohttp.ClientError:
                continue
            if answer.status != 503:
                break
        return answer

    async def _sent(self, url: str, request: web.Request, body: bytes) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.casefold() not in _HOP_BY_HOP}
        async with self._session.request(
            request.method, url, data=body, headers=headers, allow_redirects=False
        ) as response:
            kept = [(name, value) for name, value in response.headers.items() if name.casefold() not in _HOP_BY_HOP]
            answer = web.Response(status=response.status, body=await response.read())
            answer.headers.clear()
            answer.headers.extend(kept)
            return answer


@asynccontextmanager
async def fronting(origins: Sequence[str], port: int = 0) -> AsyncGenerator[str]:
    """Its own origin."""
    async with aiohttp.ClientSession(auto_decompress=True) as session:
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_route("*", "/{path:.*}", Front(origins, session).forward)
        runner = web.AppRunner(app, access_log=None)
        try:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
