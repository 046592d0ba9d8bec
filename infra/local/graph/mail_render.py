"""Messages, folders and attachments as Outlook's part of Graph writes them."""

import base64
import hashlib
import html
import zlib
from collections.abc import Callable, Collection
from typing import Any

from infra.local.company.model import Attachment, Company, Mail, MailFolder
from infra.local.graph.call import Call, Refused, iso
from infra.local.graph.drive_render import label_id
from infra.local.graph.errors import not_found

WELL_KNOWN = {
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "Sent Items",
    "deleteditems": "Deleted Items",
    "archive": "Archive",
    "junkemail": "Junk Email",
    "outbox": "Outbox",
}
NOT_BASIC = {"body", "uniquebody", "bodypreview", "attachments"}
"""What `Mail.ReadBasic` keeps back."""
PREVIEW = 255


def folder_key(person_id: str, name: str) -> str:
    digest = hashlib.sha256(f"{person_id}/{name}".encode()).digest()
    return "AQMkAD" + base64.urlsafe_b64encode(digest[:24]).decode()


def folders(company: Company, person_id: str) -> list[MailFolder]:
    """A mailbox's folders; the well-known ones are always there."""
    own = [folder for folder in company.mail_folders if folder.mailbox == person_id]
    known = {folder.well_known for folder in own}
    root = folder_key(person_id, "msgfolderroot")
    missing = [
        MailFolder(folder_key(person_id, name), person_id, title, name, root)
        for name, title in WELL_KNOWN.items()
        if name not in known
    ]
    return own + missing


def find_folder(call: Call, name: str) -> MailFolder:
    """By id or well-known name. Raises `Refused`."""
    for folder in folders(call.company, call.owner.id):
        if name == folder.id or name.lower() == folder.well_known:
            return folder
    raise Refused(404, "ErrorItemNotFound", "The specified folder could not be found in the store.")


def in_folder(mail: Mail, folder: MailFolder) -> bool:
    return mail.folder == folder.id or (folder.well_known != "" and mail.folder == folder.well_known)


def folder_json(call: Call, folder: MailFolder) -> dict[str, Any]:
    everything = folders(call.company, folder.mailbox)
    inside = [mail for mail in call.mails if mail.mailbox == folder.mailbox and in_folder(mail, folder)]
    return {
        "id": folder.id,
        "displayName": folder.name,
        "parentFolderId": folder.parent_id or folder_key(folder.mailbox, "msgfolderroot"),
        "childFolderCount": sum(1 for other in everything if other.parent_id == folder.id),
        "unreadItemCount": sum(1 for mail in inside if not mail.is_read),
        "totalItemCount": len(inside),
        "sizeInBytes": sum(len(mail.body_html) for mail in inside),
        "isHidden": False,
    }


def address(name: str, mail: str) -> dict[str, Any]:
    return {"emailAddress": {"name": name, "address": mail}}


def mark(mail: Mail) -> str:
    """Changes with every property a client could see change."""
    seen = (
        mail.folder,
        mail.subject,
        mail.is_read,
        mail.importance,
        mail.body_html,
        mail.to,
        mail.cc,
        [a.id for a in mail.attachments],
    )
    return f"CQAAABYAAAC{zlib.crc32(repr(seen).encode()):08x}"


def is_draft(call: Call, mail: Mail) -> bool:
    return mail.folder == "drafts" or mail.folder == find_folder(call, "drafts").id


def body_json(call: Call, mail: Mail, *, unique: bool = False) -> dict[str, str]:
    if call.prefer.get("outlook.body-content-type", "").lower() == "text":
        return {"contentType": "text", "content": mail.unique_text if unique else mail.body_text}
    if not unique:
        return {"contentType": "html", "content": mail.body_html}
    paragraphs = "".join(f"<div>{html.escape(line)}</div>" for line in mail.unique_text.splitlines())
    return {"contentType": "html", "content": f"<html><body>{paragraphs}</body></html>"}


def headers_json(mail: Mail) -> list[dict[str, str]]:
    """With the label as Outlook writes it (learn.microsoft.com/information-protection/develop/concept-mip-metadata)."""
    shown = [{"name": "Message-ID", "value": mail.internet_message_id}]
    if mail.label:
        key = f"MSIP_Label_{label_id(mail.label)}"
        parts = ("Enabled=True", f"SetDate={iso(mail.sent)}", "Method=Standard", f"Name={mail.label}", "ContentBits=0")
        shown.append({"name": "msip_labels", "value": "; ".join(f"{key}_{part}" for part in parts) + ";"})
    return shown


def web_link(mail: Mail) -> str:
    return f"https://outlook.office365.com/owa/?ItemID={mail.id}&exvsurl=1&viewmodel=ReadMessageItem"


