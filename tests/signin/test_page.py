"""Our sign-in page, visited by something that behaves like a browser, and by people with other intentions."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import aiohttp
import pytest
from aiohttp import web
from cryptography.fernet import Fernet

from bot.context import Person
from bot.outbound import tls_context
from bot.signin.page import SignInPage
from graph.errors import SignInNeeded
from infra.local.entra_state import entra_state
from infra.local.world import Fault
from tests.signin.conftest import SCOPES, Stack

KEY = Fernet.generate_key().decode()
TOKEN = "POST */token"


@dataclass
class Site:
    stack: Stack
    page: SignInPage
    base: str

    def browser(self, **headers: str) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls_context(self.stack.settings.ca_bundle)),
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # "unsafe" means: also for addresses without a name
            headers=headers,
        )

    def people(self) -> tuple[Person, Person]:
        one, two = [p.given_name for p in self.stack.world.company.people if not p.is_guest][:2]
        return self.stack.person(one), self.stack.person(two)


@pytest.fixture
async def site(stack: Stack) -> AsyncIterator[Site]:
    address: list[str] = []
    page = SignInPage(stack.sign_in, [KEY], stack.settings.login_base_url, base_url=lambda: address[0])
    app = web.Application()
    app.add_routes(page.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield Site(stack, page, address[0])
    await runner.cleanup()


@dataclass
class Seen:
    status: int
    text: str
    headers: Any

    @property
    def code(self) -> str:
        found = re.search(r"<strong>(\d{6})</strong>", self.text)
        return found[1] if found else ""


async def get(browser: aiohttp.ClientSession, url: str) -> Seen:
    async with browser.get(url, allow_redirects=False) as response:
        return Seen(response.status, await response.text(), response.headers)


async def to_microsoft(browser: aiohttp.ClientSession, link: str) -> str:
    start = await get(browser, link)
    assert start.status == 302, start.text
    return str(start.headers["Location"])


async def back(browser: aiohttp.ClientSession, authorize: str, who: Person | str, stack: Stack, auto: str = "1") -> str:
    """Picks an account at Microsoft; gives the address Microsoft sends the browser back to."""
    mail = stack.world.person(who.id if isinstance(who, Person) else who).mail
    answer = await get(browser, changed(authorize, login_hint=mail, auto=auto))
    assert answer.status == 302, answer.text
    return str(answer.headers["Location"])


async def visit(site: Site, browser: aiohttp.ClientSession, link: str, who: Person) -> Seen:
    return await get(browser, await back(browser, await to_microsoft(browser, link), who, site.stack))


def changed(url: str, **values: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **values})))


async def test_the_whole_way(site: Site) -> None:
    person, _ = site.people()
    entra_state(site.stack.world).consents[person.id] = set()
    async with site.browser() as browser:
        authorize = await to_microsoft(browser, site.page.link(person))
        asked = parse_qs(urlsplit(authorize).query)
        assert authorize.startswith(site.stack.settings.login_base_url)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["response_mode"] == ["query"]
        assert asked["nonce"]
        assert asked["redirect_uri"] == [f"{site.base}/signin/callback"]
        assert set(SCOPES) | {"openid", "offline_access"} <= set(asked["scope"][0].split())
        done = await get(browser, await back(browser, authorize, person, site.stack))
    assert done.status == 200
    assert "You are signed in" in done.text
    await asyncio.sleep(0)
    assert site.stack.arrived == [person]
    assert await site.stack.sign_in.graph_token(person, SCOPES)
    await site.stack.sign_in.verify(person, done.code)
    with pytest.raises(SignInNeeded):
        await site.stack.sign_in.verify(person, done.code)
    await asyncio.sleep(0)
    assert site.stack.arrived == [person, person]


async def test_the_code_on_the_page_is_this_persons_and_lasts_ten_minutes(site: Site) -> None:
    person, other = site.people()
    async with site.browser() as browser:
        done = await visit(site, browser, site.page.link(person), person)
    with pytest.raises(SignInNeeded):
        await site.stack.sign_in.verify(other, done.code)
    site.stack.world.clock.advance(601)
    with pytest.raises(SignInNeeded):
        await site.stack.sign_in.verify(person, done.code)


async def test_somebody_elses_link_keeps_nothing_and_says_so(site: Site) -> None:
    """The attacker's own link, opened by a victim who is signed in at Microsoft."""
    attacker, victim = site.people()
    async with site.browser() as browser:
        refused = await visit(site, browser, site.page.link(attacker), victim)
        assert refused.status == 403
        assert "another account" in refused.text
        assert victim.name not in refused.text
        assert attacker.name not in refused.text
        assert not [row for row in site.stack.store.rows if not row.startswith("signin:")]
        assert not site.stack.arrived
        again = re.search(r'href="([^"]+account=other)"', refused.text)
        assert again is not None
        authorize = await to_microsoft(browser, again[1].replace("&amp;", "&"))
        assert parse_qs(urlsplit(authorize).query)["prompt"] == ["select_account"]
        assert (await get(browser, await back(browser, authorize, attacker, site.stack))).status == 200


