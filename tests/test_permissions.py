"""Least privilege over everything Microsoft is asked for: each permission of the app registration and of the manifest has a feature
that works with it, and without it asks for consent or finds less. A permission that nothing needs fails here, and so does code that
asks for one that is not registered."""

import ast
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import pytest_asyncio

from bot.admin.access import Access
from bot.admin.names import Names
from bot.app import create_app
from bot.context import Audience, Person
from bot.digests.gathering import Gathering
from bot.permissions import READ_CHANNELS, RESOURCE_SPECIFIC, SIGN_IN, delegated, returns
from bot.policy.rules import Policy, Rule, Targets
from bot.routing.membership import Directory
from bot.settings import Settings
from bot.texts import Texts
from graph.discover import discover
from graph.errors import ConsentRequired, Forbidden, NotFound, SignInNeeded
from infra.local.company.golden import MORNING, WHOM, plant
from infra.local.company.teams import channel_id
from infra.local.entra_state import entra_state
from infra.local.tenant import environment
from infra.local.tenant import settings as tenant_settings
from infra.local.tokens import mint_user
from infra.local.world import World
from manifest.app import manifest
from tests.admin.visiting import ADMIN, GROUP
from tests.commands.desk import SignedIn, as_sign_in
from tests.conftest import fresh_world
from tests.digests.composing import composed, work_for
from tests.e2e.parley import Parley, parley_running
from tests.graph.conftest import People, people, time
from tests.graph.test_permissions import USES
from tests.manifest.made import KEY, PUBLISHER, settings
from tests.signin.conftest import Stack, stack
from tests.signin.stores import MemoryStore
from tests.store.prepared import sqlite_in

__all__ = ["people", "stack", "time"]  # fixtures

ROOT = Path(__file__).parent.parent
ALL = delegated(
    settings(copilot=True, shared_mailboxes=("support@tidewell.example",), policy="policy.toml", admin_group=GROUP)
)
"""Of an installation with everything turned on."""
EVERYTHING = frozenset(ALL)
GENERAL = channel_id("heron", "General")
OF_THE_APP = {"Application.Read.All"}
"""An application permission for `doctor` alone, which says what it could not see without it (tests/doctor). It is not registered."""
NAMED = re.compile(r"[A-Z][A-Za-z]+\.(?:Read|ReadBasic|ReadWrite|Send)(?:\.[A-Z][A-Za-z]+)*")


def test_what_the_code_asks_for_is_what_is_registered() -> None:
    found = set[str]()
    for path in (path for top in ("bot", "graph") for path in (ROOT / top).rglob("*.py")):
        if path != ROOT / "bot" / "permissions.py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAMED.fullmatch(node.value):
                    found.add(node.value)
    assert found == EVERYTHING | OF_THE_APP


async def test_every_way_back_from_entra_is_registered(tenant: World, tmp_path: Path) -> None:
    given = {**tenant_settings(tenant), "database_url": sqlite_in(tmp_path), "encryption_keys": KEY, "digests": False}
    whole = Settings(**given, admin_group=GROUP, public_url="http://127.0.0.1")
    app = await create_app(whole, environment(tenant))
    ways = {route.resource.canonical for route in app.router.routes() if route.resource is not None}
    await app.cleanup()
    assert {way for way in ways if "callback" in way} == set(returns(whole))
    assert returns(Settings(**given)) == ("/signin/callback",)


def test_only_what_an_installation_has_is_registered() -> None:
    few = delegated(settings())
    assert EVERYTHING - few.keys() == {"Mail.Read.Shared", "OnlineMeetingAiInsight.Read.All"}
    assert "policy" not in few["User.Read"]
    assert "digests" in few["User.Read"]


