"""Claude as Amazon Bedrock serves it: the model in the path, requests signed or with a Bedrock key, answers in AWS's event stream."""

import re
import uuid
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from infra.local.vendors import claude, event_stream
from infra.local.world import World

KEY = "bedrock-key"
ERRORS = {
    400: ("ValidationException", "The provided request is not valid."),
    401: ("UnrecognizedClientException", "The security token included in the request is invalid."),
    403: ("AccessDeniedException", "You don't have access to the model with the specified model ID."),
    404: ("ResourceNotFoundException", "Could not resolve the foundation model from the provided model identifier."),
    408: ("ModelTimeoutException", "Model has timed out in processing the request."),
    424: ("ModelErrorException", "The system encountered an unexpected error during processing."),
    429: ("ThrottlingException", "Too many requests, please wait before trying again."),
    500: ("InternalServerException", "The system encountered an unexpected error during processing."),
    503: ("ServiceUnavailableException", "Bedrock is unable to process your request."),
}
_MODEL = re.compile(r"(?:(?:us|eu|apac|jp|au|global)\.)?anthropic\.(claude-[a-z0-9.-]+?)(?:-v\d+(?::\d+)?)?")
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/\s]+/\d{8}/[a-z0-9-]+/bedrock/aws4_request, "
    r"SignedHeaders=[a-z0-9;-]*\bhost\b[a-z0-9;-]*, Signature=[0-9a-f]{64}"
)


def routes(world: World) -> list[web.RouteDef]:
    async def streamed(request: web.Request) -> web.StreamResponse:
        return await _invoked(world, request, stream=True)

    async def whole(request: web.Request) -> web.StreamResponse:
        return await _invoked(world, request, stream=False)

    return [
        web.post("/model/{model}/invoke-with-response-stream", streamed),
        web.post("/model/{model}/invoke", whole),
    ]


async def _invoked(world: World, request: web.Request, *, stream: bool) -> web.StreamResponse:
    if faulty := claude.fault_answer(request, error):
        return faulty
    authorization = request.headers.get("Authorization", "")
    signed = _SIGNED.fullmatch(authorization) and request.headers.get("X-Amz-Date")
    if not signed and authorization != f"Bearer {KEY}":
        return error(401)
    body = await claude.json_of(request)
    if misplaced := {"model", "stream"} & body.keys():
        return error(400, message=f"{', '.join(sorted(misplaced))}: Extra inputs are not permitted")
    if not body.pop("anthropic_version", ""):
        return error(400, message="anthropic_version: Field required")
    named = _MODEL.fullmatch(unquote(request.match_info["model"]))
    if named is None:
        return error(404)
    body |= {"model": named.group(1), "stream": stream}
    return await claude.answered(world, request, body, error=error, send=event_stream.send, ids="x-amzn-requestid")


def error(status: int, *, message: str = "", code: str = "", retry_after: float | None = None) -> web.Response:
    """Bedrock has no codes of Anthropic's: that a prompt is too long stands in the sentence."""
    kind, sentence = ERRORS.get(status, ERRORS[400] if status < 500 else ERRORS[500])
    if code == "context_length_exceeded":
        sentence = "Input is too long for requested model."
    headers = {"x-amzn-requestid": f"req_{uuid.uuid4()}", "x-amzn-errortype": f"{kind}:http://internal.amazon.com/"}
    if retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    body: dict[str, Any] = {"message": message or sentence}
    return web.json_response(body, status=status, headers=headers)
