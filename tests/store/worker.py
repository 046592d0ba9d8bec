"""One process of the bot, cut down to its durability: takes deliveries over HTTP, answers through the effects server. Made to be killed.

python -m tests.store.worker DATABASE_URL KEY EFFECTS_URL
"""

import asyncio
import contextlib
import os
import sys
import uuid

import aiohttp
from aiohttp import web

from bot.context import Receipt
from bot.store.database import Database
from bot.store.entry import Entry
from bot.store.inbox import Inbox
from bot.turns import Turns


class Answers:
    """Answers half of the turns by placeholder and PUT, half by one announced POST."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def handle(self, entry: Entry, receipt: Receipt) -> None:
        if entry.activity.get("deadly"):
            os._exit(9)
        await asyncio.sleep(entry.seq % 5 * 0.002)  # the model thinks
        if entry.activity["by_put"]:
            if not receipt.reply_id:
                await receipt.placed(await self._post(entry, "placeholder"))
            await asyncio.sleep(0.004)
            await self._put(receipt.reply_id, entry)
        else:
            await receipt.sending()
            await self._post(entry, "content")

    async def apologise(self, entry: Entry, receipt: Receipt) -> None:
        await receipt.sending()
        await self._post(entry, "apology")

    async def _post(self, entry: Entry, kind: str) -> str:
        async with self._session.post("/messages", json={**entry.activity, "kind": kind}) as response:
            response.raise_for_status()
            return str((await response.json())["id"])

    async def _put(self, reply_id: str, entry: Entry) -> None:
        async with self._session.put(f"/messages/{reply_id}", json={**entry.activity, "kind": "content"}) as response:
            response.raise_for_status()


async def main(database_url: str, key: str, effects_url: str) -> None:
    database = await Database.open(database_url, [key])
    inbox = Inbox(database, owner=uuid.uuid4().hex, lease_seconds=1.5)
    async with aiohttp.ClientSession(effects_url) as session:
        answers = Answers(session)
        turns = Turns(inbox, answers.handle, answers.apologise, sweep_seconds=0.3)
        await turns.start()

        async def deliver(request: web.Request) -> web.Response:
            activity = await request.json()
            await turns.admit(activity["conversation"], activity["id"], activity)
            return web.Response(status=202)

        application = web.Application()
        application.router.add_post("/deliver", deliver)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        try:
            await asyncio.to_thread(sys.stdin.read)  # until our parent closes it
        finally:
            await runner.cleanup()
            await turns.aclose(5)
            await database.aclose()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
