"""The bugs other Teams bots were published with, tried on ours: no request may leave for a host that was not named."""

import asyncio
import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from bot.outbound import Allowed, GuardedResolver, Outbound, OutboundRefused, check, is_public, tls_context

GRAPH = Allowed.of("Graph", ["graph.microsoft.com", "smba.trafficmanager.net", "https://login.example.com:8443/x"])
METADATA = "169.254.169.254"


@dataclass
class Answers(AbstractResolver):
    """A name server under the attacker's control: each question gets the next answer."""

    addresses: list[list[str]]
    asked: list[str] = field(default_factory=list[str])

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses.pop(0)
        ]

    async def close(self) -> None: ...


@dataclass
class Server:
    port: int
    seen: list[web.Request]

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def allowed(self) -> Allowed:
        return Allowed.of("the test", [f"127.0.0.1:{self.port}"])


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        if request.path == "/redirect":
            return web.Response(status=302, headers={"Location": f"http://{METADATA}/latest", "Set-Cookie": "a=b"})
        if request.path == "/large":
            return web.Response(body=b"x" * 3000, headers={"Set-Cookie": "a=b"})
        if request.path == "/bomb":
            response = web.Response(body=b"\0" * 5_000_000)
            response.enable_compression(web.ContentCoding.gzip)
            return response
        if request.path == "/slow":
            await asyncio.sleep(5)
        return web.json_response({"path": request.path}, headers={"Set-Cookie": "a=b"})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port: int = runner.addresses[0][1]
    yield Server(port, seen)
    await runner.cleanup()


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    client = Outbound(tls_context())
    yield client
    await client.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.trafficmanager.net/v3",  # anyone can register a name under the suffix
        "https://xsmba.trafficmanager.net/",
        "https://smba.trafficmanager.net.evil.com/",
        "https://smba.trafficmanager.net./",
        "https://graph.microsoft.com@evil.com/",
        "https://evil.com#@graph.microsoft.com/",
        "https://evil.com/?x=graph.microsoft.com",
        "https://evil.com\\@graph.microsoft.com/",
        "https://user@graph.microsoft.com/",
        "https://user:pass@graph.microsoft.com/",
        "https://:@graph.microsoft.com/",
        "https://graph.microsoft.com:8443/",
        "https://graph.microsoft.com:80/",
        "https://login.example.com/",
        "http://graph.microsoft.com/",
        "http://graph.microsoft.com:443/",
        "ftp://graph.microsoft.com/",
        "file:///etc/passwd",
        "//graph.microsoft.com/",
        "graph.microsoft.com/v1.0",
        "https:graph.microsoft.com",
        "",
        "https://",
        "https://[",
        "https://[::1",
        "https://graph.microsoft.com:notaport/",
        "https://graph.microsoft.com:99999/",
        " https://graph.microsoft.com/",
        "https://graph.microsoft.com/\r\nHost: evil.com",
        "https://graph.microsoft.com/a b",
        "https://graph\u3002microsoft\u3002com.evil.com/",
        "https://gr\u0430ph.microsoft.com/",
        "https://127.0.0.1/",
        f"http://{METADATA}/metadata/identity",
        "https://[::ffff:169.254.169.254]/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://127.1/",
    ],
)
def test_addresses_that_are_not_on_the_list_are_refused(url: str) -> None:
    with pytest.raises(OutboundRefused) as caught:
        check(url, GRAPH)
    assert "pass" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "host",
    ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "127.1", "0177.0.0.1", METADATA, "10.0.0.8", "192.168.1.1",
     "100.64.0.1", "168.63.129.16", "0.0.0.0", "[::ffff:10.0.0.1]", "[::ffff:127.0.0.1]", "[fd00::1]", "[fe80::1]",
     "[64:ff9b::a00:1]", "[2002:a00:1::]", "224.0.0.1"],
)  # fmt: skip
def test_even_on_the_list_a_private_address_in_any_spelling_is_refused(host: str) -> None:
    with pytest.raises(OutboundRefused):
        check(f"https://{host}/", Allowed("a mistake", frozenset({(host.strip("[]"), 443)})))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_no_ipv6_spelling_makes_a_private_address_public(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    forms = [
        ipaddress.IPv6Address(0xFFFF << 32 | number),
        ipaddress.IPv6Address(0x2002 << 112 | number << 80),
        ipaddress.IPv6Address(0x64FF9B << 96 | number),
    ]
    if not is_public(address):
        assert not any(is_public(form) for form in forms)


@given(st.text(max_size=60))
def test_whatever_is_read_is_refused_or_exactly_on_the_list(text: str) -> None:
    for url in (text, f"https://{text}", f"https://graph.microsoft.com{text}", f"https://{text}graph.microsoft.com/"):
        try:
            parsed = check(url, GRAPH)
        except OutboundRefused:
            continue
        assert (parsed.raw_host, parsed.port, parsed.scheme) in {
            ("graph.microsoft.com", 443, "https"),
            ("smba.trafficmanager.net", 443, "https"),
            ("login.example.com", 8443, "https"),
        }
        assert parsed.user is None


def test_the_list_is_exact_and_case_and_default_ports_do_not_matter() -> None:
    assert str(check("HTTPS://Graph.Microsoft.Com/v1.0/me?$top=1", GRAPH)).startswith(
        "https://graph.microsoft.com/v1.0"
    )
    assert check("https://graph.microsoft.com:443/v1.0", GRAPH).port == 443
    assert check("https://login.example.com:8443/", GRAPH).port == 8443
    for wrong in ("", "ftp://host", "https://"):
        with pytest.raises(ValueError, match="host"):
            Allowed.of("x", [wrong])


async def test_a_name_that_leads_inside_is_refused_and_nothing_is_sent() -> None:
    answers = Answers([["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:169.254.169.254"], ["fe80::1%eth0"]])
    client = Outbound(tls_context(), resolver=answers)
    for _ in range(4):
        with pytest.raises(OutboundRefused, match="not on the public internet"):
            await client.request("GET", "https://graph.microsoft.com/", allowed=GRAPH)
    await client.aclose()


async def test_the_address_that_was_judged_is_the_one_that_is_called() -> None:
    """DNS rebinding: the second answer would be the metadata service, but nobody asks a second time."""
    answers = Answers([["203.0.114.9"], [METADATA]])
    found = await GuardedResolver(answers).resolve("graph.microsoft.com", 443)
    assert [result["host"] for result in found] == ["203.0.114.9"]
    assert len(answers.asked) == 1
    with pytest.raises(OutboundRefused):
        await GuardedResolver(answers).resolve("graph.microsoft.com", 443)


async def test_localhost_is_loopback_and_nothing_else(server: Server) -> None:
    allowed = Allowed.of("the test", [f"localhost:{server.port}"])
    client = Outbound(tls_context(), resolver=Answers([["127.0.0.1"], ["8.8.8.8"]]))
    reply = await client.request("GET", f"http://localhost:{server.port}/a", allowed=allowed)
    assert reply.json() == {"path": "/a"}
    await client.aclose()
    with pytest.raises(OutboundRefused):
        await GuardedResolver(Answers([["8.8.8.8"]])).resolve("localhost", 1)


async def test_redirects_come_back_and_are_not_followed(server: Server, outbound: Outbound) -> None:
    reply = await outbound.request(
        "GET", server.url("/redirect"), allowed=server.allowed, headers={"Authorization": "Bearer canary"}
    )
    assert reply.status == 302
    assert len(server.seen) == 1
    with pytest.raises(OutboundRefused):
        await outbound.request("GET", reply.headers["Location"], allowed=server.allowed)


async def test_another_port_of_the_same_machine_is_another_host(server: Server, outbound: Outbound) -> None:
    with pytest.raises(OutboundRefused):
        await outbound.request("GET", f"http://127.0.0.1:{server.port + 1}/", allowed=server.allowed)


@pytest.mark.parametrize("path", ["/large", "/bomb"])
async def test_large_answers_are_cut_off_also_when_they_are_small_on_the_wire(
    server: Server, outbound: Outbound, path: str
) -> None:
    with pytest.raises(OutboundRefused, match="larger than 1000"):
        await outbound.request("GET", server.url(path), allowed=server.allowed, max_bytes=1000)


async def test_slow_answers_end(server: Server, outbound: Outbound) -> None:
    with pytest.raises(TimeoutError):
        await outbound.request("GET", server.url("/slow"), allowed=server.allowed, timeout=0.1)


async def test_no_cookies_and_nothing_from_the_environment(
    server: Server, outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    for path in ("/first", "/second"):
        await outbound.request("POST", server.url(path), allowed=server.allowed, json={"a": 1})
    assert [request.path for request in server.seen] == ["/first", "/second"]
    assert not any("Cookie" in request.headers for request in server.seen)


async def test_refused_connections_stay_aiohttps_own_error(outbound: Outbound) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(aiohttp.ClientConnectorError):
        await outbound.request("GET", f"http://127.0.0.1:{port}/", allowed=Allowed.of("x", [f"127.0.0.1:{port}"]))


def test_extra_trust_must_exist(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        tls_context(str(tmp_path / "missing.pem"))


def test_the_guard_costs_microseconds(record_property: Callable[[str, object], None]) -> None:
    urls = [f"https://smba.trafficmanager.net/amer/v3/conversations/{n}/activities" for n in range(2000)]
    started = time.perf_counter()
    for url in urls:
        check(url, GRAPH)
    each = (time.perf_counter() - started) / len(urls) * 1e6
    record_property("microseconds", round(each, 1))
    assert each < 2000, "not a benchmark: only far-off mistakes fail here"
