"""Mails as files (.eml, .msg) and calendar files, as text with the lines a reader would look at first."""

import email
import email.policy
import re
from email.message import Message

import olefile

from graph.extract.budget import Budget, Refused
from graph.extract.reasons import BROKEN
from graph.extract.texts import decode, read_html

_HEADERS = ("Subject", "From", "To", "Cc", "Date")
_LOOKS = re.compile(
    r"^(?:from|to|subject|date|received|return-path|message-id|mime-version|delivered-to|x-[\w-]+):\s",
    re.IGNORECASE | re.MULTILINE,
)
_FOLDED = re.compile(r"\r?\n[ \t]")
MAX_PARTS = 500


def looks_like_mail(head: str) -> bool:
    block = head.lstrip().split("\n\n", 1)[0]
    return len({match.group(0).casefold() for match in _LOOKS.finditer(block)}) >= 3


def read_mail(data: bytes, budget: Budget) -> str:
    """Malformed mails are read as far as they go; attachments are named, not opened."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    lines = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    texts, pages, files = _parts(message, budget)
    body = "\n\n".join(texts if any(text.strip() for text in texts) else [read_html(page, budget) for page in pages])
    if not lines and not body.strip():
        raise Refused(BROKEN)
    if files:
        body += "\n\nAttachments:\n" + "\n".join(f"- {name}" for name in files)
    return "\n".join(lines) + "\n\n" + body


def _parts(message: Message, budget: Budget) -> tuple[list[str], list[str], list[str]]:
    """(plain texts, HTML texts, names of attached files)"""
    texts: list[str] = []
    pages: list[str] = []
    files: list[str] = []
    for count, part in enumerate(message.walk()):
        if count > MAX_PARTS or budget.spent():
            budget.truncated = True
            break
        if part.is_multipart():
            continue
        name = _file_name(part)
        if name or part.get_content_maintype() != "text":
            files.append(name or part.get_content_type())
        elif part.get_content_subtype() == "html":
            pages.append(_text(part))
        else:
            texts.append(_text(part))
    return texts, pages, files


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else str(part.get_payload()).encode(errors="replace")
    charset = part.get_content_charset() or ""
    try:
        return raw.decode(charset) if charset else decode(raw)
    except (LookupError, UnicodeDecodeError):
        return decode(raw)


def _header(message: Message, name: str) -> str:
    try:
        value = str(email.header.make_header(email.header.decode_header(str(message.get(name, "")))))
    except (LookupError, ValueError):
        value = str(message.get(name, ""))
    return " ".join(value.split())


def _file_name(part: Message) -> str:
    try:
        return " ".join(str(email.header.make_header(email.header.decode_header(part.get_filename() or ""))).split())
    except (LookupError, ValueError, TypeError):
        return "attachment"


def read_msg(ole: "olefile.OleFileIO[bytes]", budget: Budget) -> str:
    """Outlook's own file form. Source: [MS-OXMSG] 2.4 and [MS-OXPROPS] for the property numbers."""
    lines = [
        f"{name}: {value}"
        for name, tag in (("Subject", "0037"), ("From", "0C1A"), ("To", "0E04"), ("Cc", "0E03"))
        if (value := _property(ole, "", tag))
    ]
    body = _property(ole, "", "1000")
    if not body and ole.exists("__substg1.0_10130102"):
        body = read_html(decode(ole.openstream("__substg1.0_10130102").read()), budget)
    files = [
        name
        for entry in ole.listdir(streams=False, storages=True)
        if len(entry) == 1 and entry[0].startswith("__attach_version1.0_") and not budget.spent()
        if (name := _property(ole, entry[0] + "/", "3707") or _property(ole, entry[0] + "/", "3704"))
    ]
    if files:
        body += "\n\nAttachments:\n" + "\n".join(f"- {name}" for name in files)
    return "\n".join(lines) + "\n\n" + body


def _property(ole: "olefile.OleFileIO[bytes]", folder: str, tag: str) -> str:
    if ole.exists(name := f"{folder}__substg1.0_{tag}001F"):
        return str(ole.openstream(name).read().decode("utf-16-le", errors="replace")).rstrip("\x00")
    if ole.exists(name := f"{folder}__substg1.0_{tag}001E"):
        return decode(ole.openstream(name).read()).rstrip("\x00")
    return ""


_SHOWN = {
    "SUMMARY": "Title",
    "DTSTART": "Start",
    "DTEND": "End",
    "DUE": "Due",
    "DURATION": "Duration",
    "RRULE": "Repeats",
    "LOCATION": "Place",
    "ORGANIZER": "Organizer",
    "ATTENDEE": "Attendee",
    "STATUS": "Status",
    "DESCRIPTION": "Description",
    "COMMENT": "Comment",
    "CATEGORIES": "Categories",
    "URL": "Link",
    "CONFERENCE": "Conference",
    "FREEBUSY": "Busy",
    "RDATE": "Also on",
    "X-WR-CALNAME": "Calendar",
}


def read_calendar(text: str) -> str:
    """RFC 5545, leniently: what a person asks about, one line a property, components set apart. Alarms and time zones are left out."""
    lines: list[str] = []
    skipping = ""
    for line in _FOLDED.sub("", text.lstrip("\ufeff")).replace("\r", "\n").split("\n"):
        name, parameters, value = _property_line(line)
        if skipping:
            skipping = "" if (name, value.upper()) == ("END", skipping) else skipping
        elif name == "BEGIN":
            skipping = value.upper() if value.upper() in {"VTIMEZONE", "VALARM"} else ""
            if value.upper() in {"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"}:
                lines.append("")
        elif name in _SHOWN and value.strip():
            who = re.search(r'CN="?([^";:]+)', parameters, re.IGNORECASE)
            shown = (
                value.replace("\\n", "\n")
                .replace("\\N", "\n")
                .replace("\\,", ",")
                .replace("\\;", ";")
                .replace("\\\\", "\\")
            )
            zone = re.search(r'TZID="?([^";:]+)', parameters, re.IGNORECASE)
            extra = f" ({zone.group(1)})" if zone else ""
            lines.append(f"{_SHOWN[name]}: {who.group(1) + ' ' if who else ''}{shown}{extra}")
    return "\n".join(lines).strip()


def _property_line(line: str) -> tuple[str, str, str]:
    """(NAME, parameters, value); a colon inside a quoted parameter does not end the name."""
    quoted = False
    for index, character in enumerate(line):
        quoted ^= character == '"'
        if character == ":" and not quoted:
            name, _, parameters = line[:index].partition(";")
            return name.strip().upper(), parameters, line[index + 1 :]
    return "", "", ""
