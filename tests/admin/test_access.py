"""Administrators get in; everybody else gets nothing, whatever they try."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet

from bot.admin.access import CHECKED_SECONDS, SESSION_SECONDS, Access
from bot.context import Person
from bot.signin.seal import Seal
from infra.local.company.model import Group
from infra.local.entra_state import entra_state
from infra.local.world import Fault, World
from tests.admin.visiting import (
    ADDRESSES,
    ADMIN,
    ASSETS,
    EXPORTS,
    GROUP,
    OTHER,
    PAGES,
    House,
    Seen,
    Visitor,
    changed,
    house,
)


def refused(seen: Seen, status: int = 401) -> bool:
    return seen.status == status and "<table" not in seen.text and "person_id" not in seen.text


async def nothing(visitor: Visitor, status: int = 401) -> None:
    for path in (*ADDRESSES, "/admin/", "/admin/nowhere", "/admin/audit/nowhere/else"):
        seen = await visitor.get(path)
        assert refused(seen, status), (path, seen.status, seen.text[:200])


async def test_an_administrator_signs_in_and_gets_everything(admins: House) -> None:
    visitor = admins.visitor()
    authorize = await visitor.to_microsoft()
    asked = parse_qs(urlsplit(authorize).query)
    assert authorize.startswith(admins.world.urls.login)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"]
    assert asked["redirect_uri"] == [f"{admins.base}/admin/callback"]
    assert set(asked["scope"][0].split()) == {"User.Read", "openid", "profile", "offline_access"}
    seen = await visitor.get(await visitor.picked(authorize, ADMIN))
    assert (seen.status, seen.headers["Location"]) == (302, "/admin")
    rules = next(value for value in seen.headers.getall("Set-Cookie") if value.startswith("parley-admin="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(rules.split("; "))
    for path in PAGES:
        page = await visitor.get(path)
        assert page.status == 200, path
        assert "Nils Petersen" in page.text
    for path in (*EXPORTS, *ASSETS):
        assert (await visitor.get(path)).status == 200, path
    assert (await visitor.get("/admin/nowhere")).status == 404


async def test_every_answer_keeps_the_browser_in_bounds(admins: House) -> None:
    visitor = admins.visitor()
    closed = await visitor.get("/admin")
    await visitor.sign_in(ADMIN)
    for seen in [closed, *[await visitor.get(path) for path in ADDRESSES]]:
        policy = seen.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert seen.headers["Referrer-Policy"] == "no-referrer"
        assert seen.headers["X-Content-Type-Options"] == "nosniff"
    for path in (*PAGES, *EXPORTS):
        seen = await visitor.get(path)
        assert seen.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]+src=)|<[^>]+\son\w+=|\sstyle=|(src|href)=\"(https?:)?//", seen.text), path


async def test_without_a_session_there_is_nothing(admins: House) -> None:
    await nothing(admins.visitor())


async def test_somebody_outside_the_group_gets_nothing_and_nothing_of_them_is_kept(admins: House) -> None:
    visitor = admins.visitor()
    seen = await visitor.sign_in(OTHER)
    assert refused(seen, 403)
    assert "not in the administrators" in seen.text
    assert not visitor.cookie
    await nothing(visitor)
    async with admins.core.database.read() as connection:
        assert (await connection.execute(admins.core.database.tables.token_cache.select())).all() == []


@pytest.mark.parametrize("forged", ["x", "gAAAA", "a" * 8000, "ä"])
async def test_a_cookie_that_is_not_ours_opens_nothing(admins: House, forged: str) -> None:
    await nothing(admins.visitor(forged.encode().decode("latin-1")))


async def test_a_cookie_sealed_with_another_key_or_for_another_purpose_opens_nothing(admins: House) -> None:
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    nils = admins.world.person(ADMIN)
    content = {"person": [nils.id, nils.name, admins.world.company.tenant_id], "secret": "guessed"}
    clock = admins.core.sign_in.clock
    await nothing(admins.visitor(Seal([Fernet.generate_key().decode()], "admin session", clock=clock).close(content)))
    whole = visitor.cookie
    await nothing(admins.visitor(whole[:40] + ("A" if whole[40] != "A" else "B") + whole[41:]))


async def test_a_sealed_cookie_whose_session_was_never_begun_opens_nothing(admins: House) -> None:
    """Somebody with the keys still needs the store: the session is looked up there."""
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    nils = admins.world.person(ADMIN)
    store = admins.core.database.tables.token_cache
    async with admins.core.database.write() as connection:
        await connection.execute(store.delete().where(store.c.person_id == f"admin:sessions:{nils.id}"))
    await nothing(visitor)


async def test_a_session_ends_by_itself(admins: House) -> None:
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    admins.ahead = SESSION_SECONDS - 60
    assert (await visitor.get("/admin")).status == 200
    admins.ahead = SESSION_SECONDS + 60
    await nothing(admins.visitor(visitor.cookie))


async def test_who_is_taken_out_of_the_group_is_out_within_minutes(admins: House) -> None:
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    group = next(group for group in admins.world.company.groups if group.id == GROUP)
    group.members, group.owners = [], []
    admins.ahead = CHECKED_SECONDS + 1
    await nothing(visitor)
    group.members = [admins.world.person(ADMIN).id]
    admins.ahead += 1
    await nothing(visitor)  # a session that ended does not come back with its cookie


async def test_a_grant_that_was_taken_back_ends_the_session(admins: House) -> None:
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    id, state = admins.world.person(ADMIN).id, entra_state(admins.world)
    state.revoked[id] = state.ended[id] = admins.world.clock.now() + timedelta(minutes=1)
    admins.ahead = CHECKED_SECONDS + 1
    await nothing(visitor)


async def test_while_the_group_cant_be_asked_nobody_is_let_in(admins: House) -> None:
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    admins.ahead = CHECKED_SECONDS + 1
    admins.core.graph.patience = 0.2
    admins.world.faults.append(Fault("graph", "POST */checkMemberGroups", status=503, times=50))
    await nothing(visitor, 503)
    admins.world.faults.clear()
    assert (await visitor.get("/admin")).status == 200, "the session goes on when Graph does"


async def test_many_groups_are_no_way_in_and_no_way_out(admins: House) -> None:
    """A token names no group of somebody who is in more than 200; Graph is asked instead."""
    people = [admins.world.person(ADMIN).id, admins.world.person(OTHER).id]
    for number in range(300):
        id = f"00000000-0000-4000-8000-{number:012d}"
        admins.world.company.groups.insert(0, Group(id, f"Group {number}", f"g{number}@x.example", list(people)))
    assert (await admins.visitor().sign_in(ADMIN)).status == 302
    assert refused(await admins.visitor().sign_in(OTHER), 403)


async def test_signing_out_ends_the_session_where_its_cookie_was_copied_too(admins: House) -> None:
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    thief = admins.visitor(visitor.cookie)
    assert (await thief.get("/admin")).status == 200
    other_site = await admins.visitor().post("/admin/sign-out")
    assert other_site.status == 200
    assert (await visitor.get("/admin")).status == 200, "a form on another site comes without the cookie"
    assert (await visitor.get("/admin/sign-out")).status != 200, "a picture on another site can't sign anybody out"
    left = await visitor.post("/admin/sign-out")
    assert "You are signed out" in left.text
    assert not visitor.cookie
    await nothing(thief)
    async with admins.core.database.read() as connection:
        assert (await connection.execute(admins.core.database.tables.token_cache.select())).all() == []
    await visitor.sign_in(ADMIN)
    await nothing(thief)


async def test_signing_in_here_signs_nobody_in_with_the_bot(admins: House) -> None:
    await admins.visitor().sign_in(ADMIN)
    nils = admins.world.person(ADMIN)
    data, _ = await admins.core.sign_in.store.load(nils.id)
    assert data == b""


async def test_a_visit_belongs_to_the_browser_that_began_it(admins: House) -> None:
    one, two = admins.visitor(), admins.visitor()
    back = await one.picked(await one.to_microsoft(), ADMIN)
    assert refused(await two.get(back), 400)
    assert not two.cookie
    assert refused(await one.get(changed(back, state="another")), 400)
    assert (await one.get(back)).status == 302
    assert refused(await one.get(back), 400), "once only"


async def test_a_nonce_that_is_not_ours_is_refused(admins: House) -> None:
    visitor = admins.visitor()
    authorize = await visitor.to_microsoft()
    seen = await visitor.get(await visitor.picked(changed(authorize, nonce="another"), ADMIN))
    assert refused(seen, 502)
    assert not visitor.cookie


async def test_declining_and_faults_are_told_in_words(admins: House) -> None:
    visitor = admins.visitor()
    seen = await visitor.get(await visitor.picked(await visitor.to_microsoft(), ADMIN, auto="deny"))
    assert (seen.status, "You declined" in seen.text) == (403, True)
    admins.world.faults.append(Fault("entra", "POST */token", status=503, times=20))
    seen = await visitor.sign_in(ADMIN)
    assert (seen.status, "Microsoft does not answer" in seen.text) == (503, True)


async def test_nobody_is_sent_elsewhere(admins: House) -> None:
    visitor = admins.visitor()
    evil = "next=https://evil.example&redirect_uri=https://evil.example&url=//evil.example"
    authorize = await visitor.to_microsoft(f"/admin/sign-in?{evil}")
    assert "evil" not in authorize
    back = await visitor.picked(authorize, ADMIN)
    seen = await visitor.get(f"{back}&next=https://evil.example")
    assert seen.headers["Location"] == "/admin"
    host = await visitor.get("/admin/sign-in", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert "evil" not in host.headers["Location"]


async def test_forgetting_somebody_forgets_their_sessions_here(admins: House) -> None:
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    await admins.services.personal.erase(admins.world.person(ADMIN).id, "-")
    await nothing(visitor)
    async with admins.core.database.read() as connection:
        assert (await connection.execute(admins.core.database.tables.token_cache.select())).all() == []


async def test_names_are_shown_to_who_agrees(admins: House) -> None:
    entra_state(admins.world).consents[admins.world.person(ADMIN).id] = {"User.Read"}
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    sofia = admins.world.person(OTHER)
    page = await visitor.get(f"/admin/people?person={sofia.id}")
    assert "Sofia Almeida" not in page.text
    assert "/admin/sign-in?names=1" in page.text
    assert (await visitor.sign_in(ADMIN, "/admin/sign-in?names=1")).status == 302
    page = await visitor.get(f"/admin/people?person={sofia.id}")
    assert "Sofia Almeida" in page.text
    assert "/admin/sign-in?names=1" not in page.text


class Open(Access):
    """A build that asks nobody who is in the group."""

    async def _in_group(self, person: Person) -> bool:
        del person
        return True


class Forgetful(Access):
    """A build that believes its cookies and looks no session up."""

    async def _sessions(self, person: Person) -> Any:
        del person
        return _Everything()


class _Everything:
    def __contains__(self, _: object) -> bool:
        return True


async def test_builds_that_ask_nobody_are_found_out(tenant: World, tmp_path: Path) -> None:
    tenant.state["rates_off"] = True
    async with house(tenant, tmp_path / "open", Open) as weak:
        visitor = weak.visitor()
        assert (await visitor.sign_in(OTHER)).status == 302
        with pytest.raises(AssertionError):
            await nothing(visitor)
    async with house(tenant, tmp_path / "forgetful", Forgetful) as weak:
        visitor = weak.visitor()
        await visitor.sign_in(ADMIN)
        thief = weak.visitor(visitor.cookie)
        await visitor.post("/admin/sign-out")
        await weak.visitor().sign_in(ADMIN)
        with pytest.raises(AssertionError):
            await nothing(thief)
