"""The right place: what stands around a question is known, with who said it; what nobody asked us is neither kept nor answered."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from infra.local.vendors.script import Reply
from tests.e2e.parley import citing
from tests.e2e.talk import HERON, Talk, talking

pytestmark = pytest.mark.asyncio(loop_scope="module")
ALL_BUT_CHATS = ("User.Read", "Mail.Read", "Files.Read.All", "Sites.Read.All", "Calendars.Read")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Talk]:
    async with talking(tmp_path_factory.mktemp("store")) as running:
        for without in (
            "Oskar",
            "Jonas",
            "Elena",
        ):  # before their first token: one that was given keeps its permissions
            running.consent(without, *ALL_BUT_CHATS)
        await running.parley.sign_in("Sofia", "Hiro", "Jonas", "Oskar", "Elena")
        yield running


async def test_the_thread_is_known_with_its_speakers_and_can_be_cited(talk: Talk) -> None:
    teams, world = talk.parley.teams, talk.parley.world
    root = next(m for m in world.company.messages if m.text.startswith("Telemetry interval is 5 minutes"))
    await teams.say("Hiro", "The radio test is green again.", "Firmware", mention=False, thread=root.id)
    since = talk.now
    world.state["script"] = [citing("Declan has to hear of it", "tell Declan")]
    answer = await talk.parley.ask("Sofia", "Who else has to know about this?", "Firmware", thread=root.id)
    given = talk.asked(since)
    assert "Hiro" in given
    assert "Telemetry interval is 5 minutes from release candidate 1.0 on" in given
    assert "The radio test is green again." in given
    [citation] = answer.citations
    assert citation["name"].startswith("Sofia Almeida, 2026-11-06")
    assert citation["url"].startswith("https://teams.microsoft.com/l/message/")
    since = talk.now
    await talk.answered("Sofia", "And since when?", "Firmware", "Since 6 November.", thread=root.id)
    assert talk.asked(since).count("Who else has to know about this?") == 1, (
        "the transcript has it, so the thread has not"
    )
    elsewhere = talk.now
    await talk.answered("Sofia", HERON, "Firmware", "Five minutes.")
    assert "tell Declan" not in talk.asked(elsewhere), "another thread is another conversation"


async def test_a_chat_gives_its_last_words_but_not_what_a_newcomer_cannot_see(talk: Talk) -> None:
    world = talk.parley.world
    chat = next(c for c in world.company.chats if c.topic == "Heron pilot logistics")
    since = talk.now
    await talk.answered("Sofia", "What do we still need?", chat.id, "A ramp.")
    assert "Braucht ihr die große Rampe?" in talk.asked(since)
    world.state["history_from"] = {(chat.id, world.person("Oskar").id): "2026-11-17T00:00:00Z"}
    since = talk.now
    await talk.answered("Sofia", "And what is packed?", chat.id, "Four pumps.")
    assert "Packed: 4 of 16 pumps" in talk.asked(since)
    assert "Braucht ihr die große Rampe?" not in talk.asked(since)
    del world.state["history_from"]


async def test_a_missing_permission_stops_no_answer_and_the_quote_is_still_known(talk: Talk) -> None:
    world = talk.parley.world
    said = await talk.parley.teams.say("Jonas", "Die Schraube M8 ist es.", "Heron pilot logistics", mention=False)
    world.state["script"] = [Reply(text="An M8.")]
    since = talk.now
    asked = await talk.parley.teams.quote("Oskar", "Which part does this name?", said, "Heron pilot logistics")
    answer = await talk.parley.teams.answer_to(asked, until=lambda message: message.ai_label, timeout=60)
    assert "An M8." in answer.text
    assert "Die Schraube M8 ist es." in talk.asked(since)
    assert world.person("Jonas").name in talk.asked(since)
    assert "could not be read" in talk.asked(since)


async def test_the_missing_permission_is_asked_for_once_in_private_after_the_answer(talk: Talk) -> None:
    teams = talk.parley.teams
    personal = (await teams.say("Elena", "help"))["conversation"]["id"]
    for _ in range(2):
        await talk.answered("Elena", "What do we still need here?", "Heron pilot logistics", "A ramp.")
    shared = next(c.id for c in talk.parley.world.company.chats if c.topic == "Heron pilot logistics")
    await talk.shown(personal, "around your questions")
    cards = [m for m in teams.seen(personal) if m.attachments and "around your questions" in str(m.attachments)]
    assert len(cards) == 1
    assert "signin" in str(cards[0].attachments)
    assert not [m for m in teams.seen(shared) if m.attachments]


async def test_what_nobody_asked_us_is_neither_stored_nor_answered(talk: Talk) -> None:
    teams = talk.parley.teams
    teams.grant("Jonas", "Purchasing")
    rows = talk.count("inbox")
    said = await teams.say("Jonas", "Is anybody there?", "Purchasing", mention=False)
    assert await teams.silence_after(said, 0.2)
    assert talk.count("inbox") == rows
    assert talk.count("heard") == 0
    await teams.say("Jonas", "stop", "Purchasing", mention=False)
    assert talk.count("inbox") == rows


async def test_where_we_follow_talk_is_kept_and_only_questions_to_us_are_answered(talk: Talk) -> None:
    teams, world = talk.parley.teams, talk.parley.world
    teams.grant("Jonas", "Purchasing")
    told = await teams.answer_to(await teams.say("Jonas", "lies hier mit", "Purchasing"), quiet=0.1)
    assert "sei still" in told.text
    first = await talk.answered("Jonas", "What is the hotel limit in London?", "Purchasing", "190 GBP.")
    thread = first.conversation_id.partition("=")[2]
    world.state["script"] = [Reply(text="190 GBP too.")]
    on = await teams.say("Jonas", "And in Bristol?", "Purchasing", mention=False, thread=thread)
    follow_up = await teams.answer_to(on, until=lambda message: message.ai_label, timeout=60)
    assert "190 GBP too." in follow_up.text
    for text in ("Elena, can you check?", "That is a lot of money.", "I will ask Sander."):
        said = await teams.say("Jonas", text, "Purchasing", mention=False, thread=thread)
        assert await teams.silence_after(said, 0.1)
    other = await teams.say("Elena", "Not the Grand, please.", "Purchasing", mention=False, thread=thread)
    asked = await teams.say("Jonas", "Why not?", "Purchasing", mention=False, thread=thread)
    assert await teams.silence_after(asked, 0.3), "this is between Elena and Jonas"
    await talk.heard(5)
    world.state["script"] = [Reply(text="It says what can be said.")]
    order = await teams.say("Jonas", "Parley, help?", "Purchasing", mention=False, thread=thread)
    answer = await teams.answer_to(order, until=lambda message: message.ai_label, timeout=60)
    assert "It says what can be said." in answer.text, "nothing unmentioned is an order"
    await _heard_is_context(talk, thread, other)
    quiet = await teams.say("Jonas", "Nur antworten, wenn ich dich erwähne.", "Purchasing", thread=thread)
    assert "still" in (await teams.answer_to(quiet, quiet=0.1)).text
    assert talk.count("heard") == 0
    silent = await teams.say("Jonas", "And in Leeds?", "Purchasing", mention=False, thread=thread)
    assert await teams.silence_after(silent, 0.2)


async def _heard_is_context(talk: Talk, thread: str, other: dict[str, str]) -> None:
    """Where Graph may not be asked, what we heard is known; edited as it says now, deleted not at all."""
    teams = talk.parley.teams
    await teams.edit("Elena", other, "Not the Royal, please.")
    since = talk.now
    await talk.answered("Jonas", "Which hotel did Elena rule out?", "Purchasing", "The Royal.", thread=thread)
    assert "Not the Royal, please." in talk.asked(since)
    assert "Not the Grand" not in talk.asked(since)
    await teams.delete("Elena", other)
    since = talk.now
    await talk.answered("Jonas", "What did she say?", "Purchasing", "Nothing.", thread=thread)
    assert "Not the Royal" not in talk.asked(since)


async def test_a_meeting_chat_is_a_group_like_any_other(talk: Talk) -> None:
    since = talk.now
    answer = await talk.answered("Sofia", "What is on the agenda?", "Heron weekly", "Three points.")
    assert "Three points." in answer.text
    assert "Agenda: seal, controllers, samples for Hanover." in talk.asked(since)


async def test_a_channel_that_ends_leaves_nothing_behind(talk: Talk) -> None:
    teams, world = talk.parley.teams, talk.parley.world
    await talk.answered("Jonas", "Wie viele Leute hat die Nachtschicht?", "Shift planning", "Sechs.")
    await talk.answered("Jonas", "Wer liefert die Dichtungen?", "Purchasing", "Niemand bisher.")
    like = "SELECT count(*) FROM conversation_references WHERE conversation_id LIKE ?"
    channels = {channel.name: channel for channel in world.company.channels}
    ended, other = f"{channels['Shift planning'].id}%", f"{channels['Purchasing'].id}%"
    assert talk.rows(like, ended) == [(1,)]
    await teams.deliver(teams.event("Jonas", "Shift planning", "channelDeleted"))
    await talk.becomes(0, like, ended)
    assert talk.rows(like, other) != [(0,)]
    await teams.deliver(teams.event("Jonas", channels["Purchasing"].team_id, "teamArchived"))
    await talk.becomes(0, like, other)
