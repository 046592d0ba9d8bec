"""What people send, at the wire: files, pasted pictures, forwarded messages and links, in private and in shared places."""

import base64
import io
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from infra.local import teams_files
from infra.local.entra_state import entra_state
from infra.local.vendors.script import Reply, View
from infra.local.world import Fault, World
from tests.documents.made import docx, paragraph, scan
from tests.e2e.parley import Parley, citing

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def door() -> str:
    return "claude"


def shot(colour: str = "red", size: tuple[int, int] = (2400, 600)) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", size, colour).save(sink, "PNG")
    return sink.getvalue()


def plan(text: str) -> bytes:
    return docx(paragraph(text))


def block_of(world: World, kind: str) -> list[dict[str, Any]]:
    """Blocks of this type in the last request to the model."""
    last = [request for request in world.record if request.wire == "claude"][-1]
    return [block for message in last.body["messages"] for block in message["content"] if block["type"] == kind]


def told(world: World) -> str:
    return json.dumps([request for request in world.record if request.wire == "claude"][-1].body, ensure_ascii=False)


def script(parley: Parley, *replies: Reply | Callable[[View], Reply]) -> None:
    parley.world.state["script"] = list(replies)


async def test_a_file_in_the_personal_chat_is_read_and_cited(parley: Parley) -> None:
    await parley.sign_in("sofia")
    script(parley, citing("The offer ends on 3 March", "3 March 2027"))
    file = teams_files.file(parley.world, "sofia", "Offer Kestrel.docx", plan("The offer is valid until 3 March 2027."))
    since = len(parley.world.record)
    seen = await parley.ask("sofia", "Until when is this valid?", attachments=[file])
    assert "3 March [1]" in seen.text
    assert seen.citations[0]["name"] == "Offer Kestrel.docx"
    own = file["content"]["downloadUrl"]
    (fetched,) = [r for r in parley.received("graph", since=since) if own.endswith(r.path)]
    assert "Authorization" not in fetched.headers


async def test_a_file_whose_link_has_expired_is_fetched_with_the_askers_rights(parley: Parley) -> None:
    await parley.sign_in("sofia")
    script(parley, citing("It is 7", "lucky number"))
    file = teams_files.file(parley.world, "sofia", "Numbers.txt", b"The lucky number is 7.")
    file["content"]["downloadUrl"] += "x"
    seen = await parley.ask("sofia", "Which number?", attachments=[file])
    assert "It is 7 [1]" in seen.text


async def test_a_pasted_picture_reaches_the_model_small_and_bare(parley: Parley) -> None:
    await parley.sign_in("sofia")
    script(parley, Reply(text="It is red."))
    since = len(parley.world.record)
    picture = teams_files.picture(parley.world, shot())
    seen = await parley.ask("sofia", "What colour is this?", attachments=[picture])
    assert "It is red." in seen.text
    (block,) = block_of(parley.world, "image")
    image = Image.open(io.BytesIO(base64.b64decode(block["source"]["data"])))
    assert (image.size, block["source"]["media_type"]) == ((1568, 392), "image/png")
    (fetched,) = [r for r in parley.received("connector", since=since) if "/views/original" in r.path]
    assert fetched.caller == "app"
    # What is remembered names the picture and has none of it.
    script(parley, Reply(text="Red, as I said."))
    await parley.ask("sofia", "And again?")
    assert "(picture)" in told(parley.world)
    assert len(block_of(parley.world, "image")) == 1


async def test_a_follow_up_is_about_what_was_sent_a_moment_ago(parley: Parley) -> None:
    """Nothing of it was kept: it is opened anew, until *new*."""
    await parley.sign_in("sofia")
    world = parley.world
    script(parley, Reply(text="A plan."), citing("It is amber", "colour of the hall"), Reply(text="You're welcome."))
    file = teams_files.file(world, "sofia", "Hall.txt", b"The colour of the hall is amber.")
    await parley.ask("sofia", "Look at this", attachments=[file, teams_files.picture(world, shot())])
    seen = await parley.ask("sofia", "And which colour has the hall?")
    assert "It is amber [1]" in seen.text
    assert seen.citations[0]["name"] == "Hall.txt"
    assert len(block_of(world, "image")) == 1
    assert "a moment ago the person sent 2 thing(s)" in told(world).casefold()
    await parley.ask("sofia", "Thanks!")
    assert not block_of(world, "image")
    await parley.teams.answer_to(await parley.teams.say("sofia", "new"), quiet=0.1)
    script(parley, Reply(text="Which hall?"))
    await parley.ask("sofia", "And which colour has the hall?")
    assert "a moment ago" not in told(world).casefold()


