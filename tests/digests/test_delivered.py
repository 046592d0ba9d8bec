"""A morning brief at the wire: due, made by the real composer, sent by the engine, and what Teams shows of it."""

import re
from dataclasses import replace
from pathlib import Path

from bot.digests.service import Arranged
from infra.local.company.golden import MORNING, WHOM, plant
from infra.local.connector_state import Message
from tests.conftest import fresh_world
from tests.digests.making import QUICK, due, shown
from tests.digests.test_delivery import chat_of, ended
from tests.e2e.parley import parley_running

HALF_A_MINUTE = 130
"""Words, at 240 a minute, and a line of notices."""
_LINK = re.compile(r"\]\((https://[^)]+)\)")


def said_in(message: Message) -> str:
    """Its text, or that of its card."""
    blocks = [block for one in message.activity.get("attachments") or () for block in one["content"].get("body", ())]
    inside = [inner for block in blocks for inner in (block, *block.get("items", ()))]
    return "\n\n".join([message.text, *(str(block.get("text", "")) for block in inside)])


def shown_at_first(message: Message) -> str:
    """What takes room before anything is pressed."""
    blocks = [block for one in message.activity.get("attachments") or () for block in one["content"].get("body", ())]
    return "\n\n".join(str(block["text"]) for block in blocks if block["type"] == "TextBlock")


async def test_a_morning_brief_arrives_whole(tmp_path: Path) -> None:
    world = fresh_world()
    plant(world.company)
    arranged = Arranged(pace=QUICK)
    async with parley_running(
        world, tmp_path, refine=lambda services: replace(services, now=lambda: MORNING), digests=arranged
    ) as parley:
        await parley.sign_in(WHOM)
        owner, chat = await chat_of(parley, WHOM)
        asked = await due(parley.services, owner, chat)
        run = await ended(parley.services, asked, "delivered")
        (message,) = [one for one in shown(world) if "your day" in said_in(one)]
        brief = said_in(message)
        assert 18 <= run.record.items == len(re.findall(r"^(?:- |\d\. )", brief, re.MULTILINE))
        # Half a minute on a phone: what stands first, and the rest for whoever presses for it.
        assert len(re.findall(r"\w[\w'’.,:-]*", _LINK.sub("]", shown_at_first(message)))) <= HALF_A_MINUTE
        assert "**First**" in shown_at_first(message)
        assert "**Your calendar**" not in shown_at_first(message)
        assert "you promised it" in brief  # the subscription does not say what its owner is called
        # The gate let each line's link through, to Outlook, Teams and SharePoint alone.
        hosts = {link.split("/")[2] for link in _LINK.findall(brief)}
        assert len(_LINK.findall(brief)) >= run.record.items
        assert {"outlook.office365.com", "teams.microsoft.com", "my.sharepoint.tidewell.example"} == hosts
        assert len(brief) < 20_000
        cursors = (await parley.services.runs.told(asked.id))[1]
        assert set(cursors) == {"calendar", "mail", "chats", "channels", "files"}