def test_the_page_about_permissions_names_all_and_no_other() -> None:
    page = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Za-z_]+(?:\.[A-Za-z]+)*)`", page))
    assert EVERYTHING | SIGN_IN.keys() | RESOURCE_SPECIFIC.keys() <= named
    assert {name for name in named if NAMED.fullmatch(name)} == EVERYTHING | OF_THE_APP | RESOURCE_SPECIFIC.keys()


OF_SOURCES = [(scope, feature) for scope, features in ALL.items() for feature in features if feature in discover()]
OF_FEATURES = [(scope, feature) for scope, features in ALL.items() for feature in features if feature not in discover()]


@pytest.mark.parametrize(("scope", "feature"), OF_SOURCES)
async def test_a_source_needs_each_of_its_permissions(people: People, scope: str, feature: str) -> None:
    bury(people.world, feature)
    people.granted = EVERYTHING
    whole = await of_source(people, feature)
    assert whole
    people.granted = EVERYTHING - {scope}
    if scope in discover()[feature].also:
        assert await of_source(people, feature) != whole
    else:
        with pytest.raises(ConsentRequired) as raised:
            await of_source(people, feature)
        assert raised.value.scopes == (scope,), "the person is asked for just that"
        people.granted, people.lost = EVERYTHING, frozenset({scope})
        assert await of_source(people, feature) != whole, "Graph itself gives less without it"


async def of_source(people: People, name: str) -> tuple[Any, ...]:
    """What it finds, who may read it and what it says; nothing where Graph refuses."""
    use = USES[name]
    source = discover()[name].open(people.of(use.person, ()))
    try:
        found = await source.search(use.query, top=5)
        texts = tuple((one.id, one.text) for one in found)
        return (*texts, await source.readers(found[0].id), await source.read(found[0].id)) if found else ()
    except (Forbidden, NotFound):
        return ()


def bury(world: World, name: str) -> None:
    """What is looked for is older than what is read where Microsoft's search may not be asked."""
    words = USES[name].query.all_of
    for said in [one for one in world.company.messages if name in {"chats", "channels"} and words[-1] in one.text]:
        for number in range(60):
            later = said.sent + timedelta(days=1, minutes=number)
            id = str(int(later.timestamp() * 1000))
            world.company.messages.append(replace(said, id=id, sent=later, text=f"Filler {number}.", reply_to=""))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    world = fresh_world()
    plant(world.company)
    async with parley_running(world, tmp_path_factory.mktemp("store")) as running:
        await running.sign_in(WHOM)
        yield running


@dataclass
class Agreed(SignedIn):
    """Tokens of the local tenant for what was agreed to."""

    world: World
    scopes: frozenset[str] = EVERYTHING
    lost: str = ""
    """A permission that no token carries, whatever was asked for."""

    async def graph_token(self, person: Person, scopes: tuple[str, ...], claims: str | None = None) -> str:
        del claims
        if missing := tuple(scope for scope in scopes if scope not in self.scopes):
            raise ConsentRequired("Somebody has to agree first.", scopes=missing)
        return mint_user(self.world, person.id, [scope for scope in scopes if scope != self.lost])


Probe = Callable[[Parley], Awaitable[Any]]


async def policy(parley: Parley) -> Any:
    """A rule about a group knows who is in it; where that cannot be known, what is missing is asked for."""
    services = parley.services
    rules = Policy((Rule("no", groups=frozenset({"g"}), deny=Targets()),))
    directory = Directory(rules, services.sign_in, services.graph, clock=lambda: 0.0)
    one = parley.world.person(WHOM)
    asker = await directory.asker(Person(one.id, one.name, parley.world.company.tenant_id))
    assert not isinstance(asker.needed, ConsentRequired) or asker.groups is None
    return asker.groups


async def digests(parley: Parley) -> Any:
    """Somebody whom Teams calls otherwise is known by the name that mail and calendars have."""
    work = work_for(parley, WHOM, "morning", MORNING)
    here = replace(work.here, person=replace(work.here.person, name="S. A. (Ext)"))
    audience = Audience(here.person.id, None, personal=True)
    day = timedelta(days=1)
    gathering = Gathering.of(replace(work, here=here), Texts("en"), audience, back=day, waits=day, days=1, fresh=True)
    await gathering.meet()
    return gathering.is_me(parley.world.person(WHOM).name)


async def catch_up(parley: Parley) -> Any:
    """An absence that only the automatic replies tell of is caught up with."""
    away = {"status": "scheduled"} | {
        f"scheduled{end}DateTime": {"dateTime": f"2026-11-{day}T00:00:00.0000000", "timeZone": "UTC"}
        for end, day in (("Start", 19), ("End", 22))
    }
    parley.world.state["replies"] = {parley.world.person(WHOM).id: away}
    return (await composed(parley, WHOM, "catch_up", MORNING)).outgoing is not None


async def channel_report(parley: Parley) -> Any:
    """A report for a channel tells of its files that changed."""
    company = parley.world.company
    channel = next(one for one in company.channels if one.id == GENERAL)
    item = next(one for one in company.items if one.drive_id == channel.drive_id and one.name == "Decision log.md")
    item.modified = MORNING - timedelta(days=1)
    said = await parley.teams.say(WHOM, "help", GENERAL)
    await parley.teams.answer_to(said, quiet=0.05)
    report = await composed(parley, WHOM, "channel_report", MORNING, conversation=GENERAL)
    return report.outgoing is not None and "Decision%20log.md" in report.outgoing.text


async def admin_page(parley: Parley) -> Any:
    """An administrator is let in, and sees names beside ids."""
    services, found = parley.services, parley.world.person(ADMIN)
    nils, sofia = Person(found.id, found.name, parley.world.company.tenant_id), parley.world.person(WHOM).id
    access = Access(GROUP, services.sign_in, services.graph, [KEY], MemoryStore(), clock=lambda: 0.0)
    names = Names(services.sign_in, services.graph, clock=lambda: 0.0)
    try:
        return await access.enter(nils) and (await names.of({sofia}, nils))[0]
    except (ConsentRequired, Forbidden):
        return None


PROBES: Mapping[str, Probe] = {
    "policy": policy, "digests": digests, "catch up": catch_up, "channel report": channel_report, "admin page": admin_page,
}  # fmt: skip


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("scope", "feature"), OF_FEATURES)
async def test_a_feature_needs_each_of_its_permissions(parley: Parley, scope: str, feature: str) -> None:
    services, agreed = parley.services, Agreed(parley.world)
    parley.services = replace(services, sign_in=as_sign_in(agreed))
    try:
        whole = await PROBES[feature](parley)
        agreed.scopes = EVERYTHING - {scope}
        less = await PROBES[feature](parley)
        agreed.scopes, agreed.lost = EVERYTHING, scope
        lost = await PROBES[feature](parley)
    finally:
        parley.services = services
    assert (bool(whole), bool(less), bool(lost)) == (True, False, False)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", RESOURCE_SPECIFIC)
async def test_reading_along_needs_what_the_manifest_asks_a_team_for(parley: Parley, name: str) -> None:
    """The app is added from a package without this one permission, then from the whole one."""
    chat = GENERAL if name == READ_CHANNELS else "Heron pilot logistics"
    whole = manifest(settings(), PUBLISHER, "1.0.0")
    wanted = whole["authorization"]["permissions"]["resourceSpecific"]
    assert {entry["name"] for entry in wanted} == RESOURCE_SPECIFIC.keys()
    less = {"authorization": {"permissions": {"resourceSpecific": [one for one in wanted if one["name"] != name]}}}
    told = await parley.teams.say(WHOM, "follow", chat)
    answer = await parley.teams.answer_to(told, quiet=0.05)
    thread = answer.conversation_id.partition("=")[2] or None
    for package, heard in ((less, False), (whole, True)):
        parley.teams.install_package(WHOM, chat, package)
        words = f"The gauge is blue, {heard}."
        said = await parley.teams.say(WHOM, words, chat, mention=False, thread=thread)
        assert await parley.teams.silence_after(said, 0.3)
        remarks = await parley.services.heard.of(said["conversation"]["id"])
        assert (words in [remark.text for remark in remarks]) == heard


@pytest.mark.parametrize("name", SIGN_IN)
async def test_signing_in_needs_each_of_its_own_scopes(stack: Stack, name: str) -> None:
    """They are what MSAL adds to each request, and an hour later a grant without one of them is worth nothing."""
    person = stack.person("Sofia")
    await used_later(stack, person)
    (exchange,) = stack.token_requests("jwt-bearer")
    asked = parse_qs(exchange.body)["scope"][0].split()
    assert {scope for scope in asked if "." not in scope} == SIGN_IN.keys()
    await stack.sign_in.sign_out(person)
    entra_state(stack.world).withheld.add(name)
    with pytest.raises(SignInNeeded):
        await used_later(stack, person)


async def used_later(stack: Stack, person: Person) -> None:
    await stack.sign_in.exchange(person, stack.assertion(person))
    stack.world.clock.advance(7200)
    await stack.sign_in.graph_token(person, ("Mail.Read",))
