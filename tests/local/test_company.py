"""The company hangs together: counts, ids, mailboxes, questions with their sources, and the same bytes every time."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from infra.local.company.access import Access, channel_members, members_of
from infra.local.company.model import Attachment, Company, ExampleQuestion, Item, Mail
from infra.local.company.people import person_id
from infra.local.company.questions import CANARIES, DEMO_QUESTIONS
from infra.local.company.seed import company

_FINGERPRINT = """
import hashlib
from infra.local.company.seed import company
print(hashlib.sha256(repr(company()).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def tidewell() -> Company:
    return company()


def test_it_is_big_enough_to_be_believed(tidewell: Company) -> None:
    staff = [person for person in tidewell.people if not person.is_guest]
    files = [item for item in tidewell.items if not item.is_folder]
    endings = {item.name.rpartition(".")[2] for item in files}
    assert len(staff) >= 10
    assert len({person.department for person in staff}) >= 3
    assert len({person.timezone for person in staff}) >= 4
    assert len({mail.internet_message_id for mail in tidewell.mails}) >= 200
    assert len(files) >= 60
    assert endings >= {"docx", "xlsx", "pptx", "pdf", "md", "html", "txt", "csv"}
    assert len(tidewell.teams) == 2
    assert Counter(channel.kind for channel in tidewell.channels) == {"standard": 4, "private": 2}
    assert {chat.kind for chat in tidewell.chats} == {"oneOnOne", "group", "meeting"}
    assert len(tidewell.questions) >= 30
    assert sum(question.place != "personal" for question in tidewell.questions) >= 4
    assert [person.given_name for person in tidewell.people if person.is_guest] == ["Marco"]


def test_ids_are_unique_and_shaped_like_microsofts(tidewell: Company) -> None:
    lists = (
        tidewell.people, tidewell.groups, tidewell.sites, tidewell.drives, tidewell.items, tidewell.mails,
        tidewell.mail_folders, tidewell.events, tidewell.channels, tidewell.chats, tidewell.messages,
    )  # fmt: skip
    for entries in lists:
        assert len({entry.id for entry in entries}) == len(entries)
    assert all(re.fullmatch(r"AAMkAG[\w-]{145}=", mail.id) for mail in tidewell.mails)
    assert all(re.fullmatch(r"01[A-Z2-7]{32}", item.id) for item in tidewell.items)
    assert all(re.fullmatch(r"b![\w-]{64}", drive.id) for drive in tidewell.drives)
    assert all(re.fullmatch(r"19:[0-9a-f]{32}@thread\.tacv2", channel.id) for channel in tidewell.channels)
    assert all(re.fullmatch(r"17\d{11}", message.id) for message in tidewell.messages)


def test_nothing_happens_after_today(tidewell: Company) -> None:
    assert tidewell.today.isoformat() == "2026-11-20T09:00:00+01:00"
    assert max(mail.sent for mail in tidewell.mails) < tidewell.today
    assert max(message.sent for message in tidewell.messages) < tidewell.today
    assert max(item.modified for item in tidewell.items) < tidewell.today
    assert all(item.created <= item.modified for item in tidewell.items)


def test_references_lead_somewhere(tidewell: Company) -> None:
    people = {person.id for person in tidewell.people}
    items = {item.id for item in tidewell.items}
    drives = {drive.id for drive in tidewell.drives}
    folders = {(folder.mailbox, name) for folder in tidewell.mail_folders for name in (folder.id, folder.well_known)}
    assert all(item.parent_id in items for item in tidewell.items if item.parent_id)
    assert {item.drive_id for item in tidewell.items} == drives
    assert all(channel.drive_id in drives and channel.folder_id in items for channel in tidewell.channels)
    assert all((mail.mailbox, mail.folder) in folders for mail in tidewell.mails)
    assert {message.author_id for message in tidewell.messages} <= people
    roots = {message.id for message in tidewell.messages if not message.reply_to}
    assert all(message.reply_to in roots for message in tidewell.messages if message.reply_to)
    chats = {chat.id: chat for chat in tidewell.chats}
    for message in tidewell.messages:
        where = chats.get(message.chat_id) or next(c for c in tidewell.channels if c.id == message.channel_id)
        assert message.author_id in members_of(tidewell, where)


def test_a_mail_lies_with_its_sender_and_every_reader(tidewell: Company) -> None:
    copies = [mail for mail in tidewell.mails if mail.unique_text.startswith("Approved: the Heron budget")]
    where = {mail.mailbox: mail.folder for mail in copies}
    assert set(where) == {person_id(key) for key in ("tomas", "sofia", "priya", "ben")}
    assert where[person_id("tomas")] == "sentitems"
    assert len({mail.id for mail in copies}) == 4
    assert len({mail.internet_message_id for mail in copies}) == 1


def test_answers_quote_what_they_answer_but_keep_their_own_words_apart(tidewell: Company) -> None:
    mail = next(mail for mail in tidewell.mails if mail.unique_text.startswith("Approved: the Heron budget"))
    assert "460,000" in mail.unique_text
    assert "410,000 EUR is tight" in mail.body_text
    assert "410,000 EUR is tight" not in mail.unique_text
    assert 'id="divRplyFwdMsg"' in mail.body_html
    assert any("Gesendet:" in other.body_text for other in tidewell.mails)


def test_no_internal_mail_is_quoted_to_somebody_outside(tidewell: Company) -> None:
    ours = {mail.internet_message_id: mail for mail in tidewell.mails}.values()
    internal = [mail for mail in ours if len(mail.unique_text) > 40 and all(map(_inside, _people_of(mail)))]
    outgoing = [mail for mail in ours if not all(map(_inside, _people_of(mail)))]
    assert len(internal) > 40
    assert len(outgoing) > 40
    for mail in outgoing:
        assert not [other.subject for other in internal if other.unique_text in mail.body_text], mail.subject


def _people_of(mail: Mail) -> list[str]:
    return [mail.sender_address, *(address for _, address in [*mail.to, *mail.cc])]


def _inside(address: str) -> bool:
    return address.endswith("@tidewell.example")


def test_mailboxes_look_lived_in(tidewell: Company) -> None:
    assert {mail.importance for mail in tidewell.mails} == {"low", "normal", "high"}
    assert {"inbox", "sentitems", "archive", "drafts", "deleteditems"} < {mail.folder for mail in tidewell.mails}
    assert sum(not mail.is_read for mail in tidewell.mails) > 20
    assert sum(bool(mail.attachments) for mail in tidewell.mails) > 20
    assert any(file.is_inline and f"cid:{file.content_id}" in mail.body_html for mail, file in _attached(tidewell))
    hostile = [mail for mail in tidewell.mails if "gnore previous instructions" in mail.body_html]
    assert len({mail.subject for mail in hostile}) >= 2
    assert {event.show_as for event in tidewell.events} == {"free", "tentative", "busy", "oof", "workingElsewhere"}
    assert any(event.weekly_until for event in tidewell.events)
    assert any(event.is_cancelled for event in tidewell.events)


def _attached(tidewell: Company) -> list[tuple[Mail, Attachment]]:
    return [(mail, file) for mail in tidewell.mails for file in mail.attachments]


def test_the_demo_asks_four_questions_of_one_person() -> None:
    assert len(DEMO_QUESTIONS) == 4
    assert {question.person_id for question in DEMO_QUESTIONS} == {person_id("sofia")}
    assert [len(question.sources) for question in DEMO_QUESTIONS] == [1, 1, 1, 0]


@pytest.mark.parametrize("question", company().questions, ids=lambda question: question.text)
def test_every_question_has_its_answer_where_the_asker_can_read_it(
    tidewell: Company, question: ExampleQuestion
) -> None:
    assert bool(question.expect) == bool(question.sources)
    everyone = _audience(tidewell, question)
    if question.place != "personal":
        assert question.person_id in everyone
    for title in question.sources:
        texts = _texts(tidewell, question.person_id, title, everyone)
        assert texts, f"{title} does not exist for the asker"
        assert any(all(word in text for word in question.expect) for text in texts), title


def _audience(tidewell: Company, question: ExampleQuestion) -> frozenset[str]:
    return _members(tidewell, question.place_id) if question.place_id else frozenset({question.person_id})


def _texts(tidewell: Company, person: str, title: str, everyone: frozenset[str]) -> list[str]:
    access = Access(tidewell)
    files = [item.text for item in tidewell.items if item.name == title and everyone <= access.readers(item)]
    if len(everyone) > 1:
        return files  # mail is never shared with a channel or chat
    own = [mail for mail in tidewell.mails if mail.mailbox == person]
    mails = [_indexed(mail) for mail in own if mail.subject == title]
    return [*files, *mails, *(file.text for mail in own for file in mail.attachments if file.name == title)]


def _indexed(mail: Mail) -> str:
    return "\n".join((mail.subject, mail.unique_text, *(file.text for file in mail.attachments)))


def test_secrets_stand_only_where_those_who_may_know_them_read(tidewell: Company) -> None:
    access = Access(tidewell)
    for word, names in CANARIES.items():
        allowed = {person_id(name) for name in names}
        knowing = set[str]()
        for item in tidewell.items:
            if word in f"{item.name} {item.text}":
                knowing |= access.readers(item)
        knowing |= {
            mail.mailbox for mail in tidewell.mails if word in f"{mail.subject}{mail.body_text}{_indexed(mail)}"
        }
        for message in tidewell.messages:
            if word in message.text:
                knowing |= _members(tidewell, message.chat_id or message.channel_id)
        knowing |= {event.mailbox for event in tidewell.events if word in event.subject + event.body_html}
        assert knowing == allowed, word


def _members(tidewell: Company, place_id: str) -> frozenset[str]:
    chat = next((chat for chat in tidewell.chats if chat.id == place_id), None)
    return members_of(tidewell, chat or next(channel for channel in tidewell.channels if channel.id == place_id))


def test_the_guest_sees_the_team_and_nothing_else(tidewell: Company) -> None:
    access = Access(tidewell)
    marco = person_id("marco")
    seen = [item for item in tidewell.items if access.can_read(marco, item)]
    heron = next(drive for drive in tidewell.drives if drive.name == "Documents" and _named(tidewell, drive.site_id))
    assert {item.drive_id for item in seen} == {heron.id}
    assert "HRN-200 specification.docx" in {item.name for item in seen}
    assert not [mail for mail in tidewell.mails if mail.mailbox == marco]
    assert {c.name for c in tidewell.channels if marco in channel_members(tidewell, c)} == {"General", "Firmware"}


def _named(tidewell: Company, site_id: str) -> bool:
    return any(site.id == site_id and site.display_name == "Heron" for site in tidewell.sites)


@pytest.mark.parametrize(
    ("name", "readers"),
    [
        ("Salaries 2026.xlsx", "katrin liam maren"),
        ("Salary review 2027.docx", "katrin liam maren"),
        ("Board paper Moorland.docx", "maren tomas"),
        ("Q3 report.docx", "tomas ben maren"),
        ("Drawing list Brenta.xlsx", "elena sofia oskar priya marco"),
        ("US price memo.docx", "sofia priya dana"),
        ("Pilot notes.md", "sofia"),
        ("Pilot shipping plan.xlsx", "sofia elena oskar jonas"),
    ],
)
def test_permissions_are_what_the_story_says(tidewell: Company, name: str, readers: str) -> None:
    item = _file(tidewell, name)
    assert Access(tidewell).readers(item) == {person_id(key) for key in readers.split()}


def test_a_link_for_the_organisation_opens_for_staff_only(tidewell: Company) -> None:
    staff = {person.id for person in tidewell.people if not person.is_guest}
    assert Access(tidewell).readers(_file(tidewell, "Dealer training outline.pptx")) == staff


def _file(tidewell: Company, name: str) -> Item:
    return next(item for item in tidewell.items if item.name == name)


def test_a_caller_may_change_what_it_got() -> None:
    first = company()
    first.mails.clear()
    first.items[0].grants.clear()
    first.people[0].given_name = "Nobody"
    assert company().mails
    assert company().items[0].grants
    assert company().people[0].given_name == "Maren"


def test_two_processes_build_the_same_bytes() -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _FINGERPRINT]
    first, second = (
        subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout for _ in range(2)
    )
    assert first == second
    assert len(first.strip()) == 64
