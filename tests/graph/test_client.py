"""One person's Graph on the wire: whose token, which failures are tried again, which links are followed."""

import asyncio
import json

import pytest

from graph.client import Graph
from graph.errors import (
    Conflict,
    Forbidden,
    ForeignLink,
    NotFound,
    Rejected,
    SignInNeeded,
    Throttled,
    Unavailable,
)
from infra.local.world import Fault, World
from tests.graph.conftest import People, Time

PATH = "/v1.0/me/messages"


def fault(world: World, status: int, *, times: int = 1, match: str = "*", **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    world.faults.append(Fault("graph", match, status=status, headers=named, times=times))


def sent(world: World, method: str = "GET") -> int:
    return len([r for r in world.record if r.wire == "graph" and r.method == method])


@pytest.mark.parametrize("status", [429, 503, 504, 500, 502])
async def test_a_read_is_repeated_after_a_passing_failure(tenant: World, people: People, status: int) -> None:
    fault(tenant, status)
    assert (await people.of("Sofia").get("/me/messages", {"$top": "1"}))["value"]
    assert sent(tenant) == 2


async def test_a_broken_connection_is_tried_again_for_reads(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", kind="reset"))
    assert (await people.of("Sofia").get("/me/messages", {"$top": "1"}))["value"]


@pytest.mark.parametrize("status", [500, 502])
async def test_a_lasting_failure_ends_after_two_repetitions(tenant: World, people: People, status: int) -> None:
    fault(tenant, status, times=9)
    with pytest.raises(Unavailable):
        await people.of("Sofia").get("/me/messages")
    assert sent(tenant) == 3


@pytest.mark.parametrize("kind", ["500", "502", "503", "504", "reset"])
async def test_a_write_whose_fate_is_unknown_is_never_repeated(tenant: World, people: People, kind: str) -> None:
    tenant.faults.append(Fault("graph", kind="reset") if kind == "reset" else Fault("graph", status=int(kind), times=3))
    with pytest.raises(Unavailable):
        await people.of("Sofia", ("Mail.ReadWrite",)).post("/me/messages", {"subject": "Hello"})
    assert sent(tenant, "POST") == 1


async def test_a_write_that_was_refused_for_its_rate_is_repeated(tenant: World, people: People, time: Time) -> None:
    fault(tenant, 429, Retry_After="3")
    reply = await people.of("Sofia", ("Mail.ReadWrite",)).post("/me/messages", {"subject": "Hello"})
    assert reply["subject"] == "Hello"
    assert time.slept[0] >= 3


async def test_retry_after_is_waited_for_exactly_and_by_the_whole_mailbox(
    tenant: World, people: People, time: Time
) -> None:
    graph = people.of("Sofia")
    fault(tenant, 429, Retry_After="7")
    start = time.now
    await asyncio.gather(graph.get("/me/messages"), graph.get("/me/messages"))
    assert time.now - start >= 7
    assert sum(time.slept) >= 7


async def test_a_wait_beyond_our_patience_is_an_error_at_once(tenant: World, people: People, time: Time) -> None:
    fault(tenant, 429, Retry_After="120")
    with pytest.raises(Throttled) as raised:
        await people.of("Sofia").get("/me/messages")
    assert raised.value.seconds == 120
    assert time.slept == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (403, Forbidden),
        (404, NotFound),
        (410, NotFound),
        (409, Conflict),
        (412, Conflict),
        (423, Conflict),
    ],
)
async def test_refusals_have_their_own_errors_and_keep_the_code(
    tenant: World, people: People, status: int, kind: type[Exception]
) -> None:
    body = {"error": {"code": "someCode", "message": "secret subject of a mail"}}
    tenant.faults.append(Fault("graph", status=status, body=body))
    with pytest.raises(kind) as raised:
        await people.of("Sofia").get("/me/messages")
    assert "someCode" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert sent(tenant) == 1


async def test_an_html_page_in_place_of_an_answer_is_a_named_failure(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", status=502, body="<html>", times=9))
    with pytest.raises(Unavailable):
        await people.of("Sofia").get("/me/messages")


async def test_a_claims_challenge_is_answered_once_with_its_claims(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", kind="claims"))
    assert (await people.of("Sofia").get("/me/messages"))["value"]
    first, second = people.asked
    assert first[2] is None
    assert isinstance(json.loads(second[2] or ""), dict)


async def test_a_second_claims_challenge_asks_the_person(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", kind="claims", times=2))
    with pytest.raises(SignInNeeded) as raised:
        await people.of("Sofia").get("/me/messages")
    assert json.loads(raised.value.claims or "")
    assert sent(tenant) == 2


async def test_two_people_at_once_see_their_own_mail_only(tenant: World, people: People) -> None:
    names = [person.given_name for person in tenant.company.people if not person.is_guest][:4]
    expected = {
        name: {m.internet_message_id for m in tenant.company.mails if m.mailbox == tenant.person(name).id}
        for name in names
    }
    graphs: list[tuple[str, Graph]] = [(name, people.of(name)) for name in names * 5]
    replies = await asyncio.gather(
        *(graph.get("/me/messages", {"$top": "20", "$select": "internetMessageId"}) for _, graph in graphs)
    )
    for (name, _), reply in zip(graphs, replies, strict=True):
        seen = {message["internetMessageId"] for message in reply["value"]}
        assert seen
        assert seen <= expected[name]


async def test_a_mailbox_gets_at_most_four_calls_at_once(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", kind="delay", seconds=0.02, times=30))
    graph = people.of("Sofia")
    running: list[int] = []
    gate = people.client._everybody.lanes(graph.person_id).mailbox._free

    async def one() -> None:
        await graph.get("/me/messages", {"$top": "1"})
        running.append(gate._value)

    await asyncio.gather(*(one() for _ in range(20)))
    assert min(running) >= 0
    assert len(running) == 20


async def test_pages_follow_graphs_own_links_without_loss(tenant: World, people: People) -> None:
    own = {m.subject for m in tenant.company.mails if m.mailbox == tenant.person("Sofia").id}
    pages = people.of("Sofia").pages("/me/messages", {"$top": "7", "$select": "id,subject"}, limit=1000)
    found = [message async for message in pages]
    assert len({message["id"] for message in found}) == len(found)
    assert {message["subject"] for message in found} <= own
    assert len(found) > 7


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.microsoft.com.evil.example/v1.0/me/messages?$skip=1",
        "http://127.0.0.1:1/v1.0/me/messages",
        "{origin}/connector/v3/conversations",
        "{origin}/v1.0/../connector/x",
        "https://user@127.0.0.1/v1.0/me",
        "//evil.example/v1.0/me",
        "file:///v1.0/me",
    ],
)
async def test_a_next_link_to_another_place_gets_no_token(tenant: World, people: People, link: str) -> None:
    body = {"value": [{"id": "1"}], "@odata.nextLink": link.replace("{origin}", tenant.urls.http)}
    tenant.faults.append(Fault("graph", status=200, body=body))
    with pytest.raises(ForeignLink):
        async for _ in people.of("Sofia").pages("/me/messages", limit=10):
            pass
    assert len(tenant.record) == 1


async def test_every_call_is_noted_and_named(tenant: World, people: People) -> None:
    await people.of("Sofia").get("/me/messages", {"$search": '"secret word"'})
    assert [(call.method, call.path, call.status) for call in people.calls] == [("GET", "/me/messages", 200)]
    assert len(tenant.record[-1].headers["client-request-id"]) == 36
