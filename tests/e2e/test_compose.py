"""The message extension at the wire: the search in the compose box, and a question about a message somebody else wrote."""

import json
from typing import Any

import pytest

from infra.local.vendors.script import Reply
from infra.local.world import Fault
from tests.e2e.parley import Parley, citing

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUESTION = "When is the audit, and who leads it?"
PAYLOAD = {
    "id": "1763805600123",
    "messageType": "message",
    "createdDateTime": "2026-11-20T09:00:00Z",
    "from": {"device": None, "application": None, "user": {"id": "x", "displayName": "Ana Ruiz"}},
    "body": {"contentType": "html", "content": "<div>The audit moved to <b>9 December</b>; Petra leads it.</div>"},
    "linkToMessage": "https://teams.microsoft.com/l/message/19:x@thread.v2/1763805600123",
    "attachments": [],
}


@pytest.fixture(scope="module")
def door() -> str:
    return "claude"


async def search(parley: Parley, person: str, text: str | None, **options: int) -> dict[str, Any]:
    parameter = {"name": "initialRun", "value": "true"} if text is None else {"name": "words", "value": text}
    value = {"commandId": "search", "parameters": [parameter], "queryOptions": {"skip": 0, "count": 25, **options}}
    status, body = await parley.teams.invoke(person, "composeExtension/query", value)
    assert status == 200
    extension: dict[str, Any] = body["composeExtension"]
    return extension


async def test_somebody_who_is_not_signed_in_gets_a_link_to_do_so(parley: Parley) -> None:
    answer = await search(parley, "tomas", "Brenta")
    assert answer["type"] == "auth"
    (action,) = answer["suggestedActions"]["actions"]
    assert action["type"] == "openUrl"
    assert action["value"].startswith(parley.url)


async def test_results_link_to_what_the_person_may_open_and_say_nothing_of_it(parley: Parley) -> None:
    await parley.sign_in("sofia")
    answer = await search(parley, "sofia", "Brent")
    assert answer["type"] == "result"
    names = [attachment["content"]["fallbackText"] for attachment in answer["attachments"]]
    assert "Quality agreement Brenta.docx" in names
    one = answer["attachments"][names.index("Quality agreement Brenta.docx")]
    written = json.dumps(one["content"])
    assert "https://sharepoint.tidewell.example/" in written
    assert "27,400" not in written
    assert one["preview"]["content"]["title"] == "Quality agreement Brenta.docx"
    assert len(json.dumps(answer)) < 100_000
    assert len(written) < 28 * 1024
    # What was chosen is inserted as the same card; nobody else can have it made.
    tap = one["preview"]["content"]["tap"]["value"]
    status, body = await parley.teams.invoke("sofia", "composeExtension/selectItem", tap)
    assert (status, body["composeExtension"]["attachments"][0]["content"]) == (200, one["content"])
    for person, value in (("tomas", tap), ("sofia", {}), ("sofia", {"parley": "x"})):
        _, body = await parley.teams.invoke(person, "composeExtension/selectItem", value)
        assert body["composeExtension"]["type"] == "message"


async def test_the_box_opens_with_recent_files_and_pages(parley: Parley) -> None:
    await parley.sign_in("sofia")
    first = await search(parley, "sofia", None, count=3)
    more = await search(parley, "sofia", None, skip=3, count=3)
    names = [[a["content"]["fallbackText"] for a in page["attachments"]] for page in (first, more)]
    assert len(names[0]) == 3
    assert not set(names[0]) & set(names[1])


async def test_nothing_found_and_trouble_are_said(parley: Parley) -> None:
    await parley.sign_in("sofia")
    assert (await search(parley, "sofia", "zyxwvut"))["text"] == "I found nothing. Try other words."
    parley.world.faults.append(Fault("graph", status=403, times=20))
    assert (await search(parley, "sofia", "Brenta"))["type"] == "message"


