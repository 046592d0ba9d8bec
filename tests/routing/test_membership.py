"""Groups and addresses, asked silently with a person's own token: kept some minutes, unknown when in doubt."""

from collections.abc import AsyncIterator

import pytest

from bot.context import Person
from bot.policy.rules import Policy, Rule, Targets
from bot.routing.membership import FAILED_SECONDS, KEPT_SECONDS, Directory
from bot.signin.tokens import SignIn
from graph.client import GraphClient
from graph.errors import ConsentRequired, SignInNeeded
from infra.local import tokens
from infra.local.company.people import group_id
from infra.local.world import Fault, World
from tests.commands.desk import SignedIn, as_sign_in

ASKING = Policy((Rule("no", groups=frozenset({"g"}), deny=Targets()),))


class Tokens(SignedIn):
    """Real tokens of the local tenant for whoever may have one."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.refuses: SignInNeeded | None = None

    async def graph_token(self, person: Person, scopes: tuple[str, ...], claims: str | None = None) -> str:
        del claims
        self.asked.append((person.id, scopes))
        if self.refuses is not None:
            raise self.refuses
        return tokens.mint_user(self.world, person.id, " ".join(scopes), audience="https://graph.microsoft.com")


class Bench:
    def __init__(self, world: World, graph: GraphClient) -> None:
        self.world, self.graph, self.tokens, self.time = world, graph, Tokens(world), 0.0
        self.directory = self.for_policy(ASKING)
        found = world.person("sofia")
        self.sofia = Person(found.id, found.name, world.company.tenant_id)

    def for_policy(self, policy: Policy) -> Directory:
        sign_in: SignIn = as_sign_in(self.tokens)
        return Directory(policy, sign_in, self.graph, clock=lambda: self.time)

    @property
    def calls(self) -> list[str]:
        return [request.path for request in self.world.record if request.wire == "graph"]


@pytest.fixture
async def bench(tenant: World) -> AsyncIterator[Bench]:
    tenant.state["rates_off"] = True
    graph = GraphClient(tenant.urls.graph, patience=0.2)
    yield Bench(tenant, graph)
    await graph.aclose()


async def test_it_is_asked_once_in_some_minutes(bench: Bench) -> None:
    asker = await bench.directory.asker(bench.sofia)
    assert asker.groups is not None
    assert {group_id("Heron"), group_id("Engineering")} <= asker.groups
    assert group_id("Finance") not in asker.groups
    assert asker.mails == frozenset({"sofia.almeida@tidewell.example"})
    assert len(bench.calls) == 2
    assert await bench.directory.asker(bench.sofia) is asker
    assert len(bench.calls) == 2
    bench.time = KEPT_SECONDS + 1
    await bench.directory.asker(bench.sofia)
    assert len(bench.calls) == 4
    assert {scopes for _, scopes in bench.tokens.asked} == {("User.Read",)}


async def test_nothing_is_asked_without_a_rule_that_needs_it(bench: Bench) -> None:
    for policy in (Policy(), Policy((Rule("no", people=frozenset({"an-id"}), deny=Targets()),))):
        asker = await bench.for_policy(policy).asker(bench.sofia)
        assert (asker.groups, asker.mails) == (None, None)
    await bench.directory.asker(Person("", "Nobody", ""))
    assert not bench.calls


async def test_what_fails_is_unknown_and_asked_again_soon(bench: Bench) -> None:
    bench.world.faults.append(Fault("graph", "GET */transitiveMemberOf", status=403, times=1))
    assert (await bench.directory.asker(bench.sofia)).groups is None
    assert (await bench.directory.asker(bench.sofia)).groups is None
    bench.time = FAILED_SECONDS + 1
    assert (await bench.directory.asker(bench.sofia)).groups is not None


async def test_who_is_not_signed_in_may_be_known_the_next_moment(bench: Bench) -> None:
    bench.tokens.refuses = SignInNeeded("Nobody is signed in.")
    asker = await bench.directory.asker(bench.sofia)
    assert (asker.groups, asker.needed) == (None, bench.tokens.refuses)
    bench.tokens.refuses = None
    assert (await bench.directory.asker(bench.sofia)).groups is not None


async def test_a_permission_that_nobody_gave_is_not_asked_for_each_time(bench: Bench) -> None:
    bench.tokens.refuses = ConsentRequired("No.", scopes=("User.Read",))
    for _ in range(3):
        assert (await bench.directory.asker(bench.sofia)).needed is bench.tokens.refuses
    assert len(bench.tokens.asked) <= 2, "the two questions go side by side"