async def test_a_callback_sent_to_another_browser_is_refused(site: Site) -> None:
    """Login forgery: the attacker's own code in the victim's browser."""
    attacker, _ = site.people()
    async with site.browser() as mine, site.browser() as victims:
        callback = await back(mine, await to_microsoft(mine, site.page.link(attacker)), attacker, site.stack)
        refused = await get(victims, callback)
        assert refused.status == 400
        assert "not started here" in refused.text
        assert not site.stack.token_requests()
        assert (await get(mine, callback)).status == 200, "the refusal elsewhere did not spoil it"


async def test_a_callback_works_once_also_with_the_cookie_kept(site: Site) -> None:
    person, _ = site.people()
    async with site.browser() as browser:
        callback = await back(browser, await to_microsoft(browser, site.page.link(person)), person, site.stack)
        cookies = {c.key: c.value for c in browser.cookie_jar}
        assert (await get(browser, callback)).status == 200
        assert not list(browser.cookie_jar), "the cookie is taken back"
    asked = len(site.stack.token_requests())
    async with site.browser(Cookie="; ".join(f"{k}={v}" for k, v in cookies.items())) as replay:
        refused = await get(replay, callback)
    assert refused.status == 400
    assert "already finished" in refused.text
    assert len(site.stack.token_requests()) == asked


async def test_a_stolen_code_does_not_fit_another_visit(site: Site) -> None:
    """Code injection: PKCE and the nonce tie a code to the visit it was asked in."""
    person, other = site.people()
    async with site.browser() as browser, site.browser() as thief:
        stolen = await back(browser, await to_microsoft(browser, site.page.link(person)), person, site.stack)
        own = await back(thief, await to_microsoft(thief, site.page.link(other)), other, site.stack)
        refused = await get(thief, changed(own, code=parse_qs(urlsplit(stolen).query)["code"][0]))
    assert refused.status == 400
    assert not await site.stack.sign_in.signed_in(other)
    assert not await site.stack.sign_in.signed_in(person)


@pytest.mark.parametrize("state", ["", "x", "x" * 5000, "%00", "é"])
async def test_a_state_that_is_not_this_visits(site: Site, state: str) -> None:
    person, _ = site.people()
    async with site.browser() as browser:
        callback = await back(browser, await to_microsoft(browser, site.page.link(person)), person, site.stack)
        assert (await get(browser, changed(callback, state=state))).status == 400
    assert not site.stack.token_requests()


async def test_tickets_that_are_changed_old_or_not_ours(site: Site) -> None:
    person, _ = site.people()
    link = site.page.link(person)
    ticket = parse_qs(urlsplit(link).query)["ticket"][0]
    flipped = ticket[:40] + ("A" if ticket[40] != "A" else "B") + ticket[41:]
    foreign = SignInPage(site.stack.sign_in, [Fernet.generate_key().decode()], "", base_url=lambda: site.base)
    store_row = Fernet(KEY).encrypt(b'{"person":["a","b","c","d"],"scopes":[],"claims":null}').decode()
    async with site.browser() as browser:
        for bad in ("", "x", "é", flipped, ticket + "A" * 9000, store_row, ticket[:-8]):
            assert (await get(browser, f"{site.base}/signin/start?{urlencode({'ticket': bad})}")).status == 400
        assert (await get(browser, foreign.link(person))).status == 400
        assert (await get(browser, f"{site.base}/signin/start")).status == 400
        assert not list(browser.cookie_jar)
        site.stack.world.clock.advance(601)
        old = await get(browser, link)
    assert old.status == 400
    assert "no longer good" in old.text


