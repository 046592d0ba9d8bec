"""Mail as it lies in mailboxes: each message of `texts/mail/` and of the noise in the sender's and every reader's folder."""

import html
import re
from dataclasses import dataclass, field
from datetime import datetime

from infra.local.company import ids
from infra.local.company.bundle import BERLIN, moment, pieces, sections
from infra.local.company.drives import KEYS
from infra.local.company.model import Attachment, Mail, MailFolder
from infra.local.company.people import STAFF_KEYS, address, locale_of, person_id
from infra.local.company.render import Rendered, render
from infra.local.company.render_pdf import logo

WELL_KNOWN = {
    "inbox": "Inbox", "sentitems": "Sent Items", "archive": "Archive", "drafts": "Drafts",
    "deleteditems": "Deleted Items",
}  # fmt: skip
OWN_FOLDERS = (("sofia", "Heron", ""), ("sofia", "Pilot", "Heron"), ("jonas", "Audit", ""), ("hiro", "Builds", ""))
_ARCHIVERS = frozenset({"tomas", "jonas", "priya"})
_ARCHIVED_BEFORE = moment("2026-08-01 00:00")
_HEADER = re.compile(r"@ (\d{4}-\d\d-\d\d \d\d:\d\d) (\w+) > ([\w, ]+)(?:; ([\w, ]+))?")
_QUOTE_WORDS = {
    "en": ("From", "Sent", "To", "Cc", "Subject", "Re", "%A, %d %B %Y %H:%M"),
    "de": ("Von", "Gesendet", "An", "Cc", "Betreff", "AW", "%d.%m.%Y %H:%M"),
}
_RULE = 32
_LOGO_ID = "image001.png@01DC5A00.7D3E1B60"


@dataclass(slots=True)
class Letter:
    """One message before it is put into mailboxes."""

    subject: str
    sent: datetime
    sender: str
    to: list[str]
    cc: list[str]
    body: str
    flags: list[str] = field(default_factory=list[str])
    """`unread`, `high`, `low`, `text`, `fresh` (quotes nothing), `draft`, `html` (body is HTML), `logo` (a picture in the signature),
    `in=person/folder`."""
    files: list[str] = field(default_factory=list[str])
    earlier: "Letter | None" = None
    """What it answers."""
    thread: str = ""

    @property
    def name(self) -> str:
        return f"{self.thread}|{self.sent.isoformat()}|{self.sender}|{','.join(self.to)}"


def letters(bundle: str) -> list[Letter]:
    """The threads of a text file, each message answering the one before. Raises ValueError on a malformed header."""
    found: list[Letter] = []
    for subject, lines in pieces(bundle):
        last: Letter | None = None
        for line in lines:
            if line.startswith("@ "):
                last = _begin(subject, line, last)
                found.append(last)
            elif last is None:
                raise ValueError(f"The thread {subject!r} has text before its first message.")
            elif line.startswith(": "):
                last.flags = line[2:].split()
            elif line.startswith("+ "):
                last.files.append(line[2:])
            else:
                last.body += f"{line}\n"
    for letter in found:
        letter.body = letter.body.strip("\n")
    return found


def _begin(subject: str, header: str, earlier: Letter | None) -> Letter:
    match = _HEADER.fullmatch(header)
    if match is None:
        raise ValueError(f"Not a message header: {header}")
    when, sender, to, cc = match.groups()
    if earlier is not None:
        subject = f"{_words(sender)[5]}: {earlier.subject.removeprefix('Re: ').removeprefix('AW: ')}"
    thread = earlier.thread if earlier else subject
    return Letter(
        subject,
        moment(when),
        sender,
        to.split(", "),
        cc.split(", ") if cc else [],
        "",
        earlier=earlier,
        thread=thread,
    )


def mailboxes(written: list[Letter]) -> tuple[list[MailFolder], list[Mail]]:
    """The folders of every mailbox and, newest first, the mails in them."""
    attached = _attachments()
    mails: list[Mail] = []
    for letter in written:
        body = _body(letter)
        mails += [_mail(letter, owner, body, attached) for owner in _owners(letter)]
    return _folders(), sorted(mails, key=lambda mail: (mail.sent, mail.id), reverse=True)


def _owners(letter: Letter) -> list[str]:
    wanted = [letter.sender] if "draft" in letter.flags else [letter.sender, *letter.to, *letter.cc]
    people = [key for name in wanted for key in (STAFF_KEYS if name == "all" else (name,))]
    return [key for key in dict.fromkeys(people) if key in STAFF_KEYS]


