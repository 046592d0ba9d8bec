"""AWS's binary event streams (`application/vnd.amazon.eventstream`), as Bedrock sends a model's answer."""

import base64
import json
import struct
import zlib
from collections.abc import Iterable, Mapping

from aiohttp import web

from infra.local.vendors import sse
from infra.local.vendors.script import Reply

BROKEN_CHECKSUM = "broken_checksum"
"""As `Reply.break_with`: a frame whose last checksum is wrong."""
_STRING = 7
_EXCEPTIONS = {
    "overloaded_error": "serviceUnavailableException",
    "rate_limit_error": "throttlingException",
    "api_error": "internalServerException",
    "timeout_error": "modelTimeoutException",
    "invalid_request_error": "validationException",
}


async def send(
    request: web.Request, events: Iterable[sse.Event], reply: Reply, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Claude's events, each as a chunk; Bedrock sends no pings."""
    kept = (event for event in events if event[0] != "ping")
    kind = "application/vnd.amazon.eventstream"
    return await sse.send(request, kept, reply, headers, content_type=kind, written=_written)


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message: two lengths and their CRC, the headers, the payload, and the CRC of all of it."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", len(head) + len(payload) + 16, len(head))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack("!I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text


def _written(event: sse.Event) -> bytes:
    name, data = event
    if name == "error":
        kind = data["error"]["type"]
        if kind == BROKEN_CHECKSUM:
            whole = _chunk('{"type": "ping"}')
            return whole[:-1] + bytes([whole[-1] ^ 0xFF])
        exception = _EXCEPTIONS.get(kind, "modelStreamErrorException")
        headers = {":exception-type": exception, ":content-type": "application/json", ":message-type": "exception"}
        return frame(headers, json.dumps({"message": data["error"]["message"]}).encode())
    return _chunk(data if isinstance(data, str) else json.dumps(data))


def _chunk(text: str) -> bytes:
    headers = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps({"bytes": base64.b64encode(text.encode()).decode(), "p": "abcdefgh"}).encode())
