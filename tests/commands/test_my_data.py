"""What is kept about somebody: between them and us, as JSON if they want, and gone when they say so twice."""

import json
import re
from dataclasses import replace

import pytest

from bot.cards.seal import NotOurs
from bot.choice import person
from bot.context import Person, Place
from tests.commands.cards import actions, words
from tests.commands.desk import PERSONAL, SOFIA, Desk

BEN = Person("ben-id", "Ben", "tenant-1", "29:ben")


async def told(desk: Desk) -> None:
    await desk.says("remember: the canary `sings`")
    await desk.says("always use scripted-1")
    await desk.says("language: english")


async def test_it_counts_what_is_there(desk: Desk) -> None:
    await told(desk)
    shown = await desk.says("What have you stored about me?")
    assert "Things you asked me to remember: 1" in words(shown)
    assert "Choices (language, model, …): 2" in words(shown)
    assert "Sign-in: yes: encrypted tokens" in words(shown)
    assert list(actions(shown)) == ["Export", "Delete everything…"]


@pytest.mark.parametrize("said", ["my data: export", "Export my data.", "meine daten exportieren", "/my data export"])
async def test_the_export_is_json_in_a_block_that_nothing_ends_early(desk: Desk, said: str) -> None:
    await told(desk)
    text = (await desk.says(said)).text
    (block,) = re.findall(r"```json\n(.*)\n```", text, re.DOTALL)
    assert "`" not in block
    exported = json.loads(block)
    assert exported["person"] == SOFIA.id
    assert exported["memories"][0]["said"]["text"] == "the canary `sings`"
    assert {row["name"] for row in exported["preferences"]} == {"model", "language"}


async def test_a_long_export_comes_in_parts_that_are_one_document(desk: Desk) -> None:
    for number in range(60):
        await desk.says(f"remember: {number} {'ä😀' * 200}")
    shown = await desk.says("my data")
    first = await desk.presses(actions(shown)["Export"])
    texts = [first.text, *(message.text for message in desk.conversation.sent)]
    assert len(texts) > 1
    assert f"Part 1 of {len(texts)}" in first.text
    blocks = [re.findall(r"```json\n(.*)\n```", text, re.DOTALL)[0] for text in texts]
    assert len(json.loads("".join(blocks))["memories"]) == 60


async def test_deleting_takes_two_steps_and_leaves_nothing(desk: Desk) -> None:
    await told(desk)
    question = await desk.presses(actions(await desk.says("my data"))["Delete everything…"])
    assert "can't be undone" in words(question)
    assert "Nothing was deleted." in words(await desk.presses(actions(question)["Keep it"]))
    assert (await desk.services.personal.counts(SOFIA.id, PERSONAL.id))["memories"] == 1
    question = await desk.says("forget everything about me")
    assert "I have deleted" in words(await desk.presses(actions(question)["Delete everything"]))
    assert not any((await desk.services.personal.counts(SOFIA.id, PERSONAL.id)).values())
    assert await desk.services.preferences.all(person(SOFIA.id)) == {}
    assert SOFIA.id not in desk.sign_in.grants


async def test_only_the_person_may_press_and_only_for_ten_minutes(desk: Desk) -> None:
    button = actions(await desk.says("delete my data"))["Delete everything"]
    with pytest.raises(NotOurs):
        await desk.presses(button, BEN)
    with pytest.raises(NotOurs):
        desk.services.seal.open(button["data"], person_id=SOFIA.id, conversation_id="chat-2")


@pytest.mark.parametrize("said", ["my data", "my data: export", "my data: delete"])
async def test_in_shared_places_nothing_is_shown(desk: Desk, said: str) -> None:
    await told(desk)
    for place in (Place.CHANNEL, Place.GROUP):
        desk.reference = replace(PERSONAL, id="19:x@thread.v2", place=place)
        answer = await desk.says(said)
        assert "ask me in our personal chat" in answer.text
        assert answer.card is None


async def test_who_is_nobody_has_no_data(desk: Desk) -> None:
    desk.reference = replace(PERSONAL, person=Person("", "Guest", "tenant-1", "29:guest"))
    assert "guest without an account" in (await desk.says("my data: delete")).text
