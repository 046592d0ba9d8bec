"""Claude as Google's Vertex AI serves it: the model in the path, Google's token, Google's errors around Anthropic's stream."""

from typing import Any

from aiohttp import web

from infra.local.vendors import claude, cloud_tokens
from infra.local.world import World

ERRORS = {
    401: ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
    403: ("PERMISSION_DENIED", "Permission 'aiplatform.endpoints.predict' denied."),
    404: ("NOT_FOUND", "Publisher Model was not found or your project does not have access to it."),
    429: ("RESOURCE_EXHAUSTED", "Quota exceeded for online prediction requests per base model."),
    500: ("INTERNAL", "Internal error encountered."),
    503: ("UNAVAILABLE", "The service is currently unavailable."),
    504: ("DEADLINE_EXCEEDED", "Deadline exceeded."),
}
"""Google's own; what Claude itself refuses comes through in Anthropic's form."""
_PLACE = "/projects/{project}/locations/{region}/publishers/anthropic/models"


def routes(world: World) -> list[web.RouteDef]:
    async def streamed(request: web.Request) -> web.StreamResponse:
        return await _predicted(world, request, stream=True)

    async def whole(request: web.Request) -> web.StreamResponse:
        return await _predicted(world, request, stream=False)

    return [
        web.post(_PLACE + "/{model:[^:/]+}:streamRawPredict", streamed),
        web.post(_PLACE + "/{model:[^:/]+}:rawPredict", whole),
    ]


async def _predicted(world: World, request: web.Request, *, stream: bool) -> web.StreamResponse:
    if faulty := claude.fault_answer(request, error):
        return faulty
    if request.headers.get("Authorization") != f"Bearer {cloud_tokens.GOOGLE}":
        return error(401)
    body = await claude.json_of(request)
    if "model" in body or bool(body.get("stream")) != stream:
        return error(400, message="model: Extra inputs are not permitted")
    if not body.pop("anthropic_version", ""):
        return error(400, message="anthropic_version: Field required")
    body["model"] = request.match_info["model"].partition("@")[0]
    return await claude.answered(world, request, body, error=error)


def error(status: int, *, message: str = "", code: str = "", retry_after: float | None = None) -> web.Response:
    if status not in ERRORS:
        return claude.errors(status, message=message, code=code, retry_after=retry_after)
    kind, sentence = ERRORS[status]
    headers = {"x-request-id": claude.request_id()}
    if retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    body: dict[str, Any] = {"error": {"code": status, "message": message or sentence, "status": kind}}
    return web.json_response(body, status=status, headers=headers)