def _mail(letter: Letter, owner: str, body: tuple[str, str, str], attached: dict[str, Rendered]) -> Mail:
    sender_name, sender_address = address(letter.sender)
    body_html, body_text, unique = body
    mine = letter.sender == owner
    name = f"{owner}:{letter.name}"
    return Mail(
        id=ids.mail(name),
        mailbox=person_id(owner),
        folder=_place(letter, owner),
        internet_message_id=ids.internet_message(letter.name, sender_address.partition("@")[2]),
        conversation_id=ids.conversation(f"{owner}:{letter.thread}"),
        subject=letter.subject,
        sender_name=sender_name,
        sender_address=sender_address,
        to=[address(key) for key in letter.to],
        cc=[address(key) for key in letter.cc],
        sent=letter.sent,
        body_html=body_html,
        body_text=body_text,
        unique_text=unique,
        is_read=mine or "unread" not in letter.flags,
        importance="high" if "high" in letter.flags else "low" if "low" in letter.flags else "normal",
        attachments=[
            *(_attachment(f"{name}:{file}", file, attached[file]) for file in letter.files),
            *([_logo(name)] if "logo" in letter.flags else []),
        ],
    )


def _place(letter: Letter, owner: str) -> str:
    if "draft" in letter.flags:
        return "drafts"
    for flag in letter.flags:
        person, slash, folder = flag.removeprefix("in=").partition("/")
        if slash and person == owner:
            return "deleteditems" if folder == "deleted" else folder_id(owner, folder)
    if letter.sender == owner:
        return "sentitems"
    return "archive" if owner in _ARCHIVERS and letter.sent < _ARCHIVED_BEFORE else "inbox"


def folder_id(owner: str, name: str) -> str:
    """Of a folder a person made."""
    return ids.folder(f"{owner}:{name}")


def _folders() -> list[MailFolder]:
    found = [
        MailFolder(ids.folder(f"{owner}:{known}"), person_id(owner), name, known)
        for owner in STAFF_KEYS
        for known, name in WELL_KNOWN.items()
    ]
    for owner, name, parent in OWN_FOLDERS:
        above = folder_id(owner, parent) if parent else ""
        found.append(MailFolder(folder_id(owner, name), person_id(owner), name, parent_id=above))
    return found


def _attachments() -> dict[str, Rendered]:
    done: dict[str, Rendered] = {}
    for section in sections("files/attachments.txt", KEYS):
        by, _, when = section.fields["by"].partition(" ")
        done[section.title] = render(section.title, section.body, author=by.title(), modified=moment(when))
    return done


def _attachment(name: str, file_name: str, file: Rendered) -> Attachment:
    return Attachment(ids.attachment(name), file_name, file.mime, file.data, text=file.text)


def _logo(name: str) -> Attachment:
    return Attachment(ids.attachment(f"{name}:logo"), "image001.png", "image/png", logo(), True, _LOGO_ID)


def _body(letter: Letter) -> tuple[str, str, str]:
    """HTML and text with the quoted history, and the text without."""
    if "html" in letter.flags:
        text = visible_text(letter.body)
        return letter.body, text, text
    quoted_html, quoted_text = _quoted(letter)
    picture = f'<img src="cid:{_LOGO_ID}" width="160" height="40" alt="">' if "logo" in letter.flags else ""
    style = "PlainText" if "text" in letter.flags else "elementToProof"
    page = (
        '<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head>'
        f'<body dir="ltr">{_own_html(letter.body, style)}{picture}{quoted_html}</body></html>'
    )
    return page, letter.body + quoted_text, letter.body


def _own_html(body: str, style: str) -> str:
    return "".join(
        f'<div class="{style}">{html.escape(part, quote=False).replace(chr(10), "<br>")}</div><div><br></div>'
        for part in body.split("\n\n")
    )


def _quoted(letter: Letter) -> tuple[str, str]:
    """The divider and header Outlook writes above what is answered, in the language of who answers."""
    earlier = letter.earlier
    if earlier is None or "fresh" in letter.flags:
        return "", ""
    sender, sent, to, cc, subject, _, form = _words(letter.sender)
    rows = [
        (sender, "{} <{}>".format(*address(earlier.sender))),
        (sent, earlier.sent.astimezone(BERLIN).strftime(form)),
        (to, _line(earlier.to)),
        *([(cc, _line(earlier.cc))] if earlier.cc else []),
        (subject, earlier.subject),
    ]
    older_html, older_text = _quoted(earlier)
    header = "<br>".join(f"<b>{label}:</b> {html.escape(value)}" for label, value in rows)
    page = (
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
        '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">'
        f"{header}</font><div>&nbsp;</div></div>{_own_html(earlier.body, 'elementToProof')}{older_html}"
    )
    head = "\n".join(f"{label}: {value}" for label, value in rows)
    return page, f"\n\n{'_' * _RULE}\n{head}\n\n{earlier.body}{older_text}"


def _line(keys: list[str]) -> str:
    return "; ".join("{} <{}>".format(*address(key)) for key in keys)


def _words(sender: str) -> tuple[str, ...]:
    return _QUOTE_WORDS[locale_of(sender)[:2]]


def visible_text(page: str) -> str:
    """The text of an HTML mail as Exchange derives it: tags dropped, hidden text kept."""
    text = re.sub(r"<!--.*?-->|<style.*?</style>", "", page, flags=re.DOTALL)
    text = re.sub(r"<(?:br|/p|/div|/h\d|/tr|/li)[^>]*>", "\n", text)
    return re.sub(r"\n\s*\n+", "\n\n", html.unescape(re.sub(r"<[^>]+>", "", text))).strip()
