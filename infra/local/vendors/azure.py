"""GPT as Azure OpenAI's v1 API serves it: OpenAI's wire under a deployment's name, with Azure's key or token."""

from aiohttp import web

from infra.local.vendors import cloud_tokens, kept, openai, openai_responses, script, sse
from infra.local.vendors.openai_checks import check_responses
from infra.local.world import World

KEY = "azure-key"
DEPLOYMENTS = {"our-gpt": "gpt-6.2-sol"}
"""Model by deployment; a model's own name is one too."""


def routes(world: World) -> list[web.RouteDef]:
    async def responses(request: web.Request) -> web.StreamResponse:
        body = await openai.json_of(request)
        refused = _refusal(request, str(body.get("model"))) or openai.checked(body, check_responses)
        if refused is not None:
            return refused
        body["model"] = DEPLOYMENTS.get(body["model"], body["model"])
        reply = script.next_reply(world, "openai", openai_responses.view(body))
        if reply.error:
            return openai.error(reply.error, code=reply.error_code, retry_after=reply.retry_after)
        answer = openai_responses.response(body, reply, int(world.clock.now().timestamp()), kept.of_openai(world, body))
        headers = {"x-request-id": openai.request_id(), "apim-request-id": openai.request_id()}
        if not body.get("stream"):
            return web.json_response(answer, headers=headers)
        return await sse.send(request, openai_responses.events(answer, reply), reply, headers)

    return [web.post("/responses", responses)]


def _refusal(request: web.Request, deployment: str) -> web.Response | None:
    if faulty := openai.fault_answer(request):
        return faulty
    if not _let_in(request):
        return openai.error(401, message="Access denied due to invalid subscription key or wrong API endpoint.")
    known = deployment.startswith("gpt") or deployment in DEPLOYMENTS
    return None if known else openai.error(404, code="DeploymentNotFound")


def _let_in(request: web.Request) -> bool:
    keyed = request.headers.get("api-key") == KEY or request.headers.get("Authorization") == f"Bearer {KEY}"
    return keyed or cloud_tokens.is_azure(request, "https://cognitiveservices.azure.com")
