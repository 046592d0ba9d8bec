"""Any mailbox and folder as a company in the local tenant: JSON lines and files in, people with mailboxes and a library out.

A mail is a line `{"id", "from", "to", "cc", "date", "subject", "body"}`: addresses as in a mail's header (text or a list),
the date in ISO 8601 or as in a mail's header, the body plain text.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import Any

from graph.documents import Documents
from graph.errors import Unreadable
from infra.local.company import ids
from infra.local.company.mail import WELL_KNOWN
from infra.local.company.model import Company, Drive, Grant, Group, Item, Mail, MailFolder, Person, Site
from infra.local.company.render import MIME
from tests.bench.corpus import Corpus, Question, judgements_in, questions_in

DOMAIN = "corpus.example"
READER = f"reader@{DOMAIN}"
"""Who asks when questions name nobody: everything lies in this person's mailbox."""
WITHOUT_DATE = datetime(2000, 1, 1, tzinfo=UTC)


async def load(mailbox: Path | None, folder: Path | None, questions: Path, judgements: Path) -> Corpus:
    """Raises ValueError for a file that is malformed, with the line."""
    corpus = await asyncio.to_thread(_read, mailbox, questions, judgements)
    if folder is not None:
        await _library(corpus.company, folder)
        corpus.add_files(lambda _, path: path)
    return corpus


def _read(mailbox: Path | None, questions: Path, judgements: Path) -> Corpus:
    asked = [Question(q.id, q.person or READER, q.text) for q in questions_in(questions.read_text("utf-8"))]
    people = {address.casefold(): _person(address) for address in sorted({question.person for question in asked})}
    rows = list(_rows(mailbox)) if mailbox else []
    latest = max((_moment(str(row.get("date", ""))) for row in rows), default=WITHOUT_DATE)
    company = Company(ids.guid("tenant", DOMAIN), "Corpus", DOMAIN, latest, people=list(people.values()))
    company.groups = [Group(ids.guid("group", "all"), "Everybody", f"all@{DOMAIN}", [p.id for p in company.people])]
    corpus = Corpus(mailbox.stem if mailbox else "files", company, asked, judgements_in(judgements.read_text("utf-8")))
    for person in company.people:
        company.mail_folders += [
            MailFolder(ids.folder(f"{person.mail}:{known}"), person.id, name, known)
            for known, name in WELL_KNOWN.items()
        ]
    for row in rows:
        for mail in _mails(row, people):
            company.mails.append(mail)
            corpus.add_mail(mail, str(row["id"]))
    company.mails.sort(key=lambda mail: mail.sent, reverse=True)
    return corpus


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict) or "id" not in row:
                raise ValueError(f"Line {number} of {path.name} is no mail: it has no id.")
            yield row


def _person(address: str) -> Person:
    given, _, surname = address.partition("@")[0].replace(".", " ").title().partition(" ")
    return Person(ids.guid("person", address), ids.teams_user(address), given, surname or "-", address, "", "", None,
                  timezone="UTC")  # fmt: skip


def _mails(row: Mapping[str, Any], people: Mapping[str, Person]) -> Iterator[Mail]:
    """One in the mailbox of everybody it names, or in the default reader's."""
    (sender, *_), to, cc = (
        _addresses(row.get("from")) or [("", "")],
        _addresses(row.get("to")),
        _addresses(row.get("cc")),
    )
    named = [people[address.casefold()] for _, address in [sender, *to, *cc] if address.casefold() in people]
    body, subject = str(row.get("body") or ""), " ".join(str(row.get("subject") or "").split())
    for owner in {person.id: person for person in named or people.values() if named or person.mail == READER}.values():
        name = f"{owner.mail}:{row['id']}"
        yield Mail(
            id=ids.mail(name),
            mailbox=owner.id,
            folder="sentitems" if sender[1].casefold() == owner.mail.casefold() else "inbox",
            internet_message_id=ids.internet_message(str(row["id"]), DOMAIN),
            conversation_id=ids.conversation(f"{owner.mail}:{_bare(subject) or row['id']}"),
            subject=subject,
            sender_name=sender[0] or sender[1],
            sender_address=sender[1],
            to=to,
            cc=cc,
            sent=_moment(str(row.get("date", ""))),
            body_html="",
            body_text=body,
            unique_text=body,
        )


def _bare(subject: str) -> str:
    return subject.rpartition(":")[2].strip().casefold()


def _addresses(value: Any) -> list[tuple[str, str]]:
    texts = value if isinstance(value, list) else [value] if value else []
    return [
        (name or address, address) for name, address in getaddresses([str(text) for text in texts]) if address or name
    ]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return WITHOUT_DATE
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _library(company: Company, folder: Path) -> None:
    """A site whose document library holds the folder, readable by everybody; its index holds what our own reader finds."""
    site_id, drive_id, root_id = ids.site(f"sharepoint.{DOMAIN}", "corpus"), ids.drive("corpus"), ids.item("corpus:")
    url, owner = f"https://sharepoint.{DOMAIN}/sites/corpus", company.people[0].id
    company.sites.append(Site(site_id, "corpus", "Corpus", url, company.groups[0].id))
    company.drives.append(Drive(drive_id, "Documents", "documentLibrary", company.groups[0].id, root_id,
                                f"{url}/Shared%20Documents", site_id))  # fmt: skip
    everybody = [Grant(ids.grant("corpus"), group_id=company.groups[0].id)]
    now = company.today
    company.items.append(Item(root_id, drive_id, "", "root", now, now, owner, owner, True, grants=everybody))
    known = {PurePosixPath(): root_id}
    documents = Documents()
    try:
        paths = await asyncio.to_thread(lambda: sorted(path for path in folder.rglob("*") if path.is_file()))
        for path in paths:
            place = PurePosixPath(path.relative_to(folder).as_posix())
            item = Item(ids.item(f"corpus:{place}"), drive_id, _folder(company, known, place.parent, owner), place.name,
                        now, now, owner, owner, data=await asyncio.to_thread(path.read_bytes))  # fmt: skip
            item.modified = datetime.fromtimestamp((await asyncio.to_thread(path.stat)).st_mtime, UTC)
            item.mime = MIME.get(path.suffix.lstrip(".").casefold(), item.mime)
            item.text = await _text(documents, item)
            company.items.append(item)
    finally:
        await documents.aclose()


async def _text(documents: Documents, item: Item) -> str:
    try:
        return (await documents.read(item.data, item.name)).text
    except Unreadable:
        return ""


def _folder(company: Company, known: dict[PurePosixPath, str], path: PurePosixPath, owner: str) -> str:
    if path == PurePosixPath("."):
        return known[PurePosixPath()]
    if path not in known:
        parent = _folder(company, known, path.parent, owner)
        known[path], now = ids.item(f"corpus:{path}"), company.today
        company.items.append(
            Item(known[path], company.drives[0].id, parent, path.name, now, now, owner, owner, is_folder=True)
        )
    return known[path]