async def test_nothing_but_the_picture(parley: Parley) -> None:
    await parley.sign_in("sofia")
    script(parley, Reply(text="A red bar."))
    seen = await parley.ask("sofia", "", attachments=[teams_files.picture(parley.world, shot())])
    assert "A red bar." in seen.text
    assert "Sum it up" in told(parley.world)


async def test_the_token_goes_to_the_service_only(parley: Parley) -> None:
    await parley.sign_in("sofia")
    other = f"{parley.world.urls.login}/v3/attachments/x/views/original"
    elsewhere = f"{parley.world.urls.http}/v1.0/me"
    for number, url in enumerate((other, elsewhere, "https://evil.trafficmanager.net/v3/attachments/x/views/original")):
        script(parley, Reply(text=f"No picture {number}."))
        since = len(parley.world.record)
        picture = {"contentType": "image/png", "contentUrl": url}
        seen = await parley.ask("sofia", "What is this?", attachments=[picture])
        assert "Not used: the picture" in seen.text
        assert not [r for r in parley.received("entra", "graph", since=since) if r.path.endswith(("/original", "/me"))]
    file = teams_files.file(parley.world, "sofia", "Trap.txt", b"x")
    file["content"]["downloadUrl"] = "http://169.254.169.254/latest/meta-data/"
    file["contentUrl"] = "https://evil.example/Trap.txt"
    script(parley, Reply(text="Nothing."))
    seen = await parley.ask("sofia", "And this?", attachments=[file])
    assert "Not used: Trap.txt" in seen.text


async def test_what_cannot_be_used_is_named_and_the_rest_is_used(parley: Parley) -> None:
    await parley.sign_in("sofia")
    good = teams_files.file(parley.world, "sofia", "Good.txt", b"The gate code is on the door.")
    bad = teams_files.file(parley.world, "sofia", "Broken.docx", b"PK\x03\x04 no archive")
    bomb = teams_files.picture(parley.world, b"\x89PNG\r\n\x1a\n" + b"x" * 50)
    script(parley, citing("On the door", "gate code"))
    seen = await parley.ask("sofia", "Where is the code?", attachments=[bad, good, bomb])
    assert "On the door [1]" in seen.text
    assert "Not used: Broken.docx (the file is broken)." in seen.text
    assert "Not used: the picture (the file is broken)." in seen.text


async def test_a_scan_is_shown_page_by_page(parley: Parley) -> None:
    await parley.sign_in("sofia")
    script(parley, Reply(text="A stamped contract."))
    file = teams_files.file(parley.world, "sofia", "Contract.pdf", scan(5))
    seen = await parley.ask("sofia", "What is this?", attachments=[file])
    assert len(block_of(parley.world, "image")) == 4
    assert "Not used: Contract.pdf (it is a scan; I looked at its first 4 pages only)." in seen.text


async def test_a_forwarded_message_is_evidence(parley: Parley) -> None:
    await parley.sign_in("sofia")
    message = teams_files.forwarded("The audit moved to 9 December.", "Ana Ruiz")
    script(parley, citing("On 9 December", "audit moved"))
    seen = await parley.ask("sofia", "When is the audit?", attachments=[message])
    assert seen.citations[0]["name"] == "Message by Ana Ruiz"


