"""A span and a figure for each request to Graph, by OpenTelemetry's HTTP conventions: what kind of thing was asked for, never which."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

SCOPE = "parley.graph"
_ID = "{id}"
_KINDS = frozenset(
    """
    $batch allMessages attachments buckets calendar calendars calendarView channels chats checkMemberGroups children
    contacts content copilot delta drive drives events filteredMessages followedSites getMemberObjects groups
    items joinedTeams lists mailFolders manager me members memberOf messages microsoft.graph.search onenote onlineMeetings
    organization pages people permissions photo plans planner primaryChannel query replies retrieval root search shares
    sites subscriptions tasks teams todo transcripts transitiveMemberOf users
    """.split()  # noqa: SIM905 -- as a list literal this would be fifty lines
)
"""Words of an address that say what kind of thing it is; all others are somebody's ids, names and searches."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

_tracer = trace.get_tracer(SCOPE)
_duration = metrics.get_meter(SCOPE).create_histogram(
    "http.client.request.duration",
    "s",
    "Duration of HTTP client requests.",
    explicit_bucket_boundaries_advisory=_SECONDS,
)


@contextmanager
def traced(method: str, url: str, tracer: Tracer = _tracer) -> Iterator[Callable[[int], None]]:
    """Yields what takes the answer's status. A request without one failed before it had an answer."""
    parts = urlsplit(url)
    told: dict[str, str | int] = {
        "http.request.method": method,
        "server.address": parts.hostname or "",
        "url.template": template(parts.path),
    }
    started, name = time.monotonic(), f"{method} {told['url.template']}"
    with tracer.start_as_current_span(
        name, kind=SpanKind.CLIENT, attributes=told, record_exception=False, set_status_on_exception=False
    ) as span:

        def answered(status: int) -> None:
            told["http.response.status_code"] = status
            span.set_attribute("http.response.status_code", status)
            if status >= 400:
                told["error.type"] = str(status)
                span.set_attribute("error.type", str(status))
                span.set_status(Status(StatusCode.ERROR))

        try:
            yield answered
        except BaseException as error:
            told["error.type"] = type(error).__name__
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            _duration.record(time.monotonic() - started, told)


def template(path: str) -> str:
    """`/v1.0/me/messages/AAMk…/attachments` -> `/me/messages/{id}/attachments`."""
    segments = [part for part in path.split("/") if part]
    kinds = [part if part in _KINDS else _ID for part in segments[1:]]
    return "/" + "/".join(kinds[:6])
