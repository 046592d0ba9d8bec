"""The control interface: everything a test in another process needs, and `python -m infra.local` itself."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import aiohttp

from infra.local.connector_state import personal_chat
from infra.local.entra_state import entra_state
from infra.local.world import World
from tests.local.driven import bot
from tests.local.test_teams_driver import echo


class Control:
    def __init__(self, address: str) -> None:
        self.address = address

    async def __call__(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.address}/control{path}", json=body or None) as response,
        ):
            return response.status, await response.json()


async def test_somebody_says_something_and_reads_the_answer(tenant: World) -> None:
    control, who = Control(tenant.urls.http), tenant.company.people[0]
    async with bot(tenant, echo) as server:
        await control("POST", "/switch", bot_url=server.url)
        status, said = await control("POST", "/say", person=who.mail, text="hello", timeout=10)
    assert status == 200
    assert said["answer"]["text"] == "You said hello [1]"
    _, seen = await control("GET", f"/conversations/{personal_chat(tenant, who)}")
    assert [message["author"] for message in seen["messages"]] == [who.id, "bot"]
    assert (await control("GET", "/connector"))[1]["violations"] == []


async def test_faults_the_clock_and_the_record(tenant: World) -> None:
    control = Control(tenant.urls.http)
    assert (await control("POST", "/faults", wire="botframework", status=503, times=2))[1] == {"pending": 2}
    async with aiohttp.ClientSession() as session:
        await session.get(f"{tenant.urls.http}/botframework/v1/.well-known/keys")
    _, record = await control("GET", "/record?wire=botframework")
    assert [entry["path"] for entry in record] == ["/botframework/v1/.well-known/keys"]
    before = tenant.clock.now()
    await control("POST", "/clock", advance=3600)
    assert (tenant.clock.now() - before).total_seconds() >= 3600
    await control("DELETE", "/record")
    await control("DELETE", "/faults")
    assert (await control("GET", "/record?wire=botframework"))[1] == []
    assert (await control("GET", "/faults"))[1] == []


async def test_consent_interaction_revocation_and_refusals(tenant: World) -> None:
    control, who = Control(tenant.urls.http), tenant.company.people[0]
    state = entra_state(tenant)
    await control("POST", "/consent", person=who.id, scopes=["Mail.Read"])
    assert state.consents[who.id] == {"Mail.Read"}
    await control("POST", "/consent", person=who.id, scopes=None)
    assert who.id not in state.consents
    await control("POST", "/interaction", person=who.id)
    assert state.interaction == {who.id}
    await control("POST", "/revoke", person=who.id, end_session=True)
    assert who.id in state.revoked
    assert who.id in state.ended
    assert (await control("POST", "/refuse", conversation="a:1", code="BotDisabledByAdmin"))[0] == 200
    assert (await control("POST", "/stop", person=who.id))[1] == {"stopped": False}
    assert (await control("POST", "/roll"))[1]["kid"] == tenant.bot_keys[-1].kid


async def test_mistakes_are_told_in_a_sentence(tenant: World) -> None:
    control = Control(tenant.urls.http)
    assert (await control("POST", "/say", person="nobody", text="x", bot="http://127.0.0.1:1"))[0] == 404
    assert (await control("POST", "/say", person="x", text="x"))[0] == 400
    assert (await control("POST", "/faults", wire="fax"))[0] == 400
    assert (await control("POST", "/faults", colour="red"))[0] == 400
    assert (await control("GET", "/conversations/a:nobody"))[0] == 404
    assert (await control("POST", "/clock"))[0] == 404


async def test_the_tenant_is_a_process_of_its_own(tmp_path: Path) -> None:
    settings = tmp_path / "tenant.env"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.local", "--env-file", str(settings)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdout is not None
        printed: dict[str, str] = {}
        while line := (await process.stdout.readline()).decode().strip():
            if line.startswith("#"):
                break
            name, _, value = line.partition("=")
            printed[name] = value
        assert settings.read_text() == "".join(f"{name}={value}\n" for name, value in printed.items())
        status, people = await Control(printed["GRAPH_BASE_URL"].removesuffix("/v1.0"))("GET", "/people")
        assert status == 200
        assert len(people) >= 8
    finally:
        process.terminate()
        await process.communicate()
