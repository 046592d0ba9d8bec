"""Addresses of two clouds, and of one that is not the global one. Nothing is asked."""

from typing import Any

import pytest

from bot.doctor.finding import State
from tests.doctor.site import Site, told

GLOBAL = {
    "graph_base_url": None,
    "login_base_url": None,
    "bot_openid_metadata_url": None,
    "bot_token_issuer": None,
}
HIGH = {
    "graph_base_url": "https://graph.microsoft.us/v1.0",
    "login_base_url": "https://login.microsoftonline.us",
    "bot_openid_metadata_url": "https://login.botframework.azure.us/v1/.well-known/openidconfiguration",
    "bot_token_issuer": "https://api.botframework.us",
}


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        (GLOBAL, State.OK, ()),
        (HIGH, State.WARNING, ("national cloud", "identity")),
        ({**GLOBAL, "graph_base_url": HIGH["graph_base_url"]}, State.WRONG, ("GRAPH_BASE_URL", "LOGIN_BASE_URL")),
        ({**HIGH, "graph_base_url": "https://dod-graph.microsoft.us/v1.0"}, State.WARNING, ()),
        ({**HIGH, "bot_token_issuer": None}, State.WRONG, ("BOT_TOKEN_ISSUER",)),
        ({**GLOBAL, "graph_base_url": "https://gateway.contoso.example/v1.0"}, State.OK, ()),
        ({**GLOBAL, "login_base_url": "https://127.0.0.1:8443"}, State.WRONG, ("LOGIN_BASE_URL",)),
        ({**GLOBAL, "login_base_url": "https://login.microsoftonline.com/contoso"}, State.WRONG, ("origin",)),
    ],
)
async def test_clouds(site: Site, changes: dict[str, Any], state: State, words: tuple[str, ...]) -> None:
    found = await site.examined("cloud", **changes)
    assert found[0].state is state, told(found)
    assert [word for word in words if word not in told(found)] == []


async def test_a_foreign_graph_beside_our_entra(site: Site) -> None:
    """Every other check that could look is left in peace."""
    found = await site.examined("cloud", "service_hosts", "settings", graph_base_url="https://graph.microsoft.us/v1.0")
    assert {one.name: one.state for one in found} == {
        "settings": State.OK, "cloud": State.WRONG, "service_hosts": State.OK,
    }  # fmt: skip
