"""What is approved is exactly what was shown; anything else posts nothing. tests/e2e/test_sharing.py has the whole way."""

from dataclasses import replace

import pytest

from bot.commands.share import APPROVE, COMMAND, PREVIEW, offer
from bot.context import Person, Place
from bot.labels import LabelRules, Rule
from bot.policy.rules import Policy
from bot.services import Turn
from bot.store.answers import Answer
from tests.agent.fakes import says
from tests.commands.desk import PERSONAL, SOFIA, Conversation, Desk

CHANNEL = replace(PERSONAL, id="19:ops@thread.tacv2;messageid=1", place=Place.CHANNEL)


class Room:
    """The desk's conversation, and the channel the answer may be shared to."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.channel = Conversation(CHANNEL, frozenset({SOFIA.id, "hiro"}))
        desk.services = replace(desk.services, open_conversation=self.open)

    async def open(self, id: str, person: Person) -> Conversation | None:
        del person
        return self.channel if id == CHANNEL.id else None

    async def answered(self) -> Answer:
        self.desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
        self.desk.shelf.put("Budget.xlsx", "The budget of Heron is 485,000 EUR.")
        await self.desk.says("What is the budget of Heron?")
        answer = await self.desk.services.answers.latest(PERSONAL.id, SOFIA.id)
        assert answer is not None
        return answer

    async def turn(self) -> Turn:
        async def keep_for_later() -> None:
            pass

        incoming = replace(self.desk.incoming(""), reply_to="card-1")
        return Turn(incoming, self.desk.conversation, self.desk.services, keep_for_later)

    async def approve(self, answer: Answer, agreed: str) -> str:
        data = {"message": answer.message_id, "target": CHANNEL.id, "digest": agreed, "inputs": {}}
        await COMMAND.clicks[APPROVE](await self.turn(), data)
        return self.desk.conversation.updated[-1][1].text


async def approved(room: Room, answer: Answer) -> str:
    """What the preview's button carries."""
    data = {"message": answer.message_id, "target": CHANNEL.id, "inputs": {}}
    await COMMAND.clicks[PREVIEW](await room.turn(), data)
    card = room.desk.conversation.updated[-1][1].card
    assert card is not None
    assert answer.kept.text in str(card)
    sealed = card["content"]["actions"][0]["data"]
    click = room.desk.services.seal.open(sealed, person_id=SOFIA.id, conversation_id=PERSONAL.id)
    return str(click.data["digest"])


async def test_only_what_was_shown_is_posted_and_only_once(desk: Desk) -> None:
    room = Room(desk)
    answer = await room.answered()
    assert "not the one you saw" in await room.approve(answer, "0" * 64)
    assert room.channel.sent == []
    agreed = await approved(room, answer)
    assert "exactly as you saw it" in await room.approve(answer, agreed)
    assert "already shared" in await room.approve(answer, agreed)
    (posted,) = room.channel.sent
    assert posted.text == answer.kept.text
    assert [citation.title for citation in posted.citations] == ["Budget.xlsx"]
    assert "Shared by Sofia Almeida" in posted.notices[0]


@pytest.mark.parametrize("why", ["left", "label", "gone"])
async def test_it_is_checked_again_at_that_moment(desk: Desk, why: str) -> None:
    room = Room(desk)
    answer = await room.answered()
    agreed = await approved(room, answer)
    if why == "left":
        room.channel = Conversation(CHANNEL, frozenset({"hiro"}))
        desk.services = replace(desk.services, open_conversation=room.open)
    if why == "label":
        rules = LabelRules(("secret",), {"secret": Rule(places=("personal",))})
        desk.services = replace(desk.services, policy=Policy(labels=rules))
        await desk.services.answers.save(PERSONAL.id, answer.message_id, replace(answer.kept, label="Secret"))
    if why == "gone":
        await desk.services.answers.delete(PERSONAL.id, answer.message_id)
    told = await room.approve(answer, agreed)
    assert {"left": "no longer in that", "label": "Secret", "gone": "no longer have"}[why] in told
    assert room.channel.sent == []


async def test_the_offer_is_for_its_person_and_typed_words_explain(desk: Desk) -> None:
    room = Room(desk)
    answer = await room.answered()
    card = (await offer(await room.turn(), answer, CHANNEL.id)).card
    assert card is not None
    sealed = card["content"]["actions"][0]["data"]
    assert desk.services.seal.open(sealed, person_id=SOFIA.id, conversation_id=PERSONAL.id).data["target"] == CHANNEL.id
    assert "button to share" in (await desk.says("share")).text