async def test_links_are_opened_with_the_askers_rights(parley: Parley) -> None:
    await parley.sign_in("sofia")
    world = parley.world
    company, sofia = world.company, world.person("sofia")
    own = teams_files.file(world, "sofia", "Linked.txt", b"The linked word is amber.")["contentUrl"]
    others = teams_files.file(world, "marek" if _has(world, "marek") else "tomas", "Private.txt", b"canary")[
        "contentUrl"
    ]
    mail = next(mail for mail in company.mails if mail.mailbox == sofia.id)
    mail_link = f"https://outlook.office365.com/owa/?ItemID={mail.id}&exvsurl=1&viewmodel=ReadMessageItem"
    script(parley, citing("Amber", "linked word"))
    seen = await parley.ask("sofia", f"Compare {own} with {others}, https://www.example.org/page and {mail_link}")
    assert "Amber [1]" in seen.text
    assert "Not used: Private.txt (it is gone" in seen.text
    assert "page (it is a website" in seen.text
    assert "canary" not in told(world)
    assert mail.subject in told(world)
    assert told(world).index("The linked word is amber") < told(world).index(mail.subject)
    looked_for = [str(entry.body) for entry in world.record if entry.wire == "graph" and "search" in entry.path]
    assert not any("sharepoint" in one or "ItemID" in one for one in looked_for)


async def test_a_link_to_an_event_and_to_a_message_are_what_the_question_is_about(parley: Parley) -> None:
    await parley.sign_in("sofia")
    world = parley.world
    sofia = world.person("sofia")
    entra_state(world).consents.pop(sofia.id, None)
    event = next(one for one in world.company.events if one.mailbox == sofia.id)
    chat = next(one for one in world.company.chats if sofia.id in one.members)
    message = next(one for one in world.company.messages if one.chat_id == chat.id and '"' not in one.text)
    links = [
        f"https://outlook.office365.com/owa/?itemid={event.id}&exvsurl=1&path=/calendar/item",
        f"https://teams.microsoft.com/l/message/{quote(chat.id, safe='')}/{message.id}?context=%7B%22contextType%22:%22chat%22%7D",
    ]
    script(parley, Reply(text="Read."))
    await parley.ask("sofia", f"What are {links[0]} and {links[1]} about?")
    assert event.subject in told(world)
    assert message.text[:30] in told(world)


async def test_files_and_pictures_of_a_channel(parley: Parley) -> None:
    await parley.sign_in("sofia")
    world = parley.world
    channel = next(c for c in world.company.channels if c.kind == "standard" and _member(world, "sofia", c))
    said = parley.teams.compose("sofia", "What is in here?", channel.id)
    teams_files.carry(world, said, files={"Minutes.txt": b"We chose the blue pump."}, pictures=[shot("blue")])
    script(parley, citing("The blue pump", "blue pump"))
    await parley.teams.deliver(said)
    seen = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert "The blue pump [1]" in seen.text
    assert len(block_of(world, "image")) == 1
    assert seen.citations[0]["name"] == "Minutes.txt"


async def test_a_picture_in_a_group_chat(parley: Parley) -> None:
    await parley.sign_in("sofia")
    world = parley.world
    chat = next(c for c in world.company.chats if c.kind == "group" and world.person("sofia").id in c.members)
    said = teams_files.carry(world, parley.teams.compose("sofia", "What is this?", chat.id), pictures=[shot()])
    script(parley, Reply(text="A red bar."))
    await parley.teams.deliver(said)
    await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert len(block_of(world, "image")) == 1


async def test_without_permission_for_messages_the_rest_is_answered(parley: Parley) -> None:
    world = parley.world
    channel = next(c for c in world.company.channels if c.kind == "standard" and _member(world, "sofia", c))
    members = [p for p in world.company.people if not p.is_guest and _member(world, p.id, channel)]
    person = next(p for p in members if p.given_name != "Sofia")
    entra_state(world).consents[person.id] = {"User.Read", "Mail.Read", "Files.Read.All", "GroupMember.Read.All"}
    await parley.sign_in(person.id)
    said = parley.teams.compose(person.id, "What does the attached say?", channel.id)
    teams_files.carry(world, said, files={"Notes.txt": b"x"})
    script(parley, Reply(text="I can't see it yet."))
    await parley.teams.deliver(said)
    seen = await parley.teams.answer_to(said, until=lambda message: message.ai_label)
    assert "I can't see it yet." in seen.text
    assert "Not used: what is attached here (I don't have your permission" in seen.text


