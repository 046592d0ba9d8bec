"""What we write stands before the local Teams, with the limits Microsoft documents: nothing refused, nothing cut, nothing ignored."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.context import Citation, Outgoing, Person, Place
from bot.teams.card_gate import ADAPTIVE
from bot.teams.messages import activities, size, splits, streamed, typing
from infra.local import payload
from infra.local.connector_state import connector_state, conversation, personal_chat
from infra.local.world import World
from tests.local.driven import CHANNEL, GROUP_CHAT, Bot, bot, with_places
from tests.teams.wires import reference

PLAN = Citation(
    1,
    "Plan \U0001f468\u200d\U0001f469\u200d\U0001f467 " * 20,
    "https://contoso.sharepoint.com/x",
    "first lines " * 40,
    "word",
    "Confidential",
)
MAIL = Citation(2, "https://evil.com/\u202eRe: Plan", "https://outlook.office.com/mail/1", "", "mail")
CARD = {
    "contentType": ADAPTIVE,
    "content": {"type": "AdaptiveCard", "version": "1.5", "fallbackText": "Sources", "body": [{"type": "TextBlock", "text": "Plan"}]},
}  # fmt: skip
ANSWER = Outgoing(
    "It is **so** [1][2].\n\n| a | b |\n|---|---|\n| 1 | <b>2</b> |\n\n<at>Eve</at> https://evil.com/",
    (PLAN, MAIL),
    "claude-x",
    ai=True,
    notices=("Chats were not searched.",),
    label="Confidential",
    suggestions=("What about 2028?", "Who wrote it?", "And the mail?", "One more?"),
)


@pytest.fixture
async def caller(tenant: World) -> AsyncIterator[Bot]:
    async with bot(with_places(tenant)) as running:
        running.world.state["rates_off"] = True
        yield running


@pytest.mark.parametrize("place", Place)
async def test_every_kind_of_message_is_taken_as_it_is(caller: Bot, place: Place) -> None:
    world = caller.world
    ana = world.company.people[0]
    personal = personal_chat(world, ana)
    id = {Place.PERSONAL: personal, Place.GROUP: GROUP_CHAT, Place.CHANNEL: CHANNEL}[place]
    where = replace(reference(world.urls.service_url, place), id=id, person=Person(ana.id, ana.name, "t", ana.teams_id))
    people = tuple(Person(one.id, one.name, "t", one.teams_id) for one in world.company.people[:2])
    long = replace(ANSWER, text=f"{ANSWER.text}\n\n" + "漢字 \u05e9\u05dc\u05d5\u05dd \U0001f600 [1]\n\n" * 6000)
    for message in (
        Outgoing("Hello *you*"),
        Outgoing("<at>Someone</at>, done", mentions=people),
        ANSWER,
        replace(ANSWER, mentions=people),
        Outgoing("", card=CARD),
        long,
    ):
        for activity in activities(message, where):
            status, body, _ = await caller.send(id, activity)
            assert (status, bool(body["id"])) == (201, True)
            assert (await caller.put(id, body["id"], activity))[0] == 200
    assert (await caller.send(id, typing(where)))[0] == 202
    assert connector_state(world).violations == []


async def test_a_stream_is_taken_as_it_is(caller: Bot) -> None:
    person = caller.world.company.people[0]
    chat = personal_chat(caller.world, person)
    where = replace(
        reference(caller.world.urls.service_url), id=chat, person=Person(person.id, person.name, "t", person.teams_id)
    )
    first = streamed("Reading <at>x</at> https://evil.com/", where, {"streamType": "informative", "streamSequence": 1})
    status, body, _ = await caller.send(chat, first)
    assert status == 201
    step = {"streamId": body["id"], "streamType": "streaming", "streamSequence": 2}
    assert (await caller.send(chat, streamed("It is", where, step)))[0] == 202
    (last,) = activities(replace(ANSWER, card=CARD), where)
    info: dict[str, Any] = {"type": "streaminfo", "streamId": body["id"], "streamType": "final"}
    assert (await caller.send(chat, {**last, "entities": [info, *last["entities"]]}))[0] == 202
    found = conversation(caller.world, chat)
    assert found is not None
    assert found.messages[0].text.startswith("It is **so**")
    assert connector_state(caller.world).violations == []


async def test_too_much_is_refused_as_teams_does(caller: Bot) -> None:
    chat = personal_chat(caller.world, caller.world.company.people[0])
    text = "x" * (payload.MAX_BYTES // 2)
    status, error, _ = await caller.send(chat, {"type": "message", "text": text})
    assert (status, error["error"]["code"]) == (413, "MessageSizeTooBig")
    whole = activities(Outgoing(text), reference(caller.world.urls.service_url))
    assert len(whole) == 2
    assert all(size(part) == payload.size(part) < 80_000 for part in whole)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"suggestedActions": {"actions": [{"title": "a", "value": "a"}] * 4}}, "only three suggested actions are shown"),
        ({"suggestedActions": {"actions": [{"title": "a"}]}}, "a suggested action has no title or no value"),
        ({"suggestedActions": {"actions": [{"title": "a", "value": "a"}]}, "attachments": [CARD]},
         "suggested actions are not shown beside attachments"),
        ({"text": "<b>x</b>"}, "HTML in Markdown is shown as it is, or not at all"),
        ({"text": "<at>Ana</at>"}, "the text mentions somebody no entity names"),
        ({"entities": [{"type": "mention", "text": "<at>Ana</at>", "mentioned": {"id": "1"}}]},
         "a mention's text does not occur in the message, so it is ignored"),
        ({"channelData": {"feedbackLoop": {"type": "mine"}}}, "feedbackLoop's type is neither default nor custom"),
        ({"attachments": [{"contentType": ADAPTIVE, "content": {"version": "1.6", "fallbackText": "x"}}]},
         "Teams draws Adaptive Cards up to version 1.5"),
        ({"attachments": [{"contentType": ADAPTIVE, "content": {}}]}, "a card has no fallbackText"),
    ],
)  # fmt: skip
def test_the_local_teams_complains_of_what_teams_does_not_show(wrong: dict[str, Any], complaint: str) -> None:
    assert payload.complaints({"type": "message", "text": "x", **wrong}) == [complaint]


def test_text_beside_a_card_is_known_to_split() -> None:
    where = reference("https://smba.trafficmanager.net/emea/")
    assert [splits(activities(m, where)[0]) for m in (ANSWER, Outgoing("", card=CARD), Outgoing("x", card=CARD))] == [
        False,
        False,
        True,
    ]
