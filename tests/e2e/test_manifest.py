"""What the app package promises Teams and Copilot, kept by the bot that runs."""

from pathlib import Path
from typing import Any

import pytest

from infra.local.world import World
from manifest.app import manifest
from tests.conftest import fresh_world
from tests.e2e.parley import OAUTH_CARD, parley_running
from tests.manifest.made import PUBLISHER, settings

OTHER = "11111111-1111-4111-8111-111111111111"


def packed(world: World, **changed: Any) -> dict[str, Any]:
    return manifest(settings(microsoft_app_id=world.app_id, **changed), PUBLISHER, "1.0.0")


@pytest.mark.parametrize("app", ["", OTHER], ids=["the bot", "another app than the bot"])
async def test_single_sign_on_asks_for_the_address_in_the_package(app: str, tmp_path: Path) -> None:
    """People sign in to another app where the bot is a managed identity; the address names the bot all the same."""
    async with parley_running(fresh_world(), tmp_path, microsoft_sign_in_app_id=app) as parley:
        asked = await parley.teams.answer_to(await parley.teams.say("Sofia", "sign in"), quiet=0.1)
        info = packed(parley.world, microsoft_sign_in_app_id=app)["webApplicationInfo"]
        assert asked.card(OAUTH_CARD)["tokenExchangeResource"]["uri"] == info["resource"]
        assert info["id"] == (app or parley.world.app_id)


async def test_a_question_in_copilot_is_answered_there(tmp_path: Path) -> None:
    """As the custom engine agent of the package: a chat of one person, on a channel that is called otherwise."""
    async with parley_running(fresh_world(), tmp_path) as parley:
        package = packed(parley.world)
        (agent,) = package["copilotAgents"]["customEngineAgents"]
        assert f"28:{agent['id']}" == parley.world.bot_channel_id
        await parley.sign_in("Sofia")
        known = {
            "type": "clientInfo",
            "locale": "en-GB",
            "country": "PT",
            "platform": "Web",
            "timezone": "Europe/Lisbon",
        }
        from_copilot: dict[str, Any] = {
            "channelId": "msteams:copilot",
            "entities": [known, {"type": "ProductInfo", "id": "COPILOT"}],
        }
        question = package["bots"][0]["commandLists"][0]["commands"][1]["prompt"]
        said = await parley.teams.say("Sofia", question, **from_copilot)
        answer = await parley.teams.answer_to(said, timeout=60, until=lambda message: message.ai_label)
        assert answer.conversation_id == said["conversation"]["id"]
        assert "hotel" in answer.text.casefold()
        assert answer.citations
