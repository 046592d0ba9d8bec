"""What is sent again and what never is; where the token goes; how refusals are named; how the rate limits are kept."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.outbound import Outbound, tls_context
from bot.teams import errors
from bot.teams.calls import ATTEMPTS
from bot.teams.connector import Connector
from bot.teams.pacing import SEND, Pacer
from tests.teams.wires import Clock, ConnectorWire, Posted, Tokens, connecting, serving

CHAT = "19:c@thread.tacv2;messageid=17"
HELLO = {"type": "message", "text": "hello", "entities": [{"type": "streaminfo", "streamId": "s"}]}
RESET = 599


def failing(
    times: int, status: int, code: str = "", text: str = "", **headers: str
) -> Callable[[Posted], web.Response | None]:
    left = [times]

    def script(_: Posted) -> web.Response | None:
        if not left[0]:
            return None
        left[0] -= 1
        body = {"error": {"code": code, "message": text}}
        return web.json_response(body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return script


async def test_calls_and_paths() -> None:
    wire = ConnectorWire()
    async with connecting(wire) as (connector, url, _):
        assert await connector.send(url, CHAT, HELLO) == "m1"
        assert await connector.reply(url, CHAT, "a/b", HELLO) == "m2"
        await connector.update(url, CHAT, "m1", HELLO, targeted=True)
        await connector.delete(url, CHAT, "m1")
        created = await connector.create(url, {"members": [{"id": "29:1"}]})
    quoted = "/v3/conversations/19:c@thread.tacv2;messageid=17/activities"
    assert [(p.method, p.path, p.query) for p in wire.record] == [
        ("POST", quoted, ""),
        ("POST", f"{quoted}/a%2Fb", ""),
        ("PUT", f"{quoted}/m1", "isTargetedActivity=true"),
        ("DELETE", f"{quoted}/m1", ""),
        ("POST", "/v3/conversations", ""),
    ]
    assert created.conversation_id == "m5"
    assert wire.record[0].body == HELLO
    assert wire.record[0].token == "secret-0"


@pytest.mark.parametrize("status", [429, 412])
async def test_what_was_surely_not_accepted_is_sent_again(status: int) -> None:
    wire, clock = ConnectorWire(failing(2, status, "x", Retry_After="7")), Clock(0.0)
    async with connecting(wire, clock) as (connector, url, _):
        assert await connector.send(url, CHAT, HELLO) == "m3"
    assert len(wire.record) == 3
    if status == 429:
        assert clock.slept == [7.0, 7.0]


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, RESET])
async def test_what_may_have_been_accepted_is_posted_once(status: int) -> None:
    wire = ConnectorWire(failing(1, status))
    async with connecting(wire) as (connector, url, _):
        with pytest.raises(errors.Ambiguous):
            await connector.send(url, CHAT, HELLO)
    assert len(wire.record) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, RESET])
async def test_updates_deletes_and_reads_are_repeated(status: int) -> None:
    wire = ConnectorWire(failing(2, status))
    async with connecting(wire) as (connector, url, _):
        await connector.update(url, CHAT, "m1", HELLO)
        wire.script = failing(2, status)
        await connector.delete(url, CHAT, "m1")
        wire.script = failing(2, status)
        assert await connector.members(url, CHAT) == []
        wire.script = failing(99, status)
        with pytest.raises(errors.Unreachable):
            await connector.update(url, CHAT, "m1", HELLO)
    # A broken connection to a repeatable call is tried again below us too, by aiohttp.
    assert len(wire.record) == 9 + ATTEMPTS or status == RESET


async def test_a_refused_token_is_renewed_once() -> None:
    wire = ConnectorWire(failing(1, 401))
    async with connecting(wire) as (connector, url, tokens):
        assert await connector.send(url, CHAT, HELLO) == "m2"
        assert (tokens.refused, wire.record[1].token) == (["secret-0"], "secret-1")
        wire.script = failing(99, 401, "BotNotRegistered")
        with pytest.raises(errors.NotAllowed):
            await connector.send(url, CHAT, HELLO)
    assert len(wire.record) == 4


async def test_patience_with_a_throttling_service_ends() -> None:
    wire = ConnectorWire(failing(99, 429, "Throttled", Retry_After="50"))
    async with connecting(wire) as (connector, url, _):
        with pytest.raises(errors.Busy) as busy:
            await connector.send(url, CHAT, HELLO)
    assert busy.value.seconds == 50.0
    assert len(wire.record) == 2


@pytest.mark.parametrize(
    ("status", "code", "text", "kind"),
    [
        (400, "BadArgument", "", errors.Rejected),
        (403, "BotDisabledByAdmin", "", errors.Blocked),
        (403, "BotNotInConversationRoster", "", errors.Blocked),
        (403, "ConversationBlockedByUser", "", errors.Blocked),
        (403, "ForbiddenOperationException", "", errors.Blocked),
        (403, "NotEnoughPermissions", "", errors.NotAllowed),
        (403, "ContentStreamNotAllowed", "Content stream is not allowed", errors.Refusal.OFF),
        (403, "ContentStreamNotAllowed", "Content stream was canceled by user", errors.Refusal.STOPPED),
        (403, "ContentStreamNotAllowed", "Content stream was cancelled by user.", errors.Refusal.STOPPED),
        (403, "ContentStreamNotAllowed", "finished due to exceeded streaming time.", errors.Refusal.TIMED_OUT),
        (403, "ContentStreamNotAllowed", "contain the previously streamed content", errors.Refusal.CHANGED),
        (403, "ContentStreamNotAllowed", "on an already completed streamed message", errors.Refusal.COMPLETED),
        (403, "ContentStreamNotAllowed", "Message size too large", errors.Refusal.TOO_BIG),
        (404, "ConversationNotFound", "", errors.ConversationGone),
        (404, "ActivityNotFoundInConversation", "", errors.MessageGone),
        (413, "MessageSizeTooBig", "", errors.TooBig),
    ],
)
async def test_refusals_are_named_and_not_repeated(status: int, code: str, text: str, kind: Any) -> None:
    wire = ConnectorWire(failing(9, status, code, text + " canary"))
    async with connecting(wire) as (connector, url, _):
        with pytest.raises(errors.ConnectorError) as raised:
            await connector.send(url, CHAT, HELLO)
    assert len(wire.record) == 1
    assert raised.value.code == code
    assert "canary" not in str(raised.value)
    if isinstance(kind, errors.Refusal):
        assert isinstance(raised.value, errors.StreamRefused)
        assert raised.value.why is kind
    else:
        assert type(raised.value) is kind


async def test_nobody_listening_is_tried_again_and_named() -> None:
    outbound, clock = Outbound(tls_context()), Clock(0.0)
    async with serving() as url:
        closed = f"{url}/"
    host = closed.removeprefix("http://").rstrip("/")
    connector = Connector(outbound, Tokens(), frozenset({host}), now=clock, sleep=clock.sleep)
    with pytest.raises(errors.Unreachable):
        await connector.send(closed, CHAT, HELLO)
    assert len(clock.slept) == ATTEMPTS - 1
    await outbound.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://x.trafficmanager.net/",
        "http://169.254.169.254/",
        "http://localhost:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@evil.example/",
        "http://127.0.0.1:{port}/?x=",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "",
    ],
)
async def test_the_token_goes_to_listed_hosts_only(url: str) -> None:
    wire = ConnectorWire()
    async with connecting(wire) as (connector, good, _):
        port = good.rstrip("/").rpartition(":")[2]
        for call in (connector.send, connector.update, connector.members):
            arguments: tuple[Any, ...] = {"send": (HELLO,), "update": ("m1", HELLO)}.get(call.__name__, ())
            with pytest.raises(errors.ForeignHost):
                await call(url.replace("{port}", port), CHAT, *arguments)
    assert wire.record == []


async def test_redirects_are_not_followed() -> None:
    wire = ConnectorWire(lambda _: web.Response(status=307, headers={"Location": "http://127.0.0.1:9/"}))
    async with connecting(wire) as (connector, url, _):
        with pytest.raises(errors.Rejected):
            await connector.send(url, CHAT, HELLO)
    assert len(wire.record) == 1


async def test_members_come_page_by_page() -> None:
    def script(posted: Posted) -> web.Response:
        token = "" if "continuationToken" in posted.query else "a&b"
        return web.json_response({"members": [{"id": posted.query}], "continuationToken": token})

    wire = ConnectorWire(script)
    async with connecting(wire) as (connector, url, _):
        assert len(await connector.members(url, CHAT)) == 2
    assert wire.record[1].query == "pageSize=500&continuationToken=a%26b"


async def test_one_conversation_keeps_its_windows_and_others_do_not_wait() -> None:
    wire, clock = ConnectorWire(), Clock(1000.0)
    async with connecting(wire, clock) as (connector, url, _):
        for _ in range(7):
            await connector.send(url, CHAT, HELLO)
        assert clock.slept == []
        await connector.send(url, "a:other", HELLO)
        assert clock.slept == []
        await connector.send(url, CHAT, HELLO)
        assert clock.slept == [pytest.approx(1.05)]


async def test_a_post_is_announced_when_it_leaves_and_not_while_it_waits() -> None:
    wire, clock = ConnectorWire(), Clock(1000.0)
    announced: list[tuple[int, int]] = []

    async def announce() -> None:
        announced.append((len(clock.slept), len(wire.record)))

    async with connecting(wire, clock) as (connector, url, _):
        for _ in range(8):
            await connector.send(url, CHAT, HELLO, announce=announce)
    assert announced[-1] == (1, 7), "after the wait, before the call"
    assert len(wire.record) == 8


@given(st.lists(st.floats(0, 3), min_size=1, max_size=200))
def test_no_window_is_ever_exceeded(gaps: list[float]) -> None:
    clock = Clock(0.0)
    pacer, calls = Pacer.of(SEND, clock, clock.sleep), []
    for gap in gaps:
        clock.at += gap
        calls.append(clock.at + pacer.reserve("x"))
    assert calls == sorted(calls)
    for limit, seconds in SEND:
        for first, last in zip(calls, calls[limit:], strict=False):
            assert last - first > seconds


async def test_waiting_callers_leave_in_order() -> None:
    wire = ConnectorWire()
    clock = Clock(0.0)
    turns: list[asyncio.Future[None]] = []

    async def sleep(_: float) -> None:
        turns.append(asyncio.get_running_loop().create_future())
        await turns[-1]

    async with connecting(wire, clock, sleep) as (connector, url, _):
        sent = [asyncio.create_task(connector.send(url, CHAT, {"text": str(n)})) for n in range(9)]
        await asyncio.gather(*sent[:7])
        for waiting, task in zip(turns, sent[7:], strict=True):
            waiting.set_result(None)
            await task
    assert [json.loads(p.body["text"]) for p in wire.record[7:]] == [7, 8]


async def test_a_service_that_says_when_to_come_back_has_accepted_nothing() -> None:
    wire, clock = ConnectorWire(failing(1, 503, Retry_After="3")), Clock(0.0)
    async with connecting(wire, clock) as (connector, url, _):
        assert await connector.send(url, CHAT, HELLO) == "m2"
    assert clock.slept == [3.0]


@pytest.mark.parametrize("status", [429, 412, 503])
async def test_what_is_passing_is_tried_once(status: int) -> None:
    wire, clock = ConnectorWire(failing(9, status, Retry_After="7")), Clock(0.0)
    async with connecting(wire, clock) as (connector, url, _):
        with pytest.raises(errors.ConnectorError) as refused:
            await connector.send(url, CHAT, HELLO, passing=True)
        with pytest.raises(errors.ConnectorError):
            await connector.update(url, CHAT, "m1", HELLO, passing=True)
    assert (len(wire.record), clock.slept) == (2, [])
    if isinstance(refused.value, errors.Busy):
        assert refused.value.seconds == 7.0


async def test_what_is_passing_does_not_stand_in_line() -> None:
    wire, clock = ConnectorWire(), Clock(1000.0)
    async with connecting(wire, clock) as (connector, url, _):
        for _ in range(7):
            await connector.send(url, CHAT, HELLO, passing=True)
        with pytest.raises(errors.Busy) as busy:
            await connector.send(url, CHAT, HELLO, passing=True)
        assert busy.value.seconds == pytest.approx(1.05)
        assert clock.slept == []
        await connector.send(url, CHAT, HELLO)
        assert clock.slept == [pytest.approx(1.05)], "and took nobody's place"
    assert len(wire.record) == 8


async def test_a_government_tenant_is_reached_at_its_own_host() -> None:
    def moved(posted: Posted) -> web.Response | None:
        body = {"error": {"code": "InvalidBotApiHost", "message": "For GCC tenants, please call ..."}}
        return None if posted.path.startswith("/gcc/") else web.json_response(body, status=403)

    wire, outbound = ConnectorWire(moved), Outbound(tls_context())
    async with serving(web.route("*", "/{tail:.*}", wire.handle)) as url:
        hosts = frozenset({url.removeprefix("http://")})
        connector = Connector(outbound, Tokens(), hosts, now=Clock(0.0), gcc_url=f"{url}/gcc")
        assert await connector.send(f"{url}/amer/", CHAT, HELLO) == "m2"
        elsewhere = Connector(outbound, Tokens(), hosts, now=Clock(0.0))
        with pytest.raises(errors.NotAllowed):
            await elsewhere.send(f"{url}/amer/", CHAT, HELLO)
        wire.script = lambda _: web.json_response({"error": {"code": "InvalidBotApiHost"}}, status=403)
        with pytest.raises(errors.NotAllowed):
            await connector.send(f"{url}/amer/", CHAT, HELLO)
    await outbound.aclose()
    assert [p.path.split("/")[1] for p in wire.record] == ["amer", "gcc", "amer", "amer", "gcc"]
