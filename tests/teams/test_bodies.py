"""Every body that is not a well-formed activity for us: refused with a 4xx before anything behind the gate sees it."""

import gzip
import json
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from bot.teams.hosts import service_base
from bot.teams.schema import MAX_BODY, Gate, Refused
from tests.teams.wires import TENANT, Bench, bench, message

SERVICE = "https://smba.trafficmanager.net/emea/"
GATE = Gate(TENANT, frozenset({"smba.trafficmanager.net"}))
GOOD = json.dumps(message(SERVICE)).encode()

NOT_JSON: dict[str, bytes] = {
    "empty": b"",
    "space": b" ",
    "open brace": b"{",
    "close brace": b"}",
    "open bracket": b"[",
    "list": b"[]",
    "list of activity": b"[" + GOOD + b"]",
    "text": b'"x"',
    "null": b"null",
    "true": b"true",
    "number": b"1",
    "NaN alone": b"NaN",
    "lone quote": b'"',
    "single quotes": b"{'type':'message'}",
    "trailing comma": GOOD[:-1] + b",}",
    "double comma": GOOD[:-1] + b',,"x":1}',
    "missing colon": b'{"type" "message"}',
    "missing value": b'{"type":}',
    "unquoted key": b"{type:1}",
    "comment": GOOD + b"/* x */",
    "line comment": b"// x\n" + GOOD,
    "trailing garbage": GOOD + b"x",
    "two objects": GOOD + GOOD,
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-16 without mark": GOOD.decode().encode("utf-16-le"),
    "UTF-32": GOOD.decode().encode("utf-32"),
    "latin-1": GOOD[:-1] + b',"x":"\xe9"}',
    "overlong slash": GOOD[:-1] + b',"x":"\xc0\xaf"}',
    "raw surrogate": GOOD[:-1] + b',"x":"\xed\xa0\x80"}',
    "cut character": GOOD[:-1] + b',"x":"\xe2\x82"}',
    "lone surrogate": GOOD[:-1] + b',"x":"\\ud800"}',
    "lone low surrogate": GOOD[:-1] + b',"x":"\\udc00"}',
    "surrogates reversed": GOOD[:-1] + b',"x":"\\uDC00\\uD800"}',
    "surrogate as key": GOOD[:-1] + b',"\\ud800":1}',
    "zero character": GOOD[:-1] + b',"x":"a\\u0000b"}',
    "raw zero": GOOD[:-1] + b',"x":"a\x00b"}',
    "raw newline in text": GOOD[:-1] + b',"x":"a\nb"}',
    "raw tab in text": GOOD[:-1] + b',"x":"a\tb"}',
    "bad escape": GOOD[:-1] + b',"x":"\\x41"}',
    "short escape": GOOD[:-1] + b',"x":"\\u00"}',
    "NaN": GOOD[:-1] + b',"x":NaN}',
    "Infinity": GOOD[:-1] + b',"x":Infinity}',
    "minus Infinity": GOOD[:-1] + b',"x":-Infinity}',
    "exponent overflow": GOOD[:-1] + b',"x":1e999}',
    "minus exponent overflow": GOOD[:-1] + b',"x":-1e999}',
    "5000 digits": GOOD[:-1] + b',"x":' + b"9" * 5000 + b"}",
    "50 digits": GOOD[:-1] + b',"x":' + b"9" * 50 + b"}",
    "long fraction": GOOD[:-1] + b',"x":0.' + b"1" * 5000 + b"}",
    "leading zero": GOOD[:-1] + b',"x":01}',
    "leading plus": GOOD[:-1] + b',"x":+1}',
    "hexadecimal": GOOD[:-1] + b',"x":0x1}',
    "bare point": GOOD[:-1] + b',"x":.5}',
    "duplicate type": GOOD[:-1] + b',"type":"invoke"}',
    "duplicate serviceUrl": GOOD[:-1] + b',"serviceUrl":"https://evil.example/"}',
    "duplicate inside": GOOD[:-1] + b',"value":{"a":1,"a":2}}',
    "100 deep": GOOD[:-1] + b',"value":' + b"[" * 100 + b"]" * 100 + b"}",
    "100 deep objects": GOOD[:-1] + b',"value":' + b'{"a":' * 100 + b"1" + b"}" * 101,
    "5000 deep": b"[" * 5000 + b"]" * 5000,
    "50000 deep unclosed": b"[" * 50_000,
    "deep objects unclosed": b'{"a":' * 20_000,
    "form": b"type=message&id=1",
    "XML": b"<activity/>",
}

