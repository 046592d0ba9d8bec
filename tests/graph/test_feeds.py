"""What is new since a cursor, per feed: nothing twice, nothing lost, and what is known of each piece of news."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from graph.discover import feeds
from graph.errors import Forbidden, Unavailable
from graph.feed import Entry, News, Span
from infra.local.company.golden import MORNING, plant
from infra.local.company.model import ChatMessage
from infra.local.graph.state import graph_state
from infra.local.world import Fault, World
from tests.graph.conftest import People

DAYS = Span(MORNING - timedelta(days=3), MORNING)
LATER = Span(MORNING - timedelta(days=3), MORNING + timedelta(minutes=30))


async def news(people: People, name: str, span: Span = DAYS, cursor: object = None, who: str = "Sofia") -> News:
    return await feeds()[name].open(people.of(who)).news(span, cursor)


def titled(found: News, words: str) -> Entry:
    return next(one for one in found.entries if words in one.document.title or words in one.document.text)


@pytest.fixture
def golden(tenant: World) -> World:
    plant(tenant.company)
    return tenant


@pytest.mark.parametrize("name", ["mail", "chats", "channels", "files", "calendar"])
async def test_what_was_told_is_not_told_again(golden: World, people: People, name: str) -> None:
    first = await news(people, name)
    assert first.entries
    assert [one.at for one in first.entries] == sorted(one.at for one in first.entries if one.at)
    again = await news(people, name, DAYS if name == "calendar" else LATER, first.cursor)
    assert again.entries == ()
    assert {entry.document.source for entry in first.entries} == {name}
    assert all(entry.document.link.startswith("https://") for entry in first.entries)


async def test_mail_says_to_whom_and_from_what(golden: World, people: People) -> None:
    found = await news(people, "mail")
    slides = titled(found, "Two slides")
    assert (slides.author, slides.to_me, slides.among, slides.bulk, slides.urgent, slides.inside) == (
        "Maren Okafor", True, 1, False, True, True,
    )  # fmt: skip
    assert titled(found, "Pump World Weekly: special").bulk
    assert not titled(found, "Office move").to_me
    assert not titled(found, "Training agenda").inside
    assert not titled(found, "Tooling invoice").answered


async def test_an_answered_mail_is_known_to_be(golden: World, people: People) -> None:
    asked = next(
        mail for mail in golden.company.mails if mail.subject == "Two slides for the board" and mail.folder == "inbox"
    )
    answer = replace(
        asked, id="AAMkADanswer", folder="sentitems", sender_name="Sofia Almeida", sent=MORNING - timedelta(hours=1),
        sender_address=golden.person("Sofia").mail,
    )  # fmt: skip
    golden.company.mails.append(answer)
    assert titled(await news(people, "mail"), "Two slides").answered


async def test_a_mail_that_is_read_is_no_news_and_a_new_one_is(golden: World, people: People) -> None:
    first = await news(people, "mail")
    mails = [mail for mail in golden.company.mails if mail.subject == "Ohio dealer" and mail.folder == "inbox"]
    mails[0].is_read = True
    new = replace(mails[0], id="AAMkADnew", subject="Ohio again", sent=MORNING + timedelta(minutes=5))
    golden.company.mails.append(new)
    again = await news(people, "mail", LATER, first.cursor)
    assert [entry.document.title for entry in again.entries] == ["Ohio again"]


async def test_a_forgotten_link_begins_anew_where_it_was(golden: World, people: People) -> None:
    first = await news(people, "mail")
    graph_state(golden).deltas.clear()
    again = await news(people, "mail", LATER, first.cursor)
    assert again.entries == ()
    assert again.cursor["link"] != first.cursor["link"]


@pytest.mark.parametrize("name", ["mail", "files"])
async def test_a_link_that_leads_elsewhere_gets_no_token(golden: World, people: People, name: str) -> None:
    first = await news(people, name)
    forged = {**first.cursor, "link": "https://graph.example.attacker/v1.0/me/messages"}
    again = await news(people, name, LATER, forged)
    assert again.entries == ()


async def test_a_talk_says_who_is_meant_and_what_became_of_it(golden: World, people: People) -> None:
    found = await news(people, "chats")
    asked, mine = titled(found, "renderings"), titled(found, "risk list")
    assert (asked.to_me, asked.last, asked.answered, asked.document.title) == (True, True, False, "Marco Bianchi")
    assert asked.document.link.startswith("https://teams.microsoft.com/l/message/19%3A")
    assert mine.mine
    battery = titled(found, "large battery")
    assert (battery.to_me, battery.joined, battery.document.place) == (False, True, "Heron pilot logistics")
    chat = asked.document.thread
    golden.company.messages.append(
        ChatMessage("1795999999999", golden.person("Sofia").id, MORNING, "<p>Yes.</p>", "Yes.", chat_id=chat)
    )
    after = titled(await news(people, "chats"), "renderings")
    assert (after.last, after.answered) == (False, True)


async def test_a_reply_in_an_old_thread_is_news(golden: World, people: People) -> None:
    first = await news(people, "channels")
    root = min(
        (one for one in golden.company.messages if one.channel_id and not one.reply_to), key=lambda one: one.sent
    )
    new = ChatMessage(
        "1795999999998", golden.person("Oskar").id, MORNING + timedelta(minutes=1), "<p>One more thing.</p>", "One more thing.",
        team_id=root.team_id, channel_id=root.channel_id, reply_to=root.id,
    )  # fmt: skip
    golden.company.messages.append(new)
    oskar = await news(people, "channels", LATER, first.cursor, who="Oskar")
    (entry,) = oskar.entries
    assert (entry.document.text, entry.mine, entry.document.thread) == ("One more thing.", True, root.id)
    assert "Pricing" not in {entry.document.place for entry in (await news(people, "channels", who="Hiro")).entries}


async def test_files_are_ones_own_or_shared(golden: World, people: People) -> None:
    found = await news(people, "files")
    outline, costs = titled(found, "Dealer training"), titled(found, "cost review")
    assert (outline.own, outline.shared, outline.mine, outline.author) == (True, False, False, "Aisha Rahman")
    assert (costs.own, costs.shared, costs.mine, costs.author) == (False, True, False, "Ben Carter")
    assert not [one for one in found.entries if "Kassel shift ideas" in one.document.title]
    golden.faults.append(Fault("graph", "POST */search/query", "status", 403, times=9))
    assert {one.document.title for one in (await news(people, "files")).entries if not one.mine} == {
        "Dealer training outline.pptx", "Pilot notes.md",
    }  # fmt: skip


async def test_what_comes_while_it_is_asked_for_is_told_once(golden: World, people: People) -> None:
    """Its time is after the digest's, yet the link counts it as told."""
    mail = next(one for one in golden.company.mails if one.subject == "Ohio dealer" and one.folder == "inbox")
    golden.company.mails.append(replace(mail, id="AAMkADsoon", subject="Soon", sent=MORNING + timedelta(seconds=3)))
    file = next(one for one in golden.company.items if one.name == "Heron cost review.xlsx")
    first, files = await news(people, "mail"), await news(people, "files")
    assert titled(first, "Soon").to_me
    again = await news(people, "mail", LATER, first.cursor)
    # Search learns of it later than it happened.
    file.modified = MORNING - timedelta(minutes=2)
    late = await news(people, "files", LATER, files.cursor)
    assert again.entries == ()
    assert [entry.document.title for entry in late.entries] == ["Heron cost review.xlsx"]
    assert (await news(people, "files", LATER, late.cursor)).entries == ()


