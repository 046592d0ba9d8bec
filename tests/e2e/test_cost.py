"""What a conversation costs, at the wire of both vendors: told, added up to the last row, warned of, and stopped."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from infra.local.vendors.script import Call, Reply
from tests.conftest import fresh_world
from tests.e2e.conftest import patient
from tests.e2e.parley import Parley, parley_running
from tests.e2e.talk import Talk

pytestmark = pytest.mark.asyncio(loop_scope="module")
MODELS = "claude=anthropic:claude-sonnet-5-5,gpt=openai:gpt-6.2-sol"
POLICY = """
[budgets]
person = 0.5
organisation = 100
raised_by = "Mara in IT"
administrators = ["{sofia}"]

[budgets.persons]
"{marco}" = 0.001
"""
USED = {"input": 200, "cached": 1500, "written": 300, "output": 100, "reasoning": 40}
"""`input` is what the cache had no part in."""
CLAUDE = 200 * 2 + 1500 // 5 + 300 * 5 // 2 + 100 * 10


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Talk]:
    folder: Path = tmp_path_factory.mktemp("store")
    world = fresh_world()
    policy = folder / "policy.toml"
    people = {name: world.person(name).id for name in ("sofia", "marco")}
    policy.write_text(POLICY.format(**people), encoding="utf-8")
    async with parley_running(world, folder, refine=patient, models=MODELS, policy=str(policy)) as parley:
        yield Talk(parley, folder / "parley.db")


async def costs(parley: Parley, person: str, chat: str = "personal") -> str:
    said = await parley.teams.say(person, "cost", chat)
    return str((await parley.teams.answer_to(said)).activity)


async def test_each_call_has_its_row_and_the_month_is_their_sum(talk: Talk) -> None:
    parley, script = talk.parley, talk.parley.world.state
    await parley.sign_in("sofia")
    script["script"] = [
        Reply(calls=[Call("search_mail", {"query": "telemetry"})], usage=USED),
        Reply(text="Every 10 seconds.", usage=USED),
    ]
    await parley.ask("sofia", "What is the telemetry interval of the HRN-200?")
    rows = talk.rows(
        "SELECT name, asked, door, input, cache_read, cache_write, output, reasoning, cost, outcome, evidence FROM audit"
    )
    assert [row[:-1] for row in rows] == [
        ("claude", "claude-sonnet-5-5", "anthropic", 2000, 1500, 300, 100, 40, CLAUDE, outcome)
        for outcome in ("called_tools", "answered")
    ]
    assert all(len(id) == 16 for id in rows[1][-1].split())
    assert len(set(rows[1][-1].split())) >= 1
    script["script"] = [Reply(text="From GPT.", usage=USED)]
    await parley.ask("sofia", "ask the other model")
    script["script"] = [Reply(text="Hello.", usage=USED)]
    await parley.ask("sofia", "Hello!")
    told = await costs(parley, "sofia")
    total = talk.rows("SELECT sum(cost) FROM audit")[0][0]
    assert total == 4 * CLAUDE
    assert talk.rows("SELECT DISTINCT spent FROM spending") == [(total,)]
    assert "'This conversation', 'value': '$0.0098'" in told
    assert "'You, this month', 'value': '$0.0098 of $0.50 (1 %)'" in told
    assert "'Everybody, this month', 'value': '$0.0098 of $100.00 (0 %)'" in told
    assert "'Last answer here', 'value': '$0.0025'" in told
    assert "Hello" not in str(talk.rows("SELECT * FROM audit"))


async def test_a_hard_stop_says_so_and_nothing_reaches_a_vendor(talk: Talk) -> None:
    parley = talk.parley
    await parley.sign_in("marco")
    since = talk.now
    said = await parley.teams.say("marco", "What is the telemetry interval of the HRN-200?")
    answer = await parley.teams.answer_to(said, until=lambda message: "budget" in message.text)
    assert "Your budget for this month ($0.0010) is used up" in answer.text
    assert "Mara in IT can raise it" in answer.text
    assert not parley.received("claude", "openai", since=since)
    assert talk.rows("SELECT outcome, cost FROM audit ORDER BY id DESC LIMIT 1") == [("over_budget", 0)]


async def test_warnings_stand_under_an_answer_once(talk: Talk) -> None:
    parley, script = talk.parley, talk.parley.world.state
    seen = []
    for output in (38_000, 10, 7000):
        script["script"] = [Reply(text="Well.", usage={"input": 10, "output": output})]
        seen.append((await parley.ask("sofia", "Hello!")).text)
    assert "You have used 75 % of your budget for this month ($0.50)." in seen[0]
    assert "You have used 90 % of your budget" in seen[2]
    assert "%" not in seen[1]
    script["script"] = [Reply(text="No.", usage={"input": 10, "output": 10})] * 3
    said = await parley.teams.say("sofia", "Hello!")
    answer = await parley.teams.answer_to(said, until=lambda message: "$0.50" in message.text)
    assert "is used up" in answer.text
