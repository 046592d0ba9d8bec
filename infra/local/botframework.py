"""The issuer of the tokens Teams calls bots with: OpenID metadata and signing keys, as login.botframework.com publishes them."""

from aiohttp import web

from infra.local.world import SigningKey, World

ISSUER = "https://api.botframework.com"


def routes(world: World) -> list[web.RouteDef]:
    """Slow, down or empty answers are faults of wire `botframework`; a rollover is `roll(world)`."""

    async def metadata(_request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": ISSUER,
                "authorization_endpoint": "https://invalid.botframework.com",
                "jwks_uri": f"{world.urls.http}/botframework/v1/.well-known/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            }
        )

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": [key.jwk() for key in world.bot_keys]})

    return [
        web.get("/v1/.well-known/openidconfiguration", metadata),
        web.get("/v1/.well-known/openid-configuration", metadata),
        web.get("/v1/.well-known/keys", keys),
    ]


def roll(world: World, *, keep_old: bool = True) -> SigningKey:
    """A new key signs from now on; the old ones stay published unless told otherwise."""
    key = SigningKey.new(["msteams", "webchat"])
    world.bot_keys[:] = [*world.bot_keys, key] if keep_old else [key]
    return key
