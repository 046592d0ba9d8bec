"""Mistakes others made in Teams, tried at the wire where no test of a single part could see them. docs/pitfalls.md lists them all."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
import pytest
import pytest_asyncio

from bot.agent.prompt import SYSTEM
from bot.answering import ASKED_ABOUT, ASKED_PRIVATELY, CLICK, RATED, SIGNED_IN
from infra.local.vendors.script import Reply
from infra.local.world import Fault, Recorded, World
from tests.e2e.parley import citing
from tests.e2e.talk import HERON, Talk, talking

pytestmark = pytest.mark.asyncio(loop_scope="module")
REFERENCES = "SELECT count(*) FROM conversation_references WHERE conversation_id = ?"
FILLER = "Unter anderem wurde die Wetterlage besprochen, die sich stetig bessert. "
GRAPH_OF_CHATS = re.compile(r"/(?:chats|users|me/chats)/(a:|29:|28:)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Talk]:
    async with talking(tmp_path_factory.mktemp("store")) as running:
        await running.parley.sign_in("Sofia", "Hiro")
        yield running


async def test_a_reply_is_answered_in_its_thread_whatever_it_says_it_replies_to(talk: Talk) -> None:
    """1, 2: the thread is in the conversation's id. `replyToId` may be missing, or name another message, also of another thread."""
    teams = talk.parley.teams
    one = await talk.answered("Sofia", HERON, "General", "First thread.")
    two = await talk.answered("Sofia", HERON, "General", "Second thread.")
    thread = one.conversation_id.partition("=")[2]
    assert one.conversation_id != two.conversation_id
    for reply_to in ({}, {"replyToId": two.id}):
        answer = await talk.answered("Sofia", "And then?", "General", "Still here.", thread=thread, **reply_to)
        assert answer.conversation_id == one.conversation_id
    assert [m.text for m in teams.seen(two.conversation_id)] == [two.text]
    assert talk.rows(REFERENCES, one.conversation_id) == talk.rows(REFERENCES, two.conversation_id) == [(1,)]


async def test_teams_hears_yes_before_anybody_thinks(talk: Talk) -> None:
    """3: the answer to the webhook waits neither for Graph nor for a model; and what is repeated meanwhile is the same question."""
    world, teams = talk.parley.world, talk.parley.teams
    world.faults.append(Fault("claude", kind="delay", seconds=0.3))
    world.state["script"] = [Reply(text="Slowly.")]
    said = await teams.say("Hiro", HERON)
    assert "Slowly." not in str([message.text for message in teams.seen(said["conversation"]["id"])])
    await teams.deliver(said, times=2)
    await teams.answer_to(said, until=lambda message: "Slowly." in message.text)
    assert len(teams.seen(said["conversation"]["id"])) == 2, "the sign-in card and one answer"
    assert world.state["script"] == []


async def test_ten_endless_mails_cost_a_bounded_request(talk: Talk) -> None:
    """30: what Graph gives is cut to what answers, before a model is paid to read it."""
    world = talk.parley.world
    _write_endless_mails(world)
    since = talk.now
    world.state["script"] = [citing("It is 1,812 EUR", "1,812")]
    answer = await talk.parley.ask("Sofia", "What does the zeppelin mooring cost?")
    assert answer.citations
    requests = [json.dumps(request.body, ensure_ascii=False) for request in talk.parley.received("claude", since=since)]
    assert "1,812" in requests[0]
    assert max(map(len, requests)) < 60_000


async def test_what_a_model_is_told_is_shown_to_nobody(talk: Talk) -> None:
    """32: neither rules nor evidence marks nor what a vendor said of a failure."""
    world, teams = talk.parley.world, talk.parley.teams
    since = talk.now
    await talk.answered("Sofia", HERON, "personal", "Five minutes.")
    world.state["script"] = [Reply(error=400)] * 3
    apology = await teams.answer_to(await teams.say("Sofia", HERON), quiet=1.0)
    assert "Reference" in apology.text, apology.text
    shown = json.dumps(talk.parley.sent_to_teams(since), ensure_ascii=False)
    assert not [line for line in SYSTEM.splitlines() if len(line) > 30 and line[:30] in shown]
    for inner in ("invalid_request_error", "Traceback", "anthropic", "127.0.0.1", "search_mail", "[S1]"):
        assert inner not in shown, inner