async def test_a_link_in_a_channel_passes_the_audience_check(parley: Parley) -> None:
    await parley.sign_in("sofia")
    world = parley.world
    channel = next(c for c in world.company.channels if c.kind == "standard" and _member(world, "sofia", c))
    private = teams_files.file(world, "sofia", "Salaries.txt", b"canary-salary")["contentUrl"]
    script(parley, Reply(text="I can't say."))
    seen = await parley.ask("sofia", f"What does {private} say?", channel.id)
    assert "not everybody here may open it" in seen.text
    assert "canary-salary" not in told(world)


async def test_a_link_to_a_folder_brings_its_list_and_its_newest_files(parley: Parley) -> None:
    await parley.sign_in("sofia")
    world = parley.world
    budget = next(item for item in world.company.items if item.name == "Heron budget.xlsx")
    folder = next(item for item in world.company.items if item.id == budget.parent_id and item.is_folder)
    script(parley, citing("24,560 EUR", "24560"))
    seen = await parley.ask("sofia", f"What is left in {teams_files.address(world, folder)} ?")
    assert "24,560 EUR [" in seen.text
    assert f"The folder “{folder.name}” holds:" in told(world)
    assert "Heron budget.xlsx (changed" in told(world)


async def test_a_link_to_a_folder_not_everybody_may_open_stays_closed_in_a_channel(parley: Parley) -> None:
    await parley.sign_in("sofia")
    world = parley.world
    channel = next(c for c in world.company.channels if c.kind == "standard" and _member(world, "sofia", c))
    own = teams_files.file(world, "sofia", "Canary-plan.txt", b"canary-content")["contentUrl"]
    script(parley, Reply(text="I can't say."))
    seen = await parley.ask("sofia", f"What is in {own.rpartition('/')[0]} ?", channel.id)
    assert "not everybody here may open it" in seen.text
    assert "anary" not in told(world)


async def test_a_link_to_a_meeting_brings_what_was_said_there(parley: Parley) -> None:
    await parley.sign_in("sofia")
    world = parley.world
    held = {one.ical_uid for one in world.company.transcripts}
    event = next(e for e in world.company.events if e.mailbox == world.person("sofia").id and e.ical_uid in held)
    spoken = next(one for one in world.company.transcripts if one.ical_uid == event.ical_uid)
    script(parley, Reply(text="Read."))
    await parley.ask("sofia", f"Sum up https://teams.microsoft.com/l/meetup-join/{event.ical_uid}")
    assert spoken.turns[0][2][:30] in told(world)


async def test_trouble_on_the_way_is_named_and_the_log_names_nothing(
    parley: Parley, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await parley.sign_in("sofia")
    parley.world.faults.append(Fault("connector", match="GET *views/original", status=503, times=1))
    script(parley, Reply(text="I see none."))
    picture = teams_files.picture(parley.world, shot())
    file = teams_files.file(parley.world, "sofia", "Zanzibar.docx", b"PK\x03\x04 quagga")
    seen = await parley.ask("sofia", "Which colour?", attachments=[picture, file])
    assert "Not used: the picture (Microsoft could not give it to me just now)." in seen.text
    assert "Not used: Zanzibar.docx" in seen.text
    heard = [record for record in caplog.records if record.name.split(".")[0] != "infra"]
    lines = [f"{record.getMessage()} {record.exc_text or ''}" for record in heard]
    secrets = ("Zanzibar", "quagga", file["content"]["downloadUrl"][-40:], picture["contentUrl"][-40:])
    assert [line[:80] for line in lines for word in secrets if word in line] == []


def _has(world: World, name: str) -> bool:
    return any(person.given_name.casefold() == name for person in world.company.people)


def _member(world: World, name: str, channel: Any) -> bool:
    group = next(t.group_id for t in world.company.teams if t.id == channel.team_id)
    return any(g.id == group and world.person(name).id in g.members for g in world.company.groups)
