"""What only Microsoft Foundry's door does: the resource's address, its key or the machine's identity."""

import pytest

from infra.local.vendors import cloud_tokens, foundry
from infra.local.vendors.script import Reply
from providers.base import DoorSettings
from providers.discover import open_models
from providers.errors import ConfigurationError
from tests.providers.conftest import QUESTION, Vendors, asked, drained


async def test_the_key_goes_as_azure_wants_it(vendors: Vendors) -> None:
    vendors.say(Reply(text="Yes."))
    _, response = await drained(vendors.open("foundry"), asked(QUESTION))
    assert vendors.last.path == "/foundry/v1/messages"
    assert vendors.last.headers["api-key"] == vendors.last.headers["x-api-key"] == foundry.KEY
    assert "Authorization" not in vendors.last.headers
    assert (vendors.last.body["model"], response.model) == ("our-claude", "claude-sonnet-5-5")


async def test_without_a_key_the_machines_identity_lets_us_in(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    del vendors.environment["ANTHROPIC_FOUNDRY_API_KEY"]
    vendors.environment["AZURE_IDENTITY"] = "1"
    # Read by azure-identity, not by us.
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{vendors.url}/tokens/azure")
    monkeypatch.setenv("IDENTITY_HEADER", cloud_tokens.IDENTITY_HEADER)
    vendors.say(Reply(text="Yes."))
    await drained(vendors.open("foundry"), asked(QUESTION))
    assert vendors.last.headers["Authorization"] == "Bearer entra-token-for-https://ai.azure.com"
    assert "x-api-key" not in vendors.last.headers


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "ANTHROPIC_FOUNDRY_RESOURCE or ANTHROPIC_FOUNDRY_BASE_URL"),
        ({"ANTHROPIC_FOUNDRY_RESOURCE": "evil.example/x?"}, "ANTHROPIC_FOUNDRY_RESOURCE is a name"),
        ({"ANTHROPIC_FOUNDRY_RESOURCE": "ours"}, "ANTHROPIC_FOUNDRY_API_KEY, or AZURE_IDENTITY=1"),
    ],
)
def test_what_is_missing_is_said(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_models(["c=foundry:our-claude"], DoorSettings(environment))