WRONG: dict[str, dict[str, Any]] = {
    "no type": {"type": ...},
    "type number": {"type": 5},
    "type null": {"type": None},
    "type list": {"type": ["message"]},
    "type empty": {"type": ""},
    "type blank": {"type": "  "},
    "no id": {"id": ...},
    "id number": {"id": 1763805600123},
    "id null": {"id": None},
    "id empty": {"id": ""},
    "id object": {"id": {"$gt": ""}},
    "id too long": {"id": "1" * 5000},
    "id not ASCII": {"id": "\u00e9"},
    "id with newline": {"id": "1\n2"},
    "id with escape character": {"id": "1\x1b[2J"},
    "no id on an edit": {"type": "messageUpdate", "id": ...},
    "no id on a reaction": {"type": "messageReaction", "id": ...},
    "no channel": {"channelId": ...},
    "channel number": {"channelId": 1},
    "channel null": {"channelId": None},
    "no serviceUrl": {"serviceUrl": ...},
    "serviceUrl null": {"serviceUrl": None},
    "serviceUrl number": {"serviceUrl": 80},
    "serviceUrl list": {"serviceUrl": [SERVICE]},
    "serviceUrl empty": {"serviceUrl": ""},
    "no conversation": {"conversation": ...},
    "conversation text": {"conversation": "a:1"},
    "conversation list": {"conversation": []},
    "conversation null": {"conversation": None},
    "conversation empty": {"conversation": {}},
    "conversation id number": {"conversation": {"id": 1}},
    "conversation id null": {"conversation": {"id": None}},
    "conversation id object": {"conversation": {"id": {}}},
    "conversation id too long": {"conversation": {"id": "a" * 5000}},
    "conversation id with zero width control": {"conversation": {"id": "a:\u0085b"}},
    "conversation type number": {"conversation": {"id": "a", "tenantId": TENANT, "conversationType": 1}},
    "conversation group text": {"conversation": {"id": "a", "tenantId": TENANT, "isGroup": "yes"}},
    "no sender": {"from": ...},
    "sender text": {"from": "Ana"},
    "sender without id": {"from": {"name": "Ana"}},
    "sender id number": {"from": {"id": 7}},
    "sender name object": {"from": {"id": "29:1", "name": {}}},
    "sender object id number": {"from": {"id": "29:1", "aadObjectId": 7}},
    "sender list": {"from": [{"id": "29:1"}]},
    "no recipient": {"recipient": ...},
    "recipient without id": {"recipient": {}},
    "recipient targeted text": {"recipient": {"id": "28:x", "isTargeted": "true"}},
    "text number": {"text": 5},
    "text list": {"text": ["a"]},
    "text object": {"text": {}},
    "text too long": {"text": "a" * 100_001},
    "entities text": {"entities": "x"},
    "entities object": {"entities": {}},
    "entities of text": {"entities": ["mention"]},
    "entities of null": {"entities": [None]},
    "entity without type": {"entities": [{"text": "x"}]},
    "entity type number": {"entities": [{"type": 1}]},
    "too many entities": {"entities": [{"type": "mention"}] * 1001},
    "attachments text": {"attachments": "x"},
    "attachments of numbers": {"attachments": [1]},
    "attachment without type": {"attachments": [{"name": "a"}]},
    "attachment name number": {"attachments": [{"contentType": "a/b", "name": 1}]},
    "members text": {"type": "conversationUpdate", "membersAdded": "x"},
    "member without id": {"type": "conversationUpdate", "membersAdded": [{}]},
    "reactions object": {"type": "messageReaction", "reactionsAdded": {}},
    "reaction without type": {"type": "messageReaction", "reactionsAdded": [{}]},
    "channel data text": {"channelData": "x"},
    "channel data list": {"channelData": []},
    "tenant text": {"channelData": {"tenant": "x"}},
    "tenant id number": {"channelData": {"tenant": {"id": 1}}},
    "team list": {"channelData": {"tenant": {"id": TENANT}, "team": []}},
    "timestamp text": {"timestamp": "yesterday"},
    "timestamp number": {"timestamp": 1763805600},
    "timestamp date": {"timestamp": "2026-11-22"},
    "timestamp month 13": {"timestamp": "2026-13-01T00:00:00Z"},
    "local timestamp list": {"localTimestamp": []},
    "locale number": {"locale": 1},
    "reply number": {"replyToId": 1},
    "name number": {"type": "invoke", "name": 1},
    "name list": {"type": "invoke", "name": ["a"]},
}