async def test_a_visit_that_took_too_long(site: Site) -> None:
    person, _ = site.people()
    async with site.browser() as browser:
        callback = await back(browser, await to_microsoft(browser, site.page.link(person)), person, site.stack)
        site.stack.world.clock.advance(601)
        assert (await get(browser, callback)).status == 400


async def test_nothing_in_the_address_leads_elsewhere(site: Site) -> None:
    """Open redirects: the only places we send a browser are Microsoft's and the ones on our own page."""
    person, _ = site.people()
    evil = dict.fromkeys(("next", "redirect_uri", "return_url", "url", "post_logout"), "https://evil.example")
    async with site.browser(**{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}) as browser:
        authorize = await to_microsoft(browser, f"{site.page.link(person)}&{urlencode(evil)}")
        assert "evil.example" not in authorize
        callback = await back(browser, authorize, person, site.stack)
        done = await get(browser, f"{callback}&{urlencode({k: v for k, v in evil.items() if k != 'redirect_uri'})}")
    assert done.status == 200
    assert "evil.example" not in done.text
    assert "Location" not in done.headers


async def test_visits_in_two_tabs_and_by_a_link_scanner_do_not_disturb_each_other(site: Site) -> None:
    person, _ = site.people()
    link = site.page.link(person)
    async with site.browser() as browser, site.browser() as scanner:
        first, second = await to_microsoft(browser, link), await to_microsoft(browser, link)
        await to_microsoft(scanner, link)
        for authorize in (second, first):
            assert (await get(browser, await back(browser, authorize, person, site.stack))).status == 200


async def test_declining_keeps_nothing(site: Site) -> None:
    person, _ = site.people()
    async with site.browser() as browser:
        callback = await back(browser, await to_microsoft(browser, site.page.link(person)), person, site.stack, "deny")
        declined = await get(browser, callback)
    assert "did not agree" in declined.text
    assert not await site.stack.sign_in.signed_in(person)


async def test_when_only_an_administrator_may_agree_there_is_a_link_for_them(site: Site) -> None:
    person, _ = site.people()
    async with site.browser() as browser:
        callback = await back(browser, await to_microsoft(browser, site.page.link(person)), person, site.stack, "deny")
        injected = '<script>alert(1)</script>"><img src=x>'
        text = f"AADSTS90094: {injected}"
        refused = await get(browser, changed(callback, error="access_denied", error_description=text))
    assert refused.status == 403
    assert "/adminconsent?client_id=" in refused.text
    assert "AADSTS90094" in refused.text
    assert "<script" not in refused.text
    assert "alert(1)" not in refused.text


@pytest.mark.parametrize(("status", "shown"), [(503, 503), (429, 503)])
async def test_microsoft_down_is_said(site: Site, status: int, shown: int) -> None:
    person, _ = site.people()
    async with site.browser() as browser:
        callback = await back(browser, await to_microsoft(browser, site.page.link(person)), person, site.stack)
        site.stack.world.faults.append(Fault("entra", TOKEN, status=status))
        assert (await get(browser, callback)).status == shown


async def test_further_scopes_and_a_challenge_travel_with_the_link(site: Site) -> None:
    person, _ = site.people()
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1790000000"}}}'
    async with site.browser() as browser:
        authorize = await to_microsoft(browser, site.page.link(person, scopes=("Chat.Read",), claims=claims))
        asked = parse_qs(urlsplit(authorize).query)
        assert "Chat.Read" in asked["scope"][0].split()
        assert "1790000000" in asked["claims"][0]
        assert (await get(browser, await back(browser, authorize, person, site.stack))).status == 200
    assert await site.stack.sign_in.graph_token(person, ("Chat.Read",))