async def test_a_moved_meeting_is_told_again(golden: World, people: People) -> None:
    today = Span(MORNING, MORNING + timedelta(days=1))
    first = await news(people, "calendar", today)
    event = next(
        one
        for one in golden.company.events
        if one.subject == "Board pre-read" and one.mailbox == golden.person("Sofia").id
    )
    event.start += timedelta(hours=1)
    event.end += timedelta(hours=1)
    again = await news(people, "calendar", today, first.cursor)
    assert [entry.document.title for entry in again.entries] == ["Board pre-read"]
    assert again.entries[0].busy
    assert again.entries[0].people == ("Maren Okafor", "Sofia Almeida", "Tomas Lindgren")


async def test_failures_come_through(golden: World, people: People) -> None:
    golden.faults.append(Fault("graph", "GET */messages/delta*", "status", 403))
    with pytest.raises(Forbidden):
        await news(people, "mail")
    golden.faults.append(Fault("graph", "GET */me/chats*", "status", 500, times=50))
    with pytest.raises(Unavailable):
        await news(people, "chats")


async def test_an_odd_cursor_counts_as_none(golden: World, people: People) -> None:
    span = Span(datetime(2026, 11, 22, tzinfo=UTC), MORNING)
    odd_ones: tuple[object, ...] = ("x", 7, [], {"link": 3, "until": "then", "since": None, "seen": [1]})
    for odd in odd_ones:
        for name in ("mail", "chats", "channels", "files"):
            assert (await news(people, name, span, odd)).entries, name
