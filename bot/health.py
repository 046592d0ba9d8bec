"""Whether the process lives, and whether it can take messages: for the machinery that runs it."""

from aiohttp import web

from bot.store.database import Database, StoreError


def health(database: Database) -> list[web.RouteDef]:
    """`/healthz` says that the process lives, `/readyz` that its store answers."""

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def ready(_: web.Request) -> web.Response:
        try:
            await database.ping()
        except StoreError:
            return web.json_response({"status": "not ready", "store": "does not answer"}, status=503)
        return web.json_response({"status": "ready"})

    return [web.get("/healthz", alive), web.get("/readyz", ready)]
