"""What a turn says it looked at is what reached Graph."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from bot.context import Audience
from bot.grounding.evidence import Coverage
from bot.grounding.search import Grounding
from graph.client import GraphClient
from graph.files import SOURCE as FILES
from graph.mail import SOURCE as MAIL
from infra.local.company.seed import company
from infra.local.tenant import running
from infra.local.tokens import mint_user
from infra.local.world import Fault, World


@pytest.fixture
async def tenant() -> AsyncIterator[World]:
    async with running(World(company())) as world:
        yield world


async def asked(world: World, question: str) -> tuple[Grounding, list[str]]:
    """(the grounding of Sofia's question, titles of the evidence)"""
    sofia, coverage = world.person("sofia"), Coverage()

    async def token(scopes: tuple[str, ...], claims: str | None) -> str:
        del claims
        return mint_user(world, sofia.id, list(scopes))

    client = GraphClient(world.urls.graph, download_hosts=[world.urls.http.removeprefix("http://")])
    try:
        graph = client.for_person(sofia.id, token, record=coverage.calls.append)
        specs = {"files": FILES, "mail": MAIL}
        grounding = Grounding(
            {name: spec.open(graph) for name, spec in specs.items()},
            Audience(sofia.id, None, personal=True),
            company().today.timestamp,
            specs=specs,
            coverage=coverage,
        )
        found = await grounding.search(question)
        return grounding, [passage.document.title for passage in found]
    finally:
        await client.aclose()


async def test_coverage_is_the_record_of_graph_calls(tenant: World) -> None:
    grounding, titles = await asked(tenant, "Why do the HRN-200 castings come from Fonderia Brenta?")
    coverage = grounding.coverage
    seen = Counter((r.method, r.path) for r in tenant.record if r.wire == "graph" and "/download/" not in r.path)
    assert Counter((call.method, f"/v1.0{call.path}") for call in coverage.calls) == seen
    assert set(coverage.searched) == {"files", "mail"}, (coverage.failed, coverage.cut)
    assert not coverage.failed
    contents = sum(call.path.endswith("/content") for call in coverage.calls)
    assert contents <= coverage.read, "every file that was opened was read"
    assert "Casting supplier decision.docx" in titles


async def test_a_source_that_fails_is_named_and_the_rest_is_used(tenant: World) -> None:
    tenant.faults.append(Fault("graph", "POST */search/query", status=500, times=100))
    tenant.faults.append(Fault("graph", "GET */me/messages*", status=403, times=100))
    tenant.faults.append(Fault("graph", "GET */me/drive*", status=403, times=100))
    grounding, titles = await asked(tenant, "Why do the HRN-200 castings come from Fonderia Brenta?")
    assert titles == []
    assert {failed.what for failed in grounding.coverage.failed} == {"files", "mail"}
    assert grounding.coverage.searched == []