async def ask_about(parley: Parley, person: str, chat: str, payload: Any = PAYLOAD) -> tuple[int, Any]:
    value = {
        "commandId": "askAbout",
        "commandContext": "message",
        "messagePayload": payload,
        "context": {"theme": "default"},
    }
    return await parley.teams.invoke(person, "composeExtension/fetchTask", value, chat)


async def submit(parley: Parley, person: str, chat: str, data: Any, **more: Any) -> Any:
    value = {"commandId": "askAbout", "commandContext": "message", "data": data, **more}
    status, body = await parley.teams.invoke(person, "composeExtension/submitAction", value, chat)
    assert status == 200
    return body


@pytest.mark.parametrize("resent", [True, False])
async def test_a_question_about_a_message_is_answered_in_the_personal_chat(parley: Parley, resent: bool) -> None:
    await parley.sign_in("sofia")
    channel = next(c.id for c in parley.world.company.channels if c.kind == "standard")
    status, body = await ask_about(parley, "sofia", channel)
    assert (status, body["task"]["type"]) == (200, "continue")
    card = body["task"]["value"]["card"]["content"]
    (field,) = [element for element in card["body"] if element["type"] == "Input.Text"]
    assert field["label"] == "Your question"
    assert "Ana Ruiz" in json.dumps(card["body"])
    assert len(json.dumps(card)) < 28 * 1024
    sealed = card["actions"][0]["data"]
    parley.world.state["script"] = [citing("On 9 December, led by Petra", "9 December")]
    opening = await parley.teams.say("sofia", "status")
    await parley.teams.answer_to(opening, quiet=0.1)
    more = {"messagePayload": PAYLOAD} if resent else {}
    body = await submit(parley, "sofia", channel, {**sealed, "question": QUESTION}, **more)
    assert body == {"task": {"type": "message", "value": "I'll answer in our personal chat."}}
    seen = await parley.teams.answer_to(opening, timeout=60, until=lambda message: message.ai_label)
    assert f"You asked about Message by Ana Ruiz: {QUESTION}" in seen.text
    assert "On 9 December, led by Petra [1]" in seen.text
    assert seen.citations[0]["url"] == PAYLOAD["linkToMessage"]


async def test_only_what_we_sealed_for_this_person_is_taken(parley: Parley) -> None:
    await parley.sign_in("sofia")
    channel = next(c.id for c in parley.world.company.channels if c.kind == "standard")
    _, body = await ask_about(parley, "sofia", channel)
    sealed = body["task"]["value"]["card"]["content"]["actions"][0]["data"]
    since = len(parley.world.record)
    for person, data in (
        ("tomas", sealed),
        ("sofia", {"parley": sealed["parley"][:-3]}),
        ("sofia", None),
        ("sofia", []),
    ):
        body = await submit(parley, person, channel, data)
        assert body["task"]["value"].startswith("This button is not for you")
    assert not parley.received("claude", since=since)


@pytest.mark.parametrize(
    "payload", [None, 5, {}, {"body": 5}, {"body": {"content": ["x"]}}, {"body": {"content": "<img src=x>"}}]
)
async def test_messages_without_words_are_refused_kindly(parley: Parley, payload: Any) -> None:
    status, body = await ask_about(parley, "sofia", "personal", payload)
    assert (status, body["task"]["type"]) == (200, "message")


async def test_a_long_message_fits_its_dialog(parley: Parley) -> None:
    await parley.sign_in("sofia")
    for text in ("word " * 5000, '\\"' * 9000, "\U0001f600" * 9000):
        payload = {**PAYLOAD, "body": {"contentType": "html", "content": text}}
        _, body = await ask_about(parley, "sofia", "personal", payload)
        card = body["task"]["value"]["card"]["content"]
        assert len(json.dumps(card)) < 28 * 1024
        parley.world.state["script"] = [Reply(text="Long.")]
        sealed = card["actions"][0]["data"]
        assert (await submit(parley, "sofia", "personal", sealed))["task"]["value"].startswith("I'll answer")
