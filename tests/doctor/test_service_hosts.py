"""A list of hosts that leaves Teams out, or holds what is no host."""

import pytest

from bot.doctor.finding import State
from tests.doctor.site import Site, told


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        (",", ("SERVICE_URL_HOSTS", "names no host")),
        ("https://smba.trafficmanager.net/teams/", ("SERVICE_URL_HOSTS: entry 1", "exact hosts")),
        ("*.trafficmanager.net", ("SERVICE_URL_HOSTS: entry 1",)),
        ("smba.trafficmanager.net", ("SERVICE_URL_HOSTS", "make tenant")),
    ],
    ids=["none", "address", "star", "another"],
)
async def test_teams_is_not_on_the_list(site: Site, hosts: str, words: tuple[str, ...]) -> None:
    await site.finds("service_hosts", *words, service_url_hosts=hosts)


@pytest.mark.parametrize(
    ("hosts", "state"),
    [
        (None, State.OK),
        ("smba.trafficmanager.net:443", State.OK),
        ("smba.infra.gcc.teams.microsoft.com", State.WRONG),
        ("smba.trafficmanager.net:8443", State.WRONG),
    ],
)
async def test_in_the_global_cloud(site: Site, hosts: str | None, state: State) -> None:
    login = "https://login.microsoftonline.com"
    found = await site.examined("service_hosts", service_url_hosts=hosts, login_base_url=login)
    assert found[0].state is state, told(found)