def _parent(call: Call, mail: Mail) -> str:
    return next((folder.id for folder in folders(call.company, mail.mailbox) if in_folder(mail, folder)), mail.folder)


Field = Callable[[Call, Mail], Any]
FIELDS: dict[str, Field] = {
    "id": lambda _, mail: mail.id,
    "createdDateTime": lambda _, mail: iso(mail.sent),
    "lastModifiedDateTime": lambda _, mail: iso(mail.sent),
    "changeKey": lambda _, mail: mark(mail),
    "categories": lambda _, mail: [],
    "receivedDateTime": lambda _, mail: iso(mail.sent),
    "sentDateTime": lambda _, mail: iso(mail.sent),
    "hasAttachments": lambda _, mail: any(not attachment.is_inline for attachment in mail.attachments),
    "internetMessageId": lambda _, mail: mail.internet_message_id,
    "subject": lambda _, mail: mail.subject,
    "bodyPreview": lambda _, mail: " ".join((mail.unique_text or mail.body_text).split())[:PREVIEW],
    "importance": lambda _, mail: mail.importance,
    "parentFolderId": _parent,
    "conversationId": lambda _, mail: mail.conversation_id,
    "conversationIndex": lambda _, mail: base64.b64encode(
        hashlib.sha256(mail.conversation_id.encode()).digest()[:22]
    ).decode(),
    "isDeliveryReceiptRequested": lambda _, mail: False,
    "isReadReceiptRequested": lambda _, mail: False,
    "isRead": lambda _, mail: mail.is_read,
    "isDraft": is_draft,
    "webLink": lambda _, mail: web_link(mail),
    "inferenceClassification": lambda _, mail: "focused",
    "body": body_json,
    "sender": lambda _, mail: address(mail.sender_name, mail.sender_address),
    "from": lambda _, mail: address(mail.sender_name, mail.sender_address),
    "toRecipients": lambda _, mail: [address(*entry) for entry in mail.to],
    "ccRecipients": lambda _, mail: [address(*entry) for entry in mail.cc],
    "bccRecipients": lambda _, mail: [],
    "replyTo": lambda _, mail: [],
    "flag": lambda _, mail: {"flagStatus": "notFlagged"},
}
EXTRA: dict[str, Field] = {
    "uniqueBody": lambda call, mail: body_json(call, mail, unique=True),
    "internetMessageHeaders": lambda _, mail: headers_json(mail),
    "attachments": lambda call, mail: [attachment_json(mail, entry) for entry in mail.attachments],
}
"""Only when asked for by name."""
BY_NAME = {name.lower(): (name, field) for name, field in {**FIELDS, **EXTRA}.items()}


def get(call: Call, mail: Mail, name: str) -> Any:
    entry = BY_NAME.get(name.lower())
    return entry[1](call, mail) if entry else None


def message_json(call: Call, mail: Mail, select: list[str], expand: Collection[str] = ()) -> dict[str, Any]:
    """Raises `Refused` (400) for a property that does not exist."""
    wanted = [name.partition("/")[0].lower() for name in select] or [name.lower() for name in FIELDS]
    unknown = next((name for name in wanted if name not in BY_NAME), None)
    if unknown is not None:
        text = f"Could not find a property named '{unknown}' on type 'Microsoft.OutlookServices.Message'."
        raise Refused(400, "RequestBroker--ParseUri", text)
    wanted += [name for name in expand if name not in wanted]
    if "id" not in wanted:
        wanted.insert(0, "id")
    if not call.has("Mail.Read", "Mail.ReadWrite", "Mail.Read.Shared", "Mail.ReadWrite.Shared"):
        wanted = [name for name in wanted if name not in NOT_BASIC]
    return {"@odata.etag": f'W/"{mark(mail)}"'} | {BY_NAME[name][0]: BY_NAME[name][1](call, mail) for name in wanted}


def attachment_json(mail: Mail, attachment: Attachment, *, content: bool = True) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "@odata.mediaContentType": attachment.content_type,
        "id": attachment.id,
        "lastModifiedDateTime": iso(mail.sent),
        "name": attachment.name,
        "contentType": attachment.content_type,
        # Exchange counts its own property overhead too.
        "size": len(attachment.data) + 378,
        "isInline": attachment.is_inline,
        "contentId": attachment.id if attachment.is_inline else None,
        "contentLocation": None,
    }
    return shown | ({"contentBytes": base64.b64encode(attachment.data).decode()} if content else {})


def find_mail(call: Call, message_id: str) -> Mail:
    for mail in call.mails:
        if mail.id == message_id and mail.mailbox == call.owner.id:
            return mail
    raise not_found("outlook")


def find_attachment(mail: Mail, attachment_id: str) -> Attachment:
    for attachment in mail.attachments:
        if attachment.id == attachment_id:
            return attachment
    raise not_found("outlook")
