"""Graph that is not there, not Graph, or named without its version."""

from infra.local.world import Fault
from tests.doctor.site import Site


async def test_graph_that_cannot_be_reached(site: Site) -> None:
    await site.finds("graph", "GRAPH_BASE_URL", "firewall", graph_base_url="http://127.0.0.1:1/v1.0")


async def test_an_address_without_a_version(site: Site) -> None:
    await site.finds("graph", "GRAPH_BASE_URL", "v1.0", graph_base_url=site.world.urls.http)


async def test_a_proxy_in_its_place(site: Site) -> None:
    site.world.faults.append(Fault("graph", "GET /v1.0/me", body={"please": "log in"}, status=200, times=9))
    await site.finds("graph", "not Microsoft Graph", "GRAPH_BASE_URL", "proxy")