async def test_who_uninstalls_is_not_written_to(talk: Talk) -> None:
    """21: sends may go on succeeding after an uninstall, so where to write is forgotten with it."""
    teams = talk.parley.teams
    first, _ = await teams.install("Jonas")
    await teams.answer_to(first, until=lambda message: bool(message.attachments))
    chat = first["conversation"]["id"]
    assert talk.rows(REFERENCES, chat) == [(1,)]
    since = talk.now
    await teams.install("Jonas", added=False)
    await talk.becomes(0, REFERENCES, chat)
    assert talk.parley.sent_to_teams(since) == []
    jonas = talk.parley.world.person("Jonas").id
    left = "SELECT count(*) FROM leavers WHERE person_id = ? AND why = 'removed'"
    await talk.becomes(1, left, jonas)
    await teams.install("Jonas")
    await talk.becomes(0, left, jonas)


async def test_our_own_kinds_of_activities_are_taken_from_nobody(talk: Talk) -> None:
    """What was checked once rests in the inbox as a kind of our own: a sender's word for it would go around the check."""
    teams = talk.parley.teams
    rows = talk.count("inbox")
    activity = teams.compose("Sofia", "x")
    for kind in (ASKED_ABOUT, ASKED_PRIVATELY, CLICK, RATED, SIGNED_IN):
        more = {"type": kind, "id": kind, "verb": "data.delete", "data": {}, "incoming": {}, "liked": False, "text": ""}
        assert (await teams.post({**activity, **more}))[0] == 202
    assert talk.count("inbox") == rows


async def test_graph_is_asked_in_its_own_ids_and_as_the_person(talk: Talk) -> None:
    """19, 27, 28, 30: of everything the tests above, a quote and a forwarded message made us ask."""
    world, teams = talk.parley.world, talk.parley.teams
    said = await teams.say("Hiro", "The mast is red.")
    await teams.answer_to(said, quiet=0.1)
    world.state["script"] = [Reply(text="Red.")]
    asked = await teams.quote("Hiro", "Which colour?", said, "personal")
    await teams.answer_to(asked, until=lambda message: message.ai_label)
    await talk.answered("Hiro", "And here?", "Heron pilot logistics", "Here too.")
    calls = list(_graph_calls(talk))
    assert len(calls) > 10
    for path in calls:
        assert not GRAPH_OF_CHATS.search(path), path
        assert not re.search(r"/teams/19:", path), path
        if re.search(r"/messages(\?|$)", path) and "/me/" in path:
            assert "$select=" in path, path
    people = {world.person(name).id for name in ("Sofia", "Hiro", "Jonas")}
    assert {request.caller for request in talk.parley.received("graph")} <= {*people, ""}
    for request in talk.parley.received("graph"):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token:
            claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
            assert claims.get("oid") in people
            assert claims.get("scp")
    ours = [form for form in _entra_forms(talk) if form["grant_type"] == ["client_credentials"]]
    assert {form["scope"][0] for form in ours} == {"https://api.botframework.com/.default"}


def _graph_calls(talk: Talk) -> Iterator[str]:
    """Path and query of every call, those inside batches too."""
    for request in talk.parley.received("graph"):
        if request.path.endswith("/$batch"):
            yield from (unquote(part["url"]) for part in request.body["requests"])
        else:
            yield unquote(f"{request.path}?{request.query}")


def _entra_forms(talk: Talk) -> list[dict[str, list[str]]]:
    requests: list[Recorded] = [r for r in talk.parley.received("entra") if r.path.endswith("/token")]
    return [parse_qs(request.body) if isinstance(request.body, str) else dict(request.body) for request in requests]


def _write_endless_mails(world: World) -> None:
    sofia = world.person("Sofia")
    pattern = next(mail for mail in world.company.mails if mail.mailbox == sofia.id and mail.folder == "inbox")
    for number in range(10):
        text = f"{FILLER * 1500}The zeppelin mooring costs 1,812 EUR. {FILLER * 1500}"
        world.company.mails.append(
            replace(
                pattern, id=f"AAMkADzeppelin{number}=", internet_message_id=f"<z{number}@tidewell.example>",
                conversation_id=f"AAQkADzeppelin{number}=", subject=f"Zeppelin mooring {number}", body_text=text,
                body_html=f"<p>{text}</p>", unique_text=text, attachments=[],
            )
        )  # fmt: skip
