"""All activities Microsoft wrote down get the documented answer, and what we send is as Microsoft's Swagger describes it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.context import Citation, Outgoing, Place
from bot.teams.messages import activities, streamed, typing
from infra.local.swagger import faults
from tests.teams.wires import BOT, TENANT, USER, Bench, reference

FOLDER = Path(__file__).parent.parent / "data" / "teams_activities"
LINES = [
    json.loads(line)["activity"] for line in (FOLDER / "activities.jsonl").read_text(encoding="utf-8").splitlines()
]
ADMITTED = {"message", "messageReaction", "installationUpdate", "conversationUpdate"}


def delivered(activity: dict[str, Any], service_url: str) -> dict[str, Any]:
    """The example as our bot would receive it: its own content in the envelope every delivery has."""
    conversation = {"id": "a:1", **(activity.get("conversation") or {}), "tenantId": TENANT}
    sender = activity.get("from")
    return {
        "id": "f:1",
        **activity,
        "channelId": "msteams",
        "serviceUrl": service_url,
        "conversation": conversation,
        "from": {"id": USER, **(sender if isinstance(sender, dict) else {})},
        "recipient": {"id": BOT, **(activity.get("recipient") or {})},
        "channelData": {**(activity.get("channelData") or {}), "tenant": {"id": TENANT}},
    }


def test_there_are_32() -> None:
    assert len(LINES) == 32


@pytest.mark.parametrize("number", range(len(LINES)))
async def test_each_gets_its_documented_answer(endpoint: Bench, number: int) -> None:
    activity = delivered(LINES[number], endpoint.service_url)
    status, body = await endpoint.post(activity)
    kind = activity.get("type")
    if kind is None or "conversationId" in activity:
        assert status == 400  # parameters and Direct Line messages: no activities
    elif kind == "invoke":
        assert (status, body) == (200, None)
    else:
        assert (status, body) == (202, None)
    assert len(endpoint.admitted) == (1 if status == 202 and kind in ADMITTED else 0)


@pytest.mark.parametrize("number", range(len(LINES)))
async def test_as_printed_they_are_refused(endpoint: Bench, number: int) -> None:
    status, _ = await endpoint.post(LINES[number])
    assert status in {400, 403}
    assert endpoint.reached == 0


def valid(activity: dict[str, Any]) -> None:
    assert faults("Activity", activity) == []


CITATION = Citation(1, "Plan.docx", "https://contoso.sharepoint.com/x", "first lines", "word")


@pytest.mark.parametrize("place", Place)
def test_what_we_send_is_valid(place: Place) -> None:
    where = reference("https://smba.trafficmanager.net/emea/", place)
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard"}}
    for message in (
        Outgoing("hi"),
        Outgoing("It is so [1].", (CITATION,), "claude-x", ai=True, notices=("Mail was not searched.",)),
        Outgoing("", card=card),
        Outgoing("long\n\n" * 12_000, ai=True),
    ):
        for activity in activities(replace(message, suggestions=("One", "Two")), where):
            valid(activity)
    valid(typing(where))
    valid(streamed("so far", where, {"streamType": "streaming", "streamSequence": 1}))
