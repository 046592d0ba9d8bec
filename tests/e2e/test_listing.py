"""A name that the vendor does not list is said at start, in the log and by *status*, and stops nobody."""

import asyncio
import logging
from pathlib import Path

import pytest

from infra.local.world import Fault
from tests.conftest import fresh_world
from tests.e2e.parley import parley_running

MODELS = "claude=anthropic:claude-sonnet-5-5,typo=anthropic:claude-sonet-5-5,gpt=openai:gpt-6.2-sol,old=anthropic:claude-opus-4-5"


async def test_a_name_that_nobody_lists(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = fresh_world()
    # GPT's list cannot be had, and Claude's comes late: neither keeps the bot from starting.
    world.faults.append(Fault("openai", "GET */models", status=500, times=9))
    world.faults.append(Fault("claude", "GET */models", kind="delay", seconds=0.2))
    caplog.set_level(logging.INFO, logger="bot.beside")
    async with parley_running(world, tmp_path, models=MODELS, model_lists=True) as parley:
        async with asyncio.timeout(60):
            while len(caplog.records) < 3:  # noqa: ASYNC110 -- a log has no event
                await asyncio.sleep(0.02)
        said = (await parley.teams.answer_to(await parley.teams.say("sofia", "status"))).activity
    assert str(said).count("is not in its vendor's list of models") == str(said).count("Typo")
    assert "is being ended by its vendor" in str(said)
    logged = sorted(of_ours(caplog))
    assert logged == [
        "MODELS: old (anthropic:claude-opus-4-5) is deprecated: its vendor will end it.",
        "MODELS: typo (anthropic:claude-sonet-5-5) is not in its vendor's list of models.",
        "The list of models behind openai was not to be had: Overloaded",
    ]


def of_ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "bot.beside"]
