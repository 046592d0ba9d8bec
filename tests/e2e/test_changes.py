"""Edited, deleted, restored, reacted to, asked in private: each does what people expect, once, and in its place."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from infra.local.vendors.script import Reply
from tests.e2e.talk import HERON, Talk, talking

pytestmark = pytest.mark.asyncio(loop_scope="module")
PRICE = "What is the US list price of Heron?"
EDITED = "The question was edited"
DELETED = "The question was deleted, so I removed my answer."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Talk]:
    async with talking(tmp_path_factory.mktemp("store")) as running:
        await running.parley.sign_in("Sofia", "Hiro", "Dana")
        yield running


async def test_an_edited_question_is_answered_anew_once_and_the_old_answer_says_so(talk: Talk) -> None:
    teams, world = talk.parley.teams, talk.parley.world
    world.state["script"] = [Reply(text="Every five minutes.")]
    said = await teams.say("Hiro", HERON, "General")
    old = await teams.answer_to(said, until=lambda message: message.ai_label)
    world.state["script"] = [Reply(text="It is 36 hours.")]
    edit = await teams.edit("Hiro", said, "How long does the battery of the HRN-200 last?")
    await teams.deliver(edit, times=3)
    new = await talk.shown(said["conversation"]["id"], "36 hours")
    marked = await talk.shown(said["conversation"]["id"], EDITED)
    assert marked.id == old.id
    assert "> Every five minutes." in marked.text
    assert marked.ai_label
    assert new.id != old.id
    since = talk.now
    await teams.edit("Hiro", said, "How long does the battery of the HRN-200 last?")  # a link's preview was added
    world.state["script"] = [Reply(text="RAL 5018.")]
    await teams.edit("Hiro", said, "Which colour does the housing have?")
    await talk.shown(said["conversation"]["id"], "RAL 5018")
    assert "Every five minutes." not in talk.asked(since), (
        "what was asked before the edit is no part of the conversation"
    )
    texts = [message.text for message in teams.seen(said["conversation"]["id"])]
    assert len(texts) == 3
    assert [EDITED in text for text in texts] == [True, True, False]


async def test_a_mention_that_is_added_later_makes_it_a_question(talk: Talk) -> None:
    teams = talk.parley.teams
    said = await teams.say("Hiro", HERON, "Firmware", mention=False)
    assert await teams.silence_after(said, 0.1)
    talk.parley.world.state["script"] = [Reply(text="Every five minutes.")]
    await teams.edit("Hiro", said, HERON, mention=True)
    await talk.shown(said["conversation"]["id"], "Every five minutes.")


async def test_a_deleted_question_takes_its_answer_with_it_and_comes_back(talk: Talk) -> None:
    teams, world = talk.parley.teams, talk.parley.world
    world.state["script"] = [Reply(text="Zanzibar, of all places.")]
    said = await teams.say("Hiro", "Where does the zanzibar pump go?", "General")
    answer = await teams.answer_to(said, until=lambda message: message.ai_label)
    thread = said["conversation"]["id"]
    await teams.deliver(await teams.delete("Hiro", said), times=2)
    gone = await talk.shown(thread, DELETED)
    assert gone.id == answer.id
    assert not gone.ai_label
    where = "SELECT count(*) FROM {} WHERE conversation_id = ?"
    for table in ("answers", "transcripts"):
        await talk.becomes(0, where.format(table), thread)
    since = talk.now
    await talk.answered("Hiro", "What was asked here?", "General", "Nothing.", thread=thread.partition("=")[2])
    assert "anzibar" not in talk.asked(since)
    world.state["script"] = [Reply(text="To Zanzibar again.")]
    await teams.undelete("Hiro", said)
    await talk.shown(thread, "To Zanzibar again.")


async def test_deleted_in_the_personal_chat_and_never_answered(talk: Talk) -> None:
    teams = talk.parley.teams
    world = talk.parley.world
    world.state["script"] = [Reply(text="The quagga is extinct.")]
    said = await teams.say("Sofia", "What about the quagga?")
    answer = await teams.answer_to(said, until=lambda message: message.ai_label)
    await teams.delete("Sofia", said)
    assert (await talk.shown(said["conversation"]["id"], DELETED)).id == answer.id
    help_ = await teams.say("Sofia", "help")
    shown = await teams.answer_to(help_, quiet=0.1)
    await teams.delete("Sofia", help_)
    await teams.edit("Sofia", help_, "new")
    since = talk.now
    await talk.answered("Sofia", "Which animal did we talk about?", "personal", "None.")
    assert "quagga" not in talk.asked(since)
    assert shown.text in [message.text for message in teams.seen(said["conversation"]["id"])]


async def test_an_edit_while_the_answer_is_written_waits_for_its_end(talk: Talk) -> None:
    teams, world = talk.parley.teams, talk.parley.world
    world.state["script"] = [Reply(text="Slowly: every five minutes.", delay=0.05), Reply(text="Now: 36 hours.")]
    said = await teams.say("Hiro", HERON, "General")
    await teams.edit("Hiro", said, "How long does the battery last?")
    await talk.shown(said["conversation"]["id"], "Now: 36 hours.")
    texts = [message.text for message in teams.seen(said["conversation"]["id"])]
    assert len(texts) == 2
    assert EDITED in texts[0]
    assert "Slowly: every five minutes." in texts[0]


async def test_all_parts_of_a_long_answer_go_with_its_question(talk: Talk) -> None:
    teams, world = talk.parley.teams, talk.parley.world
    world.state["script"] = [Reply(text="\n\n".join(f"Paragraph {n}: {'word ' * 100}" for n in range(120)), chunk=4000)]
    said = await teams.say("Hiro", "Tell me everything about pumps.", "General")
    thread = said["conversation"]["id"]
    await talk.becomes(1, "SELECT count(*) FROM answers WHERE conversation_id = ?", thread)
    assert len(teams.seen(thread)) > 1
    await teams.delete("Hiro", said)
    await talk.becomes(0, "SELECT count(*) FROM answers WHERE conversation_id = ?", thread)
    assert [DELETED in message.text for message in teams.seen(thread)] == [True]


async def test_a_reaction_is_feedback_and_taken_back(talk: Talk) -> None:
    teams = talk.parley.teams
    answer = await talk.answered("Hiro", HERON, "General", "Every five minutes.")
    rows = "SELECT liked FROM feedback WHERE message_id = ? AND kind = 'reaction'"
    count = "SELECT count(*) FROM feedback WHERE message_id = ? AND kind = 'reaction'"
    await teams.react("Dana", answer, "heart")
    await talk.becomes(1, count, answer.id)
    assert talk.rows(rows, answer.id) == [(1,)]
    await teams.react("Dana", answer, "angry")
    await talk.becomes(0, f"{count} AND liked = 1", answer.id)
    await teams.react("Dana", answer, "heart", removed=True)
    await teams.react("Sofia", answer, "1f440_eyes")
    await talk.becomes(2, count, answer.id)
    await teams.react("Dana", answer, "angry", removed=True)
    await talk.becomes(1, count, answer.id)


async def test_a_private_question_is_answered_for_one_pair_of_eyes(talk: Talk) -> None:
    teams, world = talk.parley.teams, talk.parley.world
    since = talk.now
    world.state["script"] = [Reply(text="2,240 USD, between us.")]
    said = await teams.say_privately("Dana", PRICE, "General")
    answer = await teams.answer_to(said, until=lambda message: message.ai_label, timeout=60)
    assert answer.only_for == world.person("Dana").id
    assert {"type": "targetedMessageInfo", "messageId": said["id"]} in answer.entities
    writes = [r for r in talk.parley.received("connector", since=since) if r.method in {"POST", "PUT"}]
    assert writes
    assert all("isTargetedActivity=true" in r.query for r in writes), "not even the dots are seen by others"
    assert "2,240" in talk.asked(since), "the audience is the asker alone"
    since = talk.now
    thread = said["conversation"]["id"].partition("=")[2]
    await talk.answered("Hiro", "What was asked here?", "General", "I do not know.", thread=thread)
    assert "between us" not in talk.asked(since)
    assert PRICE not in talk.asked(since)
    since = talk.now
    world.state["script"] = [Reply(text="1,690 EUR, still between us.")]
    await teams.edit("Dana", said, "What is the floor price in Europe?")
    again = await talk.shown(said["conversation"]["id"], "still between us")
    assert again.only_for == world.person("Dana").id
    writes = [r for r in talk.parley.received("connector", since=since) if r.method in {"POST", "PUT"}]
    assert all("isTargetedActivity=true" in r.query for r in writes), "also when Teams does not say it of the edit"


async def test_where_private_messages_are_refused_the_personal_chat_takes_over(talk: Talk) -> None:
    teams, world = talk.parley.teams, talk.parley.world
    world.state["targeted_off"] = True
    world.state["script"] = [Reply(text="2,240 USD, over here.")]
    said = await teams.say_privately("Dana", PRICE, "General")
    personal = (await teams.say("Dana", "help"))["conversation"]["id"]
    answer = await talk.shown(personal, "2,240 USD, over here.")
    assert answer.ai_label
    assert [message for message in teams.seen(personal) if "over here" in message.text] == [answer]
    assert teams.seen(said["conversation"]["id"]) == []
    del world.state["targeted_off"]


async def test_a_mention_alone_gets_a_short_helpful_answer(talk: Talk) -> None:
    teams = talk.parley.teams
    answer = await teams.answer_to(await teams.say("Hiro", "", "General"), quiet=0.1)
    assert "*help*" in answer.text or "help" in answer.text
    assert len(answer.text) < 300
