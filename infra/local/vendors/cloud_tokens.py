"""Where the clouds' libraries get their tokens: Google's token endpoint, and the managed identity of an Azure machine."""

from aiohttp import web

from infra.local.world import World

GOOGLE = "ya29.local-tenant"
IDENTITY_HEADER = "local-identity"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def routes(world: World) -> list[web.RouteDef]:
    async def google(request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("grant_type") != _JWT_BEARER or str(form.get("assertion", "")).count(".") != 2:
            return web.json_response({"error": "invalid_grant", "error_description": "Bad Request"}, status=400)
        return web.json_response({"access_token": GOOGLE, "expires_in": 3599, "token_type": "Bearer"})

    async def azure(request: web.Request) -> web.Response:
        resource = request.query.get("resource", "")
        if request.headers.get("X-IDENTITY-HEADER") != IDENTITY_HEADER or not resource:
            return web.json_response({"statusCode": 401, "message": "The X-IDENTITY-HEADER is wrong."}, status=401)
        expires = int(world.clock.now().timestamp()) + 86400
        body = {"access_token": _azure(resource), "expires_on": str(expires), "resource": resource}
        return web.json_response({**body, "token_type": "Bearer"})

    return [web.post("/google", google), web.get("/azure", azure)]


def is_azure(request: web.Request, resource: str) -> bool:
    """Whether the request brings an Entra token for that resource."""
    return request.headers.get("Authorization") == f"Bearer {_azure(resource)}"


def _azure(resource: str) -> str:
    return f"entra-token-for-{resource.removesuffix('/.default').rstrip('/')}"