NOT_OURS: dict[str, dict[str, Any]] = {
    "other tenant": {"conversation": {"id": "a", "tenantId": "other"}},
    "other tenant, botbuilder's spelling": {"conversation": {"id": "a", "tenantID": "other"}},
    "other tenant in channel data": {"channelData": {"tenant": {"id": "other"}}},
    "no tenant": {"conversation": {"id": "a"}, "channelData": ...},
    "empty tenant": {"conversation": {"id": "a", "tenantId": ""}, "channelData": ...},
}

HOSTS = [
    "https://evil.example/",
    "http://smba.trafficmanager.net/",
    "https://smba.trafficmanager.net.evil.example/",
    "https://evil-smba.trafficmanager.net/",
    "https://evil.trafficmanager.net/",
    "https://smba.trafficmanager.net@evil.example/",
    "https://evil.example/smba.trafficmanager.net",
    "https://smba.trafficmanager.net:8443/",
    "https://smba.trafficmanager.net:99999999/",
    "https://smba.trafficmanager.net\\@evil.example/",
    "https://smba.trafficmanager.net/?x=1",
    "https://smba.trafficmanager.net/#x",
    "https://smba.trafficmanager.net/../x",
    "https://smba.trafficmanager.net /",
    "https://smba.trafficmanager.net./",
    "https://smba.trafficmanager.net/\n",
    "https://ѕmba.trafficmanager.net/",
    "https:smba.trafficmanager.net/",
    "//smba.trafficmanager.net/",
    "ftp://smba.trafficmanager.net/",
    "http://169.254.169.254/",
    "http://localhost/",
    "http://127.0.0.1:8080/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "javascript:alert(1)",
    "smba.trafficmanager.net",
]


async def refused(endpoint: Bench, status: int, **sent: Any) -> None:
    answered, body = await endpoint.post(sent.pop("body", None), **sent)
    assert answered == status, body
    assert endpoint.reached == 0


@pytest.mark.parametrize("name", NOT_JSON)
async def test_what_is_not_an_object_in_json(endpoint: Bench, name: str) -> None:
    await refused(endpoint, 400, raw=NOT_JSON[name].replace(SERVICE.encode(), endpoint.service_url.encode()))


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_not_an_activity(endpoint: Bench, name: str) -> None:
    await refused(endpoint, 400, body=message(endpoint.service_url, **WRONG[name]))


@pytest.mark.parametrize("name", NOT_OURS)
async def test_other_tenants(endpoint: Bench, name: str) -> None:
    await refused(endpoint, 403, body=message(endpoint.service_url, **NOT_OURS[name]))


