"""Microsoft's documented requests, as far as the wire claims to serve them, get the keys and JSON types of Microsoft's examples."""

from typing import Any

import pytest

from infra.local.world import World
from tests.local.graph_client import graph_wire
from tests.local.graph_examples import Example, Ids, examples, misfits

EXAMPLES = examples()
COVERED = 188
"""Requests in the data; grows with what is served."""

REASONS = {
    "item": "the company has no mails attached to mails",
    "@odata.id": "an annotation Graph writes on some resources only",
    "eventDetail": "the company has no system messages in channels and chats",
    "deleted": "nothing was deleted yet, or the example shows an old property",
    "user": "a group owns a site's library; the example shows one answer for five requests",
    "file": "that folder holds folders only",
    "link": "that file has no sharing link",
    "proposedNewTime": "nobody proposed another time",
    "event": "the company has no meeting requests in mailboxes",
    "meetingMessageType": "the company has no meeting requests in mailboxes",
    "@odata.type": "the example's resource is of a type the company has none of (meeting request, search folder, custom time zone)",
    "isSupported": "no search folders",
    "includeNestedFolders": "no search folders",
    "sourceFolderIds": "no search folders",
    "filterQuery": "no search folders",
    "bias": "the example's custom time zone",
    "standardOffset": "the example's custom time zone",
    "daylightOffset": "the example's custom time zone",
    "id": "the example returns the id unasked",
    "allowExternalSenders": "group mail settings are not served",
    "autoSubscribeNewMembers": "group mail settings are not served",
    "isSubscribedByMail": "group mail settings are not served",
    "unseenCount": "group mail settings are not served",
    "accountEnabled": "the example shows it without asking for it, the documentation of members does not",
    "columns": "lists are minimal: no columns",
    "items": "lists are minimal: no items",
    "extensions": "open extensions are not served",
    "createDateTime": "a misspelling in the example",
    "singleValueExtendedProperties": "extended properties are not served",
    "threads": "the example answers another request",
    "manager": "the company's hierarchy is less deep than the example's",
    "address": "locations are names only",
    "coordinates": "locations are names only",
    "conferenceId": "meetings have no telephone numbers",
    "tollNumber": "meetings have no telephone numbers",
}


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{at}-{one.name or one.file}" for at, one in enumerate(EXAMPLES)])
async def test_answers_as_microsoft_shows_it(example: Example, world: World) -> None:
    ids = Ids(world, "Sofia", example.method)
    content: dict[str, Any] = {}
    if isinstance(example.body, dict | list):
        content["json_body"] = ids.body(example.body)
    elif example.body:
        content["data"] = str(example.body)
    async with graph_wire(world) as wire:
        reply = await wire.send(example.method, ids.path(example.url), headers=example.headers, **content)
    assert reply.status == example.status, reply.body
    if example.answers:
        leave = frozenset(example.leave)
        assert [] in [misfits(answer, reply.body, leave=leave) for answer in example.answers]


def test_what_is_left_out_has_a_reason() -> None:
    left = {
        place.rpartition(".")[2].removesuffix("[]") if "@" not in place else place[place.index("@") :]
        for one in EXAMPLES
        for place in one.leave
    }
    assert left <= REASONS.keys()


def test_covers_what_it_claims() -> None:
    assert len(EXAMPLES) == COVERED
    assert sum(1 for one in EXAMPLES if one.answers) >= 130
