"""A new process goes on where the last one was: who is signed in, what was said, and what waits for a sign-in."""

from pathlib import Path

from cryptography.fernet import Fernet

from infra.local.teams import TeamsClient
from infra.local.tenant import running
from infra.local.world import World
from tests.e2e.parley import OAUTH_CARD, QUICK, Parley, bot_running


async def test_a_restart_forgets_nothing(world: World, tmp_path: Path) -> None:
    world.state["rates_off"] = True
    keys = Fernet.generate_key().decode()
    async with running(world):
        async with (
            bot_running(world, tmp_path, door="claude", refine=None, timing=QUICK, encryption_keys=keys) as url,
            TeamsClient(world, url) as teams,
        ):
            parley = Parley(world, teams, url)
            await parley.sign_in("Sofia")
            await parley.ask("Sofia", "What is the Heron budget now?")
            waits = await teams.say("Aisha", "What does error E42 mean and how is it reset?")
            card = (await teams.answer_to(waits, quiet=0.1)).card(OAUTH_CARD)
        async with (
            bot_running(world, tmp_path, door="claude", refine=None, timing=QUICK, encryption_keys=keys) as url,
            TeamsClient(world, url) as teams,
        ):
            parley = Parley(world, teams, url)
            since = len(world.record)
            answer = await parley.ask("Sofia", "And who approved it?")
            assert "What is the Heron budget now?" in str(parley.received("claude", since=since)[0].body)
            assert answer.citations
            assert (await teams.sso("Aisha", card))[0] == 200
            answer = await teams.answer_to(waits, until=lambda message: message.ai_label)
            assert answer.citations
