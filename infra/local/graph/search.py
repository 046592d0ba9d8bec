"""POST /search/query: one engine over mail, events, files, chats, people and sites (resources/search-api-overview)."""

import re
from collections.abc import Callable
from typing import Any

from infra.local.company.model import Item
from infra.local.graph import search_hits as hits_of
from infra.local.graph.call import Answer, Call, Refused
from infra.local.graph.errors import bad_request
from infra.local.graph.index import fold, normalise
from infra.local.graph.kql import KqlError, parse, terms
from infra.local.graph.mail_search import PROPERTIES as MAIL_PROPERTIES
from infra.local.graph.mail_search import search_mails
from infra.local.graph.search_files import PROPERTIES as FILE_PROPERTIES
from infra.local.graph.search_files import search_items
from infra.local.graph.search_hits import Hit
from infra.local.graph.search_people import search_chats, search_entries, search_events, search_people, search_sites

SCOPES: dict[str, tuple[str, ...]] = {
    "message": ("Mail.Read", "Mail.ReadWrite"),
    "event": ("Calendars.Read", "Calendars.ReadWrite"),
    "chatMessage": ("Chat.Read", "Chat.ReadWrite"),
    "person": ("People.Read", "People.Read.All"),
    "driveItem": ("Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"),
    "drive": ("Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"),
    "listItem": ("Sites.Read.All", "Sites.ReadWrite.All"),
    "list": ("Sites.Read.All", "Sites.ReadWrite.All"),
    "site": ("Sites.Read.All", "Sites.ReadWrite.All"),
}
FILE_TYPES = {"drive", "driveItem", "list", "listItem", "site", "externalItem"}
"""May stand together in one request; every other type stands alone."""
ALONE = {"message", "event", "chatMessage", "person"}
MAX_SIZE = {"message": 25, "event": 25, "chatMessage": 25, "person": 50}
MAIL_FIELDS = ("subject", "body", "from", "to", "attachment")
"""Where a bare word is looked for in mail."""
SNIPPET = 24
"""Words of text around the hits in a summary."""


def query(call: Call) -> Answer:
    requests = call.json().get("requests")
    if not isinstance(requests, list) or len(requests) != 1 or not isinstance(requests[0], dict):
        raise bad_request("The 'requests' collection must hold exactly one search request.")
    request = requests[0]
    if not call.caller.app_only:
        call.user = call.me
    types = _types(call, request)
    start, size = _window(request, types)
    text = _text(request)
    hits = [hit for kind in types for hit in _search(call, kind, text)]
    if request.get("sortProperties"):
        _sort(hits, request, types)
    page = hits[start : start + size]
    container: dict[str, Any] = {"total": len(hits), "moreResultsAvailable": start + size < len(hits)}
    if page:
        shown = [_shown(hit, start + at + 1, text, types) for at, hit in enumerate(page)]
        container = {"hits": shown, **container}
    written = re.findall(r"\w+", text)
    value = {"searchTerms": [word.lower() for word in written], "hitsContainers": [container]}
    return Answer(
        {"@odata.context": f"{call.base}/$metadata#Collection(microsoft.graph.searchResponse)", "value": [value]}
    )


def _types(call: Call, request: dict[str, Any]) -> list[str]:
    types = request.get("entityTypes")
    if not isinstance(types, list) or not types or any(not isinstance(kind, str) for kind in types):
        raise bad_request("The entityTypes of the search request are missing.")
    for kind in types:
        if kind not in SCOPES:
            raise bad_request(f"The entity type '{str(kind)[:40]}' is not supported.")
    if len(types) > 1 and (set(types) & ALONE or not set(types) <= FILE_TYPES):
        raise bad_request("The combination of entity types in the request is not supported.")
    for kind in types:
        if not call.has(*SCOPES[kind]):
            needed = ", ".join(SCOPES[kind])
            given = ", ".join(sorted(call.caller.scopes))
            text = f"Access to {kind[0].upper()}{kind[1:]} in Graph API requires the following permissions: {needed}. "
            raise Refused(
                403, "Forbidden", f"{text}However, the application only has the following permissions granted: {given}"
            )
        if kind == "chatMessage" and not call.has("ChannelMessage.Read.All"):
            raise Refused(
                403,
                "Forbidden",
                "Access to ChatMessage in Graph API requires the following permissions: Chat.Read, ChannelMessage.Read.All.",
            )
    if not call.caller.app_only and call.me.is_guest and set(types) & ALONE:
        raise Refused(403, "Forbidden", "Guest users cannot search this type of content.")
    if call.caller.app_only and (set(types) & ALONE or "region" not in request):
        raise bad_request(
            "Region is required when request with application permission; only SharePoint and OneDrive content can be searched."
        )
    return types


