"""Being built."""

from aiohttp import web

from infra.local.world import World


def routes(_world: World) -> list[web.RouteDef]:
    return []
