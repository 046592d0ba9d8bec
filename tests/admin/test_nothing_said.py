"""No word of what people write, ask, are told, send or keep reaches any page of the admin page; and where it is off there is none."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest
import pytest_asyncio

from bot.context import Outgoing
from bot.digests.service import Arranged
from bot.digests.work import Composed, Work
from bot.outbound import tls_context
from bot.store.run import Record
from infra.local.vendors.script import Reply
from infra.local.world import World
from tests.admin.visiting import ADDRESSES, ADMIN, GROUP, PAGES, Visitor
from tests.conftest import fresh_world
from tests.digests.making import QUICK, Clock, due
from tests.digests.test_delivery import chat_of, ended
from tests.e2e.parley import Parley, parley_running

pytestmark = pytest.mark.asyncio(loop_scope="module")
MODELS = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"
CANARY = "quokka"
"""In everything anybody says, is told, or has: `quokka-` and where it was put."""
BROKEN = f"{CANARY}-broken"


def in_their_things(world: World) -> None:
    """In subjects, senders and bodies of mail, names of files, subjects of meetings, topics of chats."""
    for mail in world.company.mails:
        mail.subject = f"{mail.subject} {CANARY}-subject"
        mail.sender_name = f"{mail.sender_name} {CANARY}-sender"
    for item in world.company.items:
        stem, dot, kind = item.name.rpartition(".")
        item.name = f"{stem} {CANARY}-file{dot}{kind}" if dot else item.name
    for event in world.company.events:
        event.subject = f"{event.subject} {CANARY}-meeting"
    for chat in world.company.chats:
        chat.topic = f"{chat.topic} {CANARY}-topic"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    world = fresh_world()
    in_their_things(world)
    clock = Clock()
    folder: Path = tmp_path_factory.mktemp("store")
    async with parley_running(
        world, folder, models=MODELS, digests=Arranged(composed, QUICK), admin_group=GROUP, public_url="http://127.0.0.1",
        refine=lambda services: replace(services, search_seconds=90.0, now=clock.now),
    ) as running:  # fmt: skip
        await busy(running, clock)
        yield running


async def busy(parley: Parley, clock: Clock) -> None:
    """Questions, answers, files, memories, thumbs, failovers, failures, and digests, each with a canary."""
    world = parley.world
    await parley.sign_in("Sofia", "Hiro")
    world.state["script"] = [Reply(text=f"It is {CANARY}-answer.")]
    await parley.ask("Sofia", f"What does {CANARY}-question cost?")
    world.state["script"] = [Reply(error=529, wire="claude"), Reply(text=f"GPT says {CANARY}-failover.", wire="openai")]
    await parley.ask("Sofia", f"And {CANARY}-again, by the budget?")
    chat = next(c.id for c in world.company.chats if c.kind == "group" and world.person("Sofia").id in c.members)
    world.state["script"] = [Reply(text=f"All of you: {CANARY}-group.")]
    await parley.ask("Sofia", f"Who approves {CANARY}-group?", chat)
    await parley.teams.answer_to(await parley.teams.say("Sofia", f"remember: I like {CANARY}-memory"))
    world.state["script"] = [Reply(error=400, wire="claude", text=f"{CANARY}-error")]
    await parley.teams.answer_to(await parley.teams.say("Hiro", f"Why does {CANARY}-wrong fail?"), timeout=60)
    parley.services.circuits._circuits.clear()
    owner, place = await chat_of(parley, "Sofia")
    services = parley.services
    await ended(services, await due(services, owner, place, f"{CANARY}-prompt", name=f"{CANARY}-name"), "delivered")
    failing = await due(services, owner, place, BROKEN)
    await ended(services, failing, "due", tried=True)
    clock.ahead += 3 * 3600
    services.wake_digests()
    await ended(services, failing, "failed")


async def composed(work: Work) -> Composed:
    if work.subscription.prompt == BROKEN:
        raise RuntimeError(f"{CANARY}-broken")
    cursors = {"mail": {"until": work.run.due, "said": f"{CANARY}-cursor"}}
    return Composed(Outgoing(f"Your day: {CANARY}-digest"), cursors, Record({"mail": 3}, items=2), cost=1200)


def visitor(parley: Parley) -> Visitor:
    tls = aiohttp.TCPConnector(ssl=tls_context(str(parley.world.state["ca_bundle"])))
    session = aiohttp.ClientSession(connector=tls, cookie_jar=aiohttp.CookieJar(unsafe=True))
    return Visitor(session, parley.world, parley.url)


async def crawled(visiting: Visitor) -> dict[str, str]:
    """Every answer of every address that can be reached by links, and of those that forms lead to."""
    sofia = visiting.world.person("Sofia").id
    queue = [
        *ADDRESSES, f"/admin/people?person={sofia}", f"/admin/audit?person={sofia}&model=claude", "/admin/audit?outcome=overloaded",
        "/admin/audit?since=never", f"/admin/audit?document=https://x.example/{CANARY[:3]}", "/admin/sign-in", "/admin/callback",
        "/admin/nowhere", "/admin/audit/export.xml",
    ]  # fmt: skip
    seen: dict[str, str] = {}
    while queue:
        path = queue.pop()
        if path in seen:
            continue
        answer = await visiting.get(path)
        seen[path] = f"{answer.headers}\n{answer.text}"
        for link in re.findall(r'(?:href|src|action)="([^"]+)"', answer.text):
            target = urlsplit(urljoin(f"{visiting.base}{path}", link.replace("&amp;", "&")))
            query = f"?{target.query}" if target.query else ""
            if target.path.startswith("/admin") and len(seen) + len(queue) < 400 and target.path != "/admin/sign-out":
                queue.append(target.path + query)
    return seen


async def test_there_is_much_to_see_and_no_word_of_it(parley: Parley) -> None:
    visiting = visitor(parley)
    assert (await visiting.sign_in(ADMIN)).status == 302
    seen = await crawled(visiting)
    assert len(seen) > 50
    for path, text in seen.items():
        found = re.findall(rf"{CANARY}[-\w]*", text, re.IGNORECASE)
        assert not found, (path, found)
    assert CANARY in await stored(parley), "they were all there to be shown"
    assert parley.world.person("Sofia").id in seen["/admin/audit"], "and the rows that came of them are shown"
    assert ">overloaded<" in seen["/admin/vendors"].replace("<code>", ">").replace("</code>", "<")
    assert "claude → gpt" in seen["/admin/vendors"]
    assert "bad_request" in seen["/admin/failures"]
    assert "delivered" in seen["/admin/digests"]
    await visiting.session.close()


async def stored(parley: Parley) -> str:
    """What Sofia's own export holds."""
    sofia = parley.world.person("Sofia").id
    return str(await parley.services.personal.export(sofia, "-"))