def _window(request: dict[str, Any], types: list[str]) -> tuple[int, int]:
    start, size = request.get("from", 0), request.get("size", 25)
    if type(start) is not int or start < 0:
        raise bad_request("The value of 'from' must not be negative.")
    limit = min(MAX_SIZE.get(kind, 1000) for kind in types)
    if type(size) is not int or not 1 <= size <= limit:
        raise bad_request(f"The value of 'size' must be between 1 and {limit} for this entity type.")
    return start, size


def _text(request: dict[str, Any]) -> str:
    asked = request.get("query")
    text = asked.get("queryString") if isinstance(asked, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise bad_request("The queryString of the search request is missing.")
    template = asked.get("queryTemplate") if isinstance(asked, dict) else None
    return template.replace("{searchTerms}", text) if isinstance(template, str) and template else text


SORTABLE: dict[str, Callable[[Item], Any]] = {
    "lastmodifieddatetime": lambda item: item.modified,
    "lastmodifiedtime": lambda item: item.modified,
    "createddatetime": lambda item: item.created,
    "name": lambda item: item.name.casefold(),
    "filename": lambda item: item.name.casefold(),
    "size": lambda item: len(item.data),
}


def _sort(hits: list[Hit], request: dict[str, Any], types: list[str]) -> None:
    if set(types) & ALONE:
        raise bad_request("Sorting is not supported for this entity type.")
    for entry in reversed(request["sortProperties"]):
        name = str(entry.get("name", "")) if isinstance(entry, dict) else ""
        read = SORTABLE.get(name.lower())
        if read is None:
            raise bad_request(f"The property '{name[:40]}' is not sortable.")
        _order(hits, read, descending=bool(entry.get("isDescending")))


def _order(hits: list[Hit], read: Callable[[Item], Any], *, descending: bool) -> None:
    hits.sort(key=lambda hit: (hit.item is not None, read(hit.item) if hit.item else 0), reverse=descending)


def _search(call: Call, kind: str, text: str) -> list[Hit]:
    finders: dict[str, Callable[[], list[Hit]]] = {
        "message": lambda: [hits_of.mail_hit(call, mail) for mail in search_mails(call, text, default=MAIL_FIELDS)],
        "event": lambda: [hits_of.event_hit(call, event) for event in search_events(call, text)],
        "chatMessage": lambda: [hits_of.chat_hit(call, message) for message in search_chats(call, text)],
        "person": lambda: [hits_of.person_hit(person) for person in search_people(call, text)],
        "site": lambda: [hits_of.site_hit(call, site) for site in search_sites(call, text)],
        "driveItem": lambda: [hits_of.item_hit(call, item, "driveItem") for item in search_items(call, text)],
        "listItem": lambda: [
            *(hits_of.item_hit(call, item, "listItem") for item in search_items(call, text)),
            *(hits_of.entry_hit(call, entry) for entry in search_entries(call, text)),
        ],
    }
    finder = finders.get(kind)
    return finder() if finder else []


def _shown(hit: Hit, rank: int, text: str, types: list[str]) -> dict[str, Any]:
    properties = MAIL_PROPERTIES if set(types) & ALONE else FILE_PROPERTIES
    return {"hitId": hit.id, "rank": rank, "summary": summary(hit.text, text, properties), "resource": hit.resource()}


def summary(text: str, query_text: str, properties: frozenset[str]) -> str:
    """Text around the first hit, hits between `<c0>` and `</c0>`, gaps as `<ddd/>`."""
    try:
        wanted = {word for term in terms(parse(query_text, properties)) for word in normalise(term.text).split()}
    except KqlError:
        wanted = set()
    written = text.split()
    first = next((at for at, word in enumerate(written) if _is_hit(word, wanted)), 0)
    low, high = max(0, first - SNIPPET // 3), first + SNIPPET
    marked = [f"<c0>{word}</c0>" if _is_hit(word, wanted) else word for word in written[low:high]]
    return f"{'<ddd/>' if low else ''}{' '.join(marked)}{'<ddd/>' if high < len(written) else ''}"


def _is_hit(word: str, wanted: set[str]) -> bool:
    return any(fold(part) in wanted for part in re.findall(r"[^\W_]+", word))
