"""Claude as Microsoft Foundry serves it: Anthropic's wire under a deployment's name, with Azure's key or token."""

from aiohttp import web

from infra.local.vendors import claude, cloud_tokens
from infra.local.world import World

KEY = "foundry-key"
DEPLOYMENTS = {"our-claude": "claude-sonnet-5-5"}
"""Model by deployment; a model's own name is one too."""


def routes(world: World) -> list[web.RouteDef]:
    async def messages(request: web.Request) -> web.StreamResponse:
        if faulty := claude.fault_answer(request, claude.errors):
            return faulty
        keyed = request.headers.get("x-api-key") == request.headers.get("api-key") == KEY
        if not keyed and not cloud_tokens.is_azure(request, "https://ai.azure.com"):
            return claude.errors(401)
        if not request.headers.get("anthropic-version"):
            return claude.errors(400, message="anthropic-version: header is required")
        body = await claude.json_of(request)
        if body:
            body["model"] = DEPLOYMENTS.get(str(body.get("model")), body.get("model"))
        return await claude.answered(world, request, body)

    return [web.post("/v1/messages", messages)]
