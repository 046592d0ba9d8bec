"""What the log may hold: our own sentences at the level asked for, and of libraries only trouble, without what they quote.

Libraries log addresses with search words in them (httpx at INFO), request bodies (SDKs at DEBUG), and headers that hold
tokens (aiohttp, of a request it could not parse).
"""

import json
import logging
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

from opentelemetry import trace

from bot.errors import without_content

OURS = ("bot", "graph", "providers", "__main__")
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """One line a record; an exception is its kinds and places."""

    def format(self, record: logging.LogRecord) -> str:
        # Another handler's formatter may have left its own text here.
        record.exc_text = None
        if record.name.partition(".")[0] not in OURS:
            # asyncio writes the exception itself under its first line.
            record = logging.makeLogRecord(
                {**record.__dict__, "msg": record.getMessage().partition("\n")[0], "args": ()}
            )
        return super().format(record).replace("\n", " ")

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 -- the name is the base class's
        return without_content(ei[1]) if ei[1] is not None else ""


class DiscreetJson(Discreet):
    """One JSON object a record, of the same sentences: `time` (UTC), `level`, `logger`, `message`, and within a traced turn
    `trace_id` and `span_id` in hexadecimal digits, as OpenTelemetry writes them."""

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {"time": at, "level": record.levelname, "logger": record.name, "message": super().format(record)}
        here = trace.get_current_span().get_span_context()
        if here.is_valid:
            told |= {"trace_id": trace.format_trace_id(here.trace_id), "span_id": trace.format_span_id(here.span_id)}
        return json.dumps(told, ensure_ascii=False)


def configure(level: str, form: Literal["text", "json"] = "text") -> None:
    """For a program's start. `level` as LOG_LEVEL, `form` as LOG_FORMAT."""
    handler = logging.StreamHandler()
    handler.setFormatter(DiscreetJson() if form == "json" else Discreet(FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in OURS:
        logging.getLogger(name).setLevel(level)