async def test_a_front_that_does_not_know_the_person_learns_it_from_the_sign_in(site: Site) -> None:
    """The console: whoever signs in is kept under their own name, and only in the tenant the link was made for."""
    person, _ = site.people()
    async with site.browser() as browser:
        claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1790000000"}}})
        link = site.page.link_anybody(person.tenant, "somebody@example.com", scopes=("Chat.Read",), claims=claims)
        authorize = await to_microsoft(browser, link)
        asked = parse_qs(urlsplit(authorize).query)
        assert asked["login_hint"] == ["somebody@example.com"]
        assert "Chat.Read" in asked["scope"][0].split()
        assert "1790000000" in asked["claims"][0]
        assert (await get(browser, await back(browser, authorize, person, site.stack))).status == 200
        await asyncio.sleep(0)
        assert [(p.id, p.name) for p in site.stack.arrived] == [(person.id, person.name)]
        assert await site.stack.sign_in.graph_token(person, SCOPES)
        foreign = site.page.link_anybody("00000000-0000-0000-0000-00000000dead")
        refused = await visit(site, browser, foreign, person)
    assert refused.status == 403
    assert len(site.stack.arrived) == 1


async def test_cookies_are_unreadable_small_and_bound(site: Site) -> None:
    person, _ = site.people()
    async with site.browser() as browser:
        start = await get(browser, site.page.link(person, claims=json.dumps({"x": "y" * 900})))
    cookie = start.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))
    assert len(cookie) < 4096
    assert person.id not in cookie


async def test_behind_https_the_cookie_belongs_to_this_host_alone(stack: Stack) -> None:
    page = SignInPage(stack.sign_in, [KEY], "https://login", base_url=lambda: "https://bot.example")
    app = web.Application()
    app.add_routes(page.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    person = stack.person(stack.world.company.people[0].given_name)
    ticket = urlsplit(page.link(person)).query
    async with aiohttp.ClientSession() as browser:
        start = await get(browser, f"http://127.0.0.1:{runner.addresses[0][1]}/signin/start?{ticket}")
    assert start.headers["Set-Cookie"].startswith("__Host-parley-signin-")
    assert "Secure" in start.headers["Set-Cookie"].split("; ")
    assert "redirect_uri=https%3A%2F%2Fbot.example%2Fsignin%2Fcallback" in start.headers["Location"]
    await runner.cleanup()


class Outline(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize(("accept", "language", "title"), [("de-DE,de", "de", "Anmeldung"), ("en", "en", "sign-in")])
async def test_every_page_is_strict_and_readable(site: Site, accept: str, language: str, title: str) -> None:
    async with site.browser(**{"Accept-Language": accept}) as browser:
        page = await get(browser, f"{site.base}/signin/callback?state=x&code=y")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    tags = Outline(page.text).tags
    assert ("html", {"lang": language}) in tags
    assert [tag for tag, _ in tags].count("h1") == 1
    assert ("div", {"role": "alert"}) in tags
    assert not [tag for tag, attributes in tags if tag == "script" or "src" in attributes or "onclick" in attributes]
    assert title in page.text


async def test_other_methods_are_not_served(site: Site) -> None:
    async with site.browser() as browser:
        for method in ("POST", "HEAD", "PUT", "OPTIONS"):
            async with browser.request(method, site.page.link(site.people()[0])) as response:
                assert response.status == 405


async def test_nothing_of_a_visit_reaches_a_log(
    site: Site, everything_logged: Callable[[], str], tmp_path: Path
) -> None:
    person, other = site.people()
    async with site.browser() as browser:
        link = site.page.link(person)
        authorize = await to_microsoft(browser, link)
        cookie = next(iter(browser.cookie_jar)).value
        callback = await back(browser, authorize, person, site.stack)
        done = await get(browser, callback)
        await visit(site, browser, site.page.link(person), other)
    token = await site.stack.sign_in.graph_token(person, SCOPES)
    ours = everything_logged()
    code = parse_qs(urlsplit(callback).query)["code"][0]
    for secret in (
        token,
        code,
        cookie,
        parse_qs(urlsplit(link).query)["ticket"][0],
        *entra_state(site.stack.world).refresh,
    ):
        assert secret not in ours
    assert done.code not in ours.replace(site.base, "")
