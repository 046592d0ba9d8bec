"""Writing mail: drafts, replies and sending. What is sent arrives in the company's mailboxes, so tests can look there."""

import base64
import binascii
import dataclasses
import html
import uuid
from typing import Any

from infra.local.company.model import Attachment, Mail, Person
from infra.local.graph import mail_render as render
from infra.local.graph.call import Answer, Call, Refused
from infra.local.graph.errors import bad_request
from infra.local.graph.index import plain

Recipients = list[tuple[str, str]]


def send_mail(call: Call) -> Answer:
    body = _lower(call.json())
    message = body.get("message")
    if not isinstance(message, dict):
        raise bad_request("The Message parameter is required.", "ErrorInvalidRequest")
    draft = _new(call, message)
    _deliver(
        call,
        draft,
        keep=body.get("savetosentitems", True) is not False,
        blind=_recipients(message.get("bccRecipients")),
    )
    return Answer(status=202)


def create_draft(call: Call) -> Answer:
    draft = _new(call, call.json())
    return _stored(call, draft)


def update(call: Call, message: str) -> Answer:
    mail = render.find_mail(call, message)
    if "if-match" in call.headers and call.headers["if-match"] not in {"*", f'W/"{render.mark(mail)}"'}:
        raise Refused(412, "ErrorIrresolvableConflict", "The change key does not match.")
    _apply(call, mail, call.json())
    return Answer(render.message_json(call, mail, call.select()))


def delete(call: Call, message: str) -> Answer:
    """A first delete moves to Deleted Items, as in Outlook."""
    mail = render.find_mail(call, message)
    if render.in_folder(mail, render.find_folder(call, "deleteditems")):
        call.company.mails.remove(mail)
    else:
        mail.folder = "deleteditems"
    return Answer(status=204)


def move(call: Call, message: str) -> Answer:
    mail = render.find_mail(call, message)
    folder = render.find_folder(call, str(call.json().get("destinationId", "")))
    mail.folder = folder.well_known or folder.id
    context = f"{call.base}/$metadata#users('{mail.mailbox}')/messages/$entity"
    return Answer(
        {"@odata.context": context, "@odata.type": "#microsoft.graph.message", **render.message_json(call, mail, [])},
        201,
    )


def create_reply(call: Call, message: str) -> Answer:
    return _stored(call, _answering(call, render.find_mail(call, message), everybody=False))


def create_reply_all(call: Call, message: str) -> Answer:
    return _stored(call, _answering(call, render.find_mail(call, message), everybody=True))


def create_forward(call: Call, message: str) -> Answer:
    return _stored(call, _forward(call, render.find_mail(call, message)))


def reply(call: Call, message: str) -> Answer:
    _deliver(call, _answering(call, render.find_mail(call, message), everybody=False))
    return Answer(status=202)


def reply_all(call: Call, message: str) -> Answer:
    _deliver(call, _answering(call, render.find_mail(call, message), everybody=True))
    return Answer(status=202)


def forward(call: Call, message: str) -> Answer:
    _deliver(call, _forward(call, render.find_mail(call, message)))
    return Answer(status=202)


def send_draft(call: Call, message: str) -> Answer:
    mail = render.find_mail(call, message)
    if not render.is_draft(call, mail):
        raise Refused(400, "ErrorInvalidOperation", "The message has already been sent.")
    _deliver(call, mail)
    call.company.mails.remove(mail)
    return Answer(status=202)


def add_attachment(call: Call, message: str) -> Answer:
    mail = render.find_mail(call, message)
    attachment = _attachment(call.json())
    mail.attachments.append(attachment)
    return Answer(render.attachment_json(mail, attachment), 201)


def _stored(call: Call, draft: Mail) -> Answer:
    call.company.mails.append(draft)
    context = f"{call.base}/$metadata#users('{draft.mailbox}')/messages/$entity"
    return Answer({"@odata.context": context, **render.message_json(call, draft, call.select())}, 201)


def _new(call: Call, message: dict[str, Any]) -> Mail:
    owner = call.owner
    draft = _blank(call, owner)
    _apply(call, draft, message)
    return draft


def _blank(call: Call, owner: Person) -> Mail:
    return Mail(
        id="AAMkAD" + base64.urlsafe_b64encode(uuid.uuid4().bytes + uuid.uuid4().bytes).decode(),
        mailbox=owner.id,
        folder="drafts",
        internet_message_id=f"<{uuid.uuid4().hex}@{call.company.domain}>",
        conversation_id="AAQkAD" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode(),
        subject="",
        sender_name=owner.name,
        sender_address=owner.mail,
        to=[],
        cc=[],
        sent=call.now(),
        body_html="",
        body_text="",
        unique_text="",
    )


