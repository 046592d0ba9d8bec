"""Mail as Graph serves it: only one's own, searched, filtered, paged, changed, sent."""

import base64
from collections.abc import AsyncIterator

import pytest

from infra.local.company.model import Mail
from infra.local.world import World
from tests.local.graph_client import Wire, graph_wire


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    async with graph_wire(world) as served:
        yield served


def of(world: World, person: str) -> list[Mail]:
    wanted = world.person(person).id
    return sorted(
        (mail for mail in world.company.mails if mail.mailbox == wanted), key=lambda mail: mail.sent, reverse=True
    )


async def everything(wire: Wire, path: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    reply = await wire.get(path)
    rows += reply.value
    while "@odata.nextLink" in reply.body:
        reply = await wire.get(reply.body["@odata.nextLink"])
        rows += reply.value
    return rows


async def test_a_mailbox_is_its_owners_alone_and_newest_first(wire: Wire, world: World) -> None:
    rows = await everything(wire, "/me/messages?$select=subject&$top=50")
    assert [row["id"] for row in rows] == [mail.id for mail in of(world, "Sofia")]
    foreign = of(world, "Priya")[0]
    assert (await wire.get(f"/me/messages/{foreign.id}")).status == 404
    reply = await wire.get(f"/users/{world.person('Priya').id}/messages")
    assert (reply.status, reply.code) == (403, "ErrorAccessDenied")


async def test_pages_follow_by_an_opaque_token(wire: Wire, world: World) -> None:
    first = await wire.get("/me/messages?$top=3&$select=id&$count=true")
    assert first.body["@odata.count"] == len(of(world, "Sofia"))
    assert "$skiptoken=" in first.body["@odata.nextLink"]
    assert len((await wire.get("/me/messages")).value) == 10
    assert len((await wire.get("/me/messages?$skip=1&$top=1")).value) == 1
    assert (await wire.get("/me/messages?$top=0")).status == 400
    assert (await wire.get("/me/messages?$top=1001")).status == 400
    small = await wire.get("/me/messages", headers={"Prefer": 'odata.maxpagesize=2, IdType="ImmutableId"'})
    assert len(small.value) == 2
    assert small.headers["Preference-Applied"] == 'odata.maxpagesize=2, IdType="ImmutableId"'


async def test_search_is_by_whole_words_newest_first(wire: Wire, world: World) -> None:
    found = await wire.get('/me/messages?$search="subject:heron subject:budget"&$top=25')
    assert found.value
    assert all("budget" in row["subject"].lower() for row in found.value)
    assert [row["receivedDateTime"] for row in found.value] == sorted(
        (row["receivedDateTime"] for row in found.value), reverse=True
    )
    sender = found.value[0]["from"]["emailAddress"]["address"]
    assert (await wire.get(f'/me/messages?$search="from:{sender} subject:heron"')).value
    assert (await wire.get('/me/messages?$search="hasAttachment:true"&$top=1')).value[0]["hasAttachments"] is True
    assert not (await wire.get('/me/messages?$search="What is the Heron budget now, and who approved it?"')).value


@pytest.mark.parametrize("option", ["$filter=isRead eq true", "$orderby=subject", "$skip=3"])
async def test_search_stands_alone(wire: Wire, option: str) -> None:
    reply = await wire.get(f'/me/messages?$search="heron"&{option}')
    assert reply.status == 400
    assert reply.code.startswith("SearchWith")


async def test_order_must_be_filtered_by_first(wire: Wire) -> None:
    refused = await wire.get("/me/messages?$filter=isRead eq true&$orderby=receivedDateTime desc")
    assert (refused.status, refused.code) == (400, "InefficientFilter")
    path = "/me/messages?$filter=receivedDateTime ge 2026-10-01T00:00:00Z and isRead eq true&$orderby=receivedDateTime desc"
    assert (await wire.get(path)).value
    nobody = await wire.get("/me/messages?$filter=from/emailAddress/address eq 'nobody@nowhere.example'")
    assert nobody.value == []
    assert (await wire.get("/me/messages?$filter=isRead equals true")).status == 400
    assert (await wire.get("/me/messages?$select=nonsense")).code == "RequestBroker--ParseUri"


async def test_bodies_come_as_html_text_or_the_messages_own_part(wire: Wire, world: World) -> None:
    mail = next(mail for mail in of(world, "Sofia") if mail.unique_text.strip() != mail.body_text.strip())
    html = await wire.get(f"/me/messages/{mail.id}")
    assert html.body["body"] == {"contentType": "html", "content": mail.body_html}
    assert "uniqueBody" not in html.body
    prefer = {"Prefer": 'outlook.body-content-type="text"'}
    text = await wire.get(f"/me/messages/{mail.id}?$select=body,uniqueBody", headers=prefer)
    assert text.body["body"] == {"contentType": "text", "content": mail.body_text}
    assert text.body["uniqueBody"]["content"] == mail.unique_text
    assert text.headers["Preference-Applied"] == 'outlook.body-content-type="text"'
    basic = await wire.get(f"/me/messages/{mail.id}", scopes=("Mail.ReadBasic",))
    assert not {"body", "bodyPreview"} & basic.body.keys()


async def test_attachments_come_with_their_bytes(wire: Wire, world: World) -> None:
    mail = next(mail for mail in of(world, "Sofia") if mail.attachments)
    rows = (await wire.get(f"/me/messages/{mail.id}/attachments")).value
    assert [base64.b64decode(row["contentBytes"]) for row in rows] == [entry.data for entry in mail.attachments]
    assert (await wire.get(f"/me/messages/{mail.id}/attachments/{rows[0]['id']}/$value")).body == mail.attachments[
        0
    ].data
    assert len((await wire.get(f"/me/messages/{mail.id}?$expand=attachments")).body["attachments"]) == len(rows)


async def test_delta_tells_what_is_new_changed_and_gone(wire: Wire, world: World) -> None:
    reply = await wire.get("/me/mailFolders/inbox/messages/delta?$select=subject,isRead&$top=100")
    while "@odata.nextLink" in reply.body:
        reply = await wire.get(reply.body["@odata.nextLink"])
    link = reply.body["@odata.deltaLink"]
    assert (await wire.get(link)).value == []
    changed, gone = [mail for mail in of(world, "Sofia") if mail.folder == "inbox"][:2]
    changed.is_read = not changed.is_read
    world.company.mails.remove(gone)
    again = await wire.get(link)
    assert {row["id"]: "@removed" in row for row in again.value} == {changed.id: False, gone.id: True}
    assert (await wire.get("/me/mailFolders/inbox/messages/delta?$deltatoken=none")).status == 410


async def test_what_is_sent_arrives(wire: Wire, world: World) -> None:
    priya = world.person("Priya")
    to = [{"emailAddress": {"address": priya.mail}}]
    message = {"subject": "Quarkfest", "body": {"contentType": "Text", "content": "At <noon>"}, "toRecipients": to}
    sent = await wire.post("/me/sendMail", {"message": message})
    assert (sent.status, sent.body) == (202, b"")
    (got,) = [mail for mail in of(world, "Priya") if mail.subject == "Quarkfest"]
    assert (got.folder, got.is_read, got.body_text) == ("inbox", False, "At <noon>")
    assert [mail.folder for mail in of(world, "Sofia") if mail.subject == "Quarkfest"] == ["sentitems"]
    assert len(await wire.hits("message", "quarkfest noon", "Priya")) == 1
    nobody = await wire.post("/me/sendMail", {"message": {**message, "toRecipients": []}})
    assert nobody.code == "ErrorInvalidRecipients"
    assert (await wire.post("/me/sendMail", {"message": message}, scopes=("Mail.Read",))).status == 403


async def test_a_reply_is_drafted_changed_and_sent_once(wire: Wire, world: World) -> None:
    priya = world.person("Priya")
    original = next(mail for mail in of(world, "Sofia") if mail.sender_address == priya.mail and mail.folder == "inbox")
    draft = (await wire.post(f"/me/messages/{original.id}/createReplyAll", {"comment": "Fine by me"})).body
    assert draft["isDraft"] is True
    assert draft["conversationId"] == original.conversation_id
    assert draft["toRecipients"][0]["emailAddress"]["address"] == priya.mail
    body = {"body": {"contentType": "text", "content": "Agreed quarkly"}}
    changed = await wire.send("PATCH", f"/me/messages/{draft['id']}", json_body=body)
    assert changed.body["bodyPreview"] == "Agreed quarkly"
    assert (await wire.send("PATCH", f"/me/messages/{original.id}", json_body=body)).status == 400
    assert (await wire.post(f"/me/messages/{draft['id']}/send", {})).status == 202
    assert (await wire.post(f"/me/messages/{draft['id']}/send", {})).status == 404
    assert len([mail for mail in of(world, "Priya") if mail.body_text == "Agreed quarkly"]) == 1
