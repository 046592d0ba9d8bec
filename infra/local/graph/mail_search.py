"""Which mails a KQL query finds, as Outlook searches: whole words in subject, body, people and attachments."""

import io
import zipfile
from typing import Any

from infra.local.company.model import Attachment, Mail
from infra.local.graph.call import Call
from infra.local.graph.errors import bad_request
from infra.local.graph.index import Prepared, normalise, plain
from infra.local.graph.kql import KqlError, Node, Term, in_range, in_text, matches, parse

PROPERTIES = frozenset(
    [
        "from",
        "to",
        "cc",
        "bcc",
        "participants",
        "recipients",
        "subject",
        "body",
        "attachment",
        "attachments",
        "hasattachment",
        "hasattachments",
        "importance",
        "isread",
        "received",
        "sent",
        "size",
        "kind",
    ]
)
LIMIT = 1000
"""Results of one search (concepts/search-query-parameter)."""
OFFICE_TEXT = ("word/document.xml", "xl/sharedStrings.xml", "ppt/slides/slide")
MAX_PART = 5_000_000


def search_mails(call: Call, query: str, *, default: tuple[str, ...]) -> list[Mail]:
    """The caller's own mails, newest first. `default` are the fields a bare word is looked for in. Raises `Refused`."""
    owner = call.owner.id
    try:
        node = parse(query, PROPERTIES)
        found = [mail for mail in call.mails if mail.mailbox == owner and mail_matches(call, node, mail, default)]
    except KqlError as error:
        raise bad_request(str(error)) from error
    return sorted(found, key=lambda mail: mail.sent, reverse=True)[:LIMIT]


def mail_matches(call: Call, node: Node, mail: Mail, default: tuple[str, ...]) -> bool:
    prepared = prepared_mail(call, mail)
    return matches(node, lambda term: _test(call, term, mail, prepared, default))


def prepared_mail(call: Call, mail: Mail) -> Prepared:
    sources = (mail.subject, mail.body_text, mail.sender_name, mail.sender_address, str(len(mail.attachments)))
    return call.state.index.fields(f"mail {mail.mailbox} {mail.id}", sources, lambda: _prepare(mail))


def _prepare(mail: Mail) -> Prepared:
    sender = normalise(f"{mail.sender_name} {mail.sender_address}")
    to = normalise("  ".join(f"{name} {address}" for name, address in mail.to))
    cc = normalise("  ".join(f"{name} {address}" for name, address in mail.cc))
    attached = normalise("  ".join(f"{entry.name} {attachment_text(entry)}" for entry in mail.attachments))
    return {
        "from": sender,
        "to": to,
        "cc": cc,
        "bcc": " ",
        "recipients": to + cc,
        "participants": sender + to + cc,
        "subject": normalise(mail.subject),
        "body": normalise(mail.body_text),
        "attachment": attached,
    }


def attachment_text(attachment: Attachment) -> str:
    """What the index holds of an attachment: text files and Office's XML; scans, PDFs and encrypted files by name only."""
    if attachment.content_type.startswith("text/"):
        return plain(attachment.data.decode("utf-8", "replace"))
    if not attachment.data.startswith(b"PK"):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(attachment.data)) as archive:
            wanted = [
                entry
                for entry in archive.infolist()
                if entry.filename.startswith(OFFICE_TEXT) and entry.file_size < MAX_PART
            ]
            return " ".join(plain(archive.read(entry).decode("utf-8", "replace")) for entry in wanted)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return ""


def _test(call: Call, term: Term, mail: Mail, prepared: Prepared, default: tuple[str, ...]) -> bool:
    name = {"attachments": "attachment", "hasattachments": "hasattachment"}.get(term.property, term.property)
    if name == "":
        return any(in_text(term, prepared[field]) for field in default)
    if name in prepared:
        return in_text(term, prepared[name])
    if name in {"received", "sent"}:
        return in_range(term, mail.sent, call.now())
    if name == "size":
        return _size(term, len(mail.body_html) + sum(len(entry.data) for entry in mail.attachments))
    values: dict[str, Any] = {
        "hasattachment": any(not entry.is_inline for entry in mail.attachments),
        "isread": mail.is_read,
        "importance": mail.importance,
        "kind": "email",
    }
    shown = str(values[name]).lower()
    asked = {"yes": "true", "no": "false", "1": "true", "0": "false", "medium": "normal"}.get(
        term.text.lower(), term.text.lower()
    )
    return (shown == asked) != (term.operator == "<>")


def _size(term: Term, size: int) -> bool:
    if not term.text.isdecimal():
        raise KqlError(f"'{term.text[:40]}' is not a size.")
    wanted = int(term.text[:18])
    return {">": size > wanted, ">=": size >= wanted, "<": size < wanted, "<=": size <= wanted}.get(
        term.operator, size == wanted
    )
