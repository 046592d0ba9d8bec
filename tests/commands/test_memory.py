"""What do you know about me: all of it, with a button to forget each."""

from dataclasses import replace
from typing import Any

from bot.cards.seal import Click
from bot.commands.memory import COMMAND
from bot.context import Place
from bot.services import Turn
from tests.commands.desk import PERSONAL, Desk

CHANNEL = replace(PERSONAL, id="19:ops@thread.tacv2;messageid=1", place=Place.CHANNEL)


def buttons(card: Any) -> list[Any]:
    rows = [element for element in card["content"]["body"] if element["type"] == "ColumnSet"]
    return [row["columns"][1]["items"][0]["actions"][0] for row in rows]


async def test_nothing_is_known_that_nobody_told(desk: Desk) -> None:
    assert "never remember things about you by myself" in (await desk.says("what do you know about me?")).text


async def test_the_list_has_a_button_each_that_forgets_it(desk: Desk) -> None:
    await desk.says("remember: short answers")
    await desk.says("remember: Heron is my project")
    shown = await desk.says("memory")
    assert shown.card is not None
    assert shown.text == "", "Teams makes two messages of a text with a card"
    assert "1. short answers\n2. Heron is my project" in shown.card["content"]["fallbackText"]
    first = buttons(shown.card)[0]
    where = {"person_id": PERSONAL.person.id, "conversation_id": PERSONAL.id}
    click: Click = desk.services.seal.open(first["data"], **where)

    async def keep_for_later() -> None:
        pass

    turn = Turn(replace(desk.incoming(""), reply_to="m1"), desk.conversation, desk.services, keep_for_later)
    await COMMAND.clicks[click.verb](turn, click.data)
    left = await desk.services.memories.of(f"person:{PERSONAL.person.id}")
    assert [memory.text for memory in left] == ["Heron is my project"]


async def test_a_channels_list_names_who_said_it(desk: Desk) -> None:
    desk.reference = CHANNEL
    await desk.says("remember: stand-up at nine")
    shown = await desk.says("memory")
    assert shown.card is not None
    assert "stand-up at nine (Sofia Almeida)" in str(shown.card["content"]["body"])
    data = buttons(shown.card)[0]["data"]
    assert desk.services.seal.open(data, person_id="somebody else", conversation_id=CHANNEL.id).verb == "memory.forget"


async def test_a_list_too_long_for_a_card_is_a_text(desk: Desk) -> None:
    mine = f"person:{PERSONAL.person.id}"
    for number in range(21):
        await desk.says(f"remember: fact {number}")
    shown = await desk.says("memory")
    assert len(await desk.services.memories.of(mine)) == 21
    assert "21. fact 20" in shown.text
    assert "forget: 2" in shown.text
    assert shown.card is None
