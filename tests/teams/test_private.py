"""Words for one person: seen by nobody else in the shared place, or said in the personal chat; never both, also over a restart."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from bot.context import Reference
from bot.teams.connector import Connector
from bot.teams.errors import Ambiguous, Busy, ConnectorError, MessageGone, NotAllowed, Rejected
from bot.teams.private import PrivateLine
from tests.teams.wires import reference

HERE = replace(reference("https://service.example/"), id="19:g@thread.v2")
THERE = replace(HERE, id="a:personal")
ANSWER = {"type": "message", "text": "Seven.", "conversation": {"id": HERE.id}, "entities": [{"type": "x"}]}


@dataclass
class Wire:
    """A connector that notes what is said, and refuses as told."""

    refuses: Mapping[str, ConnectorError] = field(default_factory=dict[str, ConnectorError])
    """By conversation."""
    said: list[tuple[str, str, bool, dict[str, Any]]] = field(default_factory=list)

    async def send(
        self, service_url: str, conversation_id: str, activity: dict[str, Any], *, targeted: bool = False, **_: Any
    ) -> str:
        if conversation_id in self.refuses:
            raise self.refuses[conversation_id]
        self.said.append(("POST", conversation_id, targeted, activity))
        return f"{service_url}{len(self.said)}"

    async def update(
        self,
        service_url: str,
        conversation_id: str,
        id: str,
        activity: dict[str, Any],
        *,
        targeted: bool = False,
        **_: Any,
    ) -> None:
        del service_url, id
        if conversation_id in self.refuses:
            raise self.refuses[conversation_id]
        self.said.append(("PUT", conversation_id, targeted, activity))


def line(wire: Wire, *, chat: Reference | None = THERE) -> PrivateLine:
    async def personal(here: Reference) -> Reference | None:
        assert here == HERE
        return chat

    return PrivateLine(cast("Connector", wire), HERE, personal, "17")


async def test_only_the_person_sees_it_and_what_it_answers() -> None:
    wire = Wire()
    private = line(wire)
    assert await private.send("x", "y", {"type": "typing"}) == ""
    await private.send("x", "y", ANSWER)
    await private.update("x", "y", "m1", ANSWER)
    assert [entry[:3] for entry in wire.said] == [("POST", HERE.id, True), ("PUT", HERE.id, True)]
    for *_, activity in wire.said:
        assert activity["recipient"]["id"] == HERE.person.channel_id
        assert activity["entities"] == [{"type": "x"}, {"type": "targetedMessageInfo", "messageId": "17"}]
    assert private.where == "here"


@pytest.mark.parametrize("refusal", [NotAllowed("no", status=403), Rejected("no", status=400)], ids=["403", "400"])
async def test_refused_it_goes_on_in_the_personal_chat(refusal: ConnectorError) -> None:
    wire = Wire({HERE.id: refusal})
    private = line(wire)
    await private.send("x", "y", ANSWER)
    await private.update("x", "y", "m1", ANSWER)
    assert [entry[:3] for entry in wire.said] == [("POST", THERE.id, False), ("PUT", THERE.id, False)]
    assert all("recipient" not in activity and activity["conversation"]["id"] == THERE.id for *_, activity in wire.said)
    assert private.where == "personal"


async def test_after_a_restart_the_message_is_found_where_it_was_begun() -> None:
    wire = Wire({HERE.id: MessageGone("not here")})
    await line(wire).update("x", "y", "m1", ANSWER)
    assert [entry[:2] for entry in wire.said] == [("PUT", THERE.id)]
    nowhere = Wire({HERE.id: MessageGone("not here"), THERE.id: MessageGone("nor there")})
    with pytest.raises(MessageGone, match="not here"):
        await line(nowhere).update("x", "y", "m1", ANSWER)


@pytest.mark.parametrize("error", [Ambiguous("perhaps"), Busy("later", seconds=1.0)], ids=["ambiguous", "busy"])
async def test_what_may_have_been_said_or_may_be_said_later_is_not_said_elsewhere(error: ConnectorError) -> None:
    wire = Wire({HERE.id: error})
    with pytest.raises(type(error)):
        await line(wire).send("x", "y", ANSWER)
    assert wire.said == []


async def test_without_a_personal_chat_the_refusal_stands() -> None:
    with pytest.raises(NotAllowed):
        await line(Wire({HERE.id: NotAllowed("no")}), chat=None).send("x", "y", ANSWER)