async def test_an_export_holds_the_rows_that_were_asked_for(parley: Parley) -> None:
    visiting = visitor(parley)
    await visiting.sign_in(ADMIN)
    hiro = parley.world.person("Hiro").id
    lines = (await visiting.get(f"/admin/audit/export.jsonl?person={hiro}")).text.splitlines()
    assert len(lines) >= 1
    assert all(hiro in line for line in lines)
    table = (await visiting.get("/admin/audit/export.csv?outcome=overloaded")).text.splitlines()
    assert table[0].startswith("at,person_id,")
    assert len(table) == 2
    bad = await visiting.get("/admin/audit/export.csv?since=never")
    assert (bad.status, "From is a day" in bad.text) == (400, True)
    await visiting.session.close()


async def test_a_document_is_found_by_its_link_and_the_link_stays_out_of_the_page(parley: Parley) -> None:
    visiting = visitor(parley)
    await visiting.sign_in(ADMIN)
    cited = (await parley.ask("Sofia", "What is the Heron budget now?")).citations
    link = str(cited[0]["url"]) if cited else ""
    assert link
    page = await visiting.get("/admin/audit", params={"document": link})
    assert page.status == 200
    assert page.text.count("<tr") > 1
    assert link not in page.text
    evidence = re.search(r'name="evidence" value="([0-9a-f]{16})"', page.text)
    assert evidence
    again = await visiting.get(f"/admin/audit?evidence={evidence[1]}")
    assert again.text.count("<tr") == page.text.count("<tr")
    assert "No model call" in (await visiting.get("/admin/audit", params={"document": f"{link}x"})).text
    await visiting.session.close()


async def test_where_it_is_not_configured_there_is_no_such_page(tmp_path: Path) -> None:
    async with parley_running(fresh_world(), tmp_path) as running:
        visiting = visitor(running)
        for path in (*ADDRESSES, "/admin/", "/admin/sign-in", "/admin/callback?code=x&state=y", "/admin/sign-out"):
            assert (await visiting.get(path)).status == 404, path
            assert (await visiting.post(path)).status == 404, path
        await visiting.session.close()
    assert PAGES[0] == "/admin"
