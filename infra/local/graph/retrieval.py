"""Copilot's Retrieval API: passages of files for a whole sentence, one data source a call."""

import re
from typing import Any

from infra.local.company.model import Item
from infra.local.graph import drive_render as render
from infra.local.graph.addresses import find_drive
from infra.local.graph.call import Answer, Call, Refused
from infra.local.graph.errors import bad_request
from infra.local.graph.index import words
from infra.local.graph.search_files import prepared_item

SOURCES = {"sharePoint": "documentLibrary", "oneDriveBusiness": "business"}
MAX_QUERY = 1500
STOP = frozenset(
    """
    a an and are did do does for how in is it of on or the to was we what when where which who why with
    """.split()  # noqa: SIM905 -- as a list literal this would be as long as the rest of the file
)
RELEVANT = 0.5


def retrieve(call: Call) -> Answer:
    body = call.json()
    text, kind = body.get("queryString"), body.get("dataSource")
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_QUERY:
        raise bad_request("The queryString must be a single sentence of at most 1,500 characters.")
    if kind not in {*SOURCES, "externalItem"}:
        raise bad_request("The dataSource is not valid.")
    if not call.has("Sites.Read.All"):
        raise Refused(403, "Forbidden", "Access to the Retrieval API requires Files.Read.All and Sites.Read.All.")
    top = body.get("maximumNumberOfResults", 25)
    if type(top) is not int or not 1 <= top <= 25:
        raise bad_request("maximumNumberOfResults must be between 1 and 25.")
    wanted = [word for word in words(text) if word not in STOP]
    scored = [
        (_relevance(call, item, wanted), item) for item in call.company.items if _in_source(call, item, str(kind))
    ]
    best = sorted((entry for entry in scored if entry[0] >= RELEVANT), key=lambda entry: -entry[0])[:top]
    call.state.dice.shuffle(best)  # the hits come unordered
    return Answer({"retrievalHits": [_hit(call, item, wanted, relevance) for relevance, item in best]})


def _in_source(call: Call, item: Item, kind: str) -> bool:
    return (
        not item.is_folder
        and bool(item.text)
        and find_drive(call, item.drive_id).kind == SOURCES.get(kind)
        and render.visible(call, item)
    )


def _relevance(call: Call, item: Item, wanted: list[str]) -> float:
    prepared = prepared_item(call, item)["all"]
    return sum(f" {word} " in prepared for word in wanted) / len(wanted) if wanted else 0.0


def _hit(call: Call, item: Item, wanted: list[str], relevance: float) -> dict[str, Any]:
    parts = [part for part in re.split(r"\n+", item.text) if part.strip()]
    parts.sort(key=lambda part: -sum(word in words(part) for word in wanted))
    shown: dict[str, Any] = {
        "webUrl": render.web_url(call, item),
        "resourceType": "listItem" if find_drive(call, item.drive_id).site_id else "driveItem",
        "extracts": [{"text": part[:600], "relevanceScore": round(relevance, 3)} for part in parts[:3]],
        "resourceMetadata": {"title": item.name, "author": render.user(call, item.created_by)["user"]["displayName"]},
    }
    if item.label:
        shown["sensitivityLabel"] = {
            "sensitivityLabelId": render.label_id(item.label),
            "displayName": item.label,
            "toolTip": "",
            "priority": 1,
            "color": "#000000",
        }
    return shown