def _apply(call: Call, mail: Mail, changes: dict[str, Any]) -> None:
    """Writes the writable properties. Raises `Refused` for a sent message's content."""
    content = {"subject", "body", "toRecipients", "ccRecipients", "bccRecipients", "attachments", "from"}
    if content & set(changes) and not render.is_draft(call, mail):
        raise Refused(400, "ErrorInvalidPropertySet", "Property set is not allowed for a message that is not a draft.")
    if "subject" in changes:
        mail.subject = str(changes["subject"] or "")
    if "body" in changes:
        _set_body(mail, changes["body"])
    if "toRecipients" in changes:
        mail.to = _recipients(changes["toRecipients"])
    if "ccRecipients" in changes:
        mail.cc = _recipients(changes["ccRecipients"])
    if isinstance(changes.get("isRead"), bool):
        mail.is_read = changes["isRead"]
    importance = str(changes.get("importance", mail.importance)).lower()
    if importance not in {"low", "normal", "high"}:
        raise bad_request(f"Requested value '{importance[:40]}' was not found.", "RequestBodyRead")
    mail.importance = "low" if importance == "low" else "high" if importance == "high" else "normal"
    mail.attachments += [_attachment(entry) for entry in changes.get("attachments") or []]


def _set_body(mail: Mail, body: Any) -> None:
    if not isinstance(body, dict):
        raise bad_request("The body is not valid.", "RequestBodyRead")
    content = str(body.get("content") or "")
    if str(body.get("contentType", "text")).lower() == "html":
        mail.body_html, mail.body_text = content, html.unescape(plain(content)).strip()
    else:
        mail.body_html, mail.body_text = f"<html><body>{html.escape(content)}</body></html>", content
    mail.unique_text = mail.body_text


def _recipients(value: Any) -> Recipients:
    found: Recipients = []
    for entry in value or []:
        written = entry.get("emailAddress") if isinstance(entry, dict) else None
        if not isinstance(written, dict) or "@" not in str(written.get("address", "")):
            raise Refused(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
        found.append((str(written.get("name") or written["address"]), str(written["address"])))
    return found


def _attachment(entry: Any) -> Attachment:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise bad_request("The attachment is not valid.", "RequestBodyRead")
    try:
        data = base64.b64decode(str(entry.get("contentBytes", "")), validate=True)
    except binascii.Error as error:
        raise bad_request("Cannot convert a value to target type 'Edm.Binary'.", "RequestBodyRead") from error
    return Attachment(
        f"AAMkADat{uuid.uuid4().hex}",
        entry["name"],
        str(entry.get("contentType") or "application/octet-stream"),
        data,
        entry.get("isInline") is True,
    )


def _answering(call: Call, original: Mail, *, everybody: bool) -> Mail:
    draft = _blank(call, call.owner)
    draft.conversation_id = original.conversation_id
    draft.subject = original.subject if original.subject.lower().startswith("re:") else f"RE: {original.subject}"
    draft.to = [(original.sender_name, original.sender_address)]
    if everybody:
        own = call.owner.mail.casefold()
        draft.to += [
            entry for entry in original.to if entry[1].casefold() not in {own, original.sender_address.casefold()}
        ]
        draft.cc = [entry for entry in original.cc if entry[1].casefold() != own]
    return _with_comment(call, draft, original)


def _forward(call: Call, original: Mail) -> Mail:
    draft = _blank(call, call.owner)
    draft.subject = f"FW: {original.subject}"
    draft.attachments = [dataclasses.replace(entry) for entry in original.attachments]
    body = _lower(call.body if isinstance(call.body, dict) else {})
    draft.to = _recipients(body.get("torecipients"))
    return _with_comment(call, draft, original)


def _with_comment(call: Call, draft: Mail, original: Mail) -> Mail:
    body = _lower(call.body if isinstance(call.body, dict) else {})
    message = body.get("message")
    if "comment" in body and isinstance(message, dict) and "body" in message:
        raise bad_request("Comment and the body of Message cannot both be set.", "ErrorInvalidRequest")
    comment = str(body.get("comment") or "")
    head = f"<b>From:</b> {html.escape(original.sender_name)}<br><b>Subject:</b> {html.escape(original.subject)}"
    quoted = f"<hr>{head}<br>{original.body_html}"
    draft.body_html = f"<html><body>{html.escape(comment)}{quoted}</body></html>"
    draft.body_text = f"{comment}\n\nFrom: {original.sender_name}\nSubject: {original.subject}\n\n{original.body_text}"
    draft.unique_text = comment
    if isinstance(message, dict):
        _apply(call, draft, message)
    return draft


def _deliver(call: Call, mail: Mail, *, keep: bool = True, blind: Recipients | None = None) -> None:
    everybody = [*mail.to, *mail.cc, *(blind or [])]
    if not everybody:
        raise Refused(
            400,
            "ErrorInvalidRecipients",
            "At least one recipient isn't valid., A message can't be sent because it contains no recipients.",
        )
    sent = dataclasses.replace(mail, folder="sentitems", sent=call.now(), is_read=True)
    if keep:
        call.company.mails.append(dataclasses.replace(sent, id=_blank(call, call.owner).id))
    addresses = {address.casefold() for _, address in everybody}
    for person in call.company.people:
        if person.mail.casefold() in addresses:
            copy = dataclasses.replace(
                sent, id=_blank(call, person).id, mailbox=person.id, folder="inbox", is_read=False
            )
            call.company.mails.append(copy)


def _lower(body: dict[str, Any]) -> dict[str, Any]:
    """Action parameters are written in either case in Microsoft's own examples."""
    return {name.lower(): value for name, value in body.items()}
