"""Memory over the wire: private words never reach a model from a channel, one channel's never from another, all survive a restart."""

from pathlib import Path

from cryptography.fernet import Fernet

from infra.local.vendors.script import Reply
from tests.conftest import fresh_world
from tests.e2e.parley import Parley, parley_running

PRIVATE, HERE = "zanzibar7731", "quokka4410"


def prompts(parley: Parley, since: int) -> str:
    return str([request.body for request in parley.received("claude", "openai", since=since)])


async def test_private_memory_stays_private_and_a_channels_in_its_channel(tmp_path: Path) -> None:
    world, key = fresh_world(), Fernet.generate_key().decode()
    async with parley_running(world, tmp_path, door="claude", encryption_keys=key) as parley:
        await parley.sign_in("Hiro")
        await parley.teams.answer_to(await parley.teams.say("Hiro", f"remember: my codeword is {PRIVATE}"), quiet=0.1)
        await parley.teams.answer_to(await parley.teams.say("Hiro", f"remember: ours is {HERE}", "General"), quiet=0.1)
        since = len(world.record)
        await parley.ask("Hiro", "What is the telemetry interval of the HRN-200?", "General")
        assert HERE in prompts(parley, since)
        assert PRIVATE not in prompts(parley, since)
        assert PRIVATE not in str(parley.sent_to_teams(since))

    async with parley_running(world, tmp_path, door="gpt", encryption_keys=key) as parley:
        world.state["script"] = [Reply(text="Noted.")]
        since = len(world.record)
        await parley.ask("Hiro", "And its colour?")
        assert PRIVATE in prompts(parley, since), "over a restart, and for the other vendor"
        assert HERE not in prompts(parley, since)