@pytest.mark.parametrize("url", HOSTS)
async def test_other_hosts(endpoint: Bench, url: str) -> None:
    token = endpoint.token(serviceurl=url)
    await refused(endpoint, 403 if url.isprintable() else 400, body=message(url), token=token)


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "text/json",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json, text/plain",
    ],
)
async def test_other_content_types(endpoint: Bench, kind: str) -> None:
    await refused(endpoint, 415, body=message(endpoint.service_url), headers={"Content-Type": kind})


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed_bodies(endpoint: Bench, encoding: str) -> None:
    raw = gzip.compress(b"x" * 5_000_000)
    status, _ = await endpoint.post(None, raw=raw, headers={"Content-Encoding": encoding})
    assert status in {400, 413, 415}
    assert endpoint.reached == 0


async def test_large_bodies(endpoint: Bench) -> None:
    large = message(endpoint.service_url, value={"x": "y" * MAX_BODY})
    await refused(endpoint, 413, body=large)

    async def chunks() -> Any:
        for _ in range(100):
            yield b" " * 65536

    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {endpoint.token()}"}
    async with ClientSession() as session, session.post(endpoint.url, data=chunks(), headers=headers) as response:
        assert response.status == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_other_methods(endpoint: Bench, method: str) -> None:
    async with endpoint.session.request(method, endpoint.url) as response:
        assert response.status == 405


async def test_ordinary_messages_pass(endpoint: Bench) -> None:
    for changes in (
        {},
        {"text": "C:\\u0000\\ud800 as typed 😀 \U0001f600"},
        {"text": "", "value": {"n": [1, 2.5, -3, {"deep": [[[1]]]}]}},
        {"text": ...},
        {"entities": ..., "channelData": ...},
        {"conversation": {"id": "a", "tenantID": TENANT.upper()}},
    ):
        assert (await endpoint.post(message(endpoint.service_url, **changes)))[0] == 202
    assert len(endpoint.admitted) == 6
    assert endpoint.admitted[0] == message(endpoint.service_url)


async def test_a_store_that_is_down_is_the_only_5xx(endpoint: Bench) -> None:
    endpoint.admit_fails = OSError("down")
    assert (await endpoint.post(message(endpoint.service_url)))[0] == 503
    endpoint.admit_fails = None
    assert (await endpoint.post(message(endpoint.service_url)))[0] == 202


async def test_any_tenant_is_served_when_none_is_named() -> None:
    async with bench(tenant="") as endpoint:
        for conversation in ({"id": "a"}, {"id": "a", "tenantId": "anybody"}):
            body = message(endpoint.service_url, conversation=conversation, channelData=...)
            assert (await endpoint.post(body))[0] == 202


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.sampled_from(sorted(message(SERVICE))), JSON)
def test_any_value_in_any_field_is_taken_or_refused(field: str, value: Any) -> None:
    taken_or_refused(json.dumps({**message(SERVICE), field: value}).encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=200), st.integers(0, len(GOOD)), st.integers(0, 20))
def test_any_bytes_anywhere_are_taken_or_refused(noise: bytes, at: int, cut: int) -> None:
    taken_or_refused(GOOD[:at] + noise + GOOD[at + cut :])


def taken_or_refused(raw: bytes) -> None:
    try:
        activity = GATE.admit("application/json", "", raw)
    except Refused as refused:
        status = refused.status
    else:
        status = 202
        assert isinstance(activity["conversation"]["id"], str)
        json.dumps(activity, ensure_ascii=False).encode()
    assert status in {202, 400, 403, 413, 415}


@given(st.text(max_size=40))
def test_only_listed_hosts_are_ever_named(tail: str) -> None:
    hosts = frozenset({"smba.trafficmanager.net", "127.0.0.1:3979"})
    for head in ("https://", "https://smba.trafficmanager.net", "http://127.0.0.1:3979", ""):
        base = service_base(head + tail, hosts)
        if base is not None:
            assert base.startswith(("https://smba.trafficmanager.net", "http://127.0.0.1:3979"))
            assert base.partition("://")[2].partition("/")[0] in hosts | {"smba.trafficmanager.net:443"}
