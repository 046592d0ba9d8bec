"""What the log hears: never what people write, read or hold."""

import logging
from pathlib import Path

import pytest

from infra.local.company.questions import CANARIES
from infra.local.vendors.script import Reply
from infra.local.world import Fault
from tests.e2e.parley import OAUTH_CARD, Parley
from tests.store.erasing import files_with

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def door() -> str:
    return "claude"


async def test_the_log_holds_no_content_even_when_things_go_wrong(
    parley: Parley, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    teams, world = parley.teams, parley.world
    said = await teams.say("Liam", "What does Sofia Almeida earn at zanzibar?")
    status, _ = await teams.sso("Liam", (await teams.answer_to(said, quiet=0.1)).card(OAUTH_CARD))
    assert status == 200
    await teams.answer_to(said, until=lambda message: message.ai_label)
    world.faults.append(Fault("graph", "GET /v1.0/drives/*", status=500, times=6))
    await parley.ask("Liam", "What does Sofia Almeida earn at zanzibar?")
    world.faults.clear()
    world.state["script"] = [Reply(error=400), Reply(text="quagga", cut=3)] * 3
    failed = await teams.say("Liam", "Salaries 2026 at zanzibar?")
    await teams.answer_to(failed, quiet=1.0)
    world.state["script"] = []
    world.faults.append(Fault("connector", "POST *", status=500, times=2))
    await teams.say("Liam", "Christmas parties at zanzibar?", "personal")
    await world.wait_for("connector", "POST *", count=len(parley.received("connector")) + 2)

    tokens = {r.headers.get("Authorization", "").removeprefix("Bearer ") for r in world.record} - {""}
    mails = {person.mail for person in world.company.people}
    secrets = {"zanzibar", "quagga", "Sofia Almeida", "Salaries 2026", "86900", *CANARIES, *tokens, *mails}
    heard = [record for record in caplog.records if record.name.split(".")[0] != "infra"]
    lines = [f"{record.name} {record.getMessage()} {record.exc_text or ''}" for record in heard]
    assert lines
    found = [(line[:100], word[:12]) for line in lines for word in secrets if word in line]
    assert found == []
    file = parley.services.transcripts._database._engine.url.database
    assert file
    assert files_with(Path(file).parent, tuple(secrets)) == []
