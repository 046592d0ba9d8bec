"""What only Azure OpenAI's door does: its address, its key or the machine's identity, deployments instead of models."""

import pytest

from infra.local.vendors import azure, cloud_tokens
from infra.local.vendors.script import Reply
from providers.base import DoorSettings
from providers.discover import open_models
from providers.errors import AccessRefused, ConfigurationError
from tests.providers.conftest import QUESTION, Vendors, asked, drained


async def test_the_request_goes_to_the_v1_address_with_the_key(vendors: Vendors) -> None:
    vendors.environment["AZURE_OPENAI_ENDPOINT"] += "/openai/v1/"
    vendors.say(Reply(text="Yes."))
    _, response = await drained(vendors.open("azure"), asked(QUESTION))
    assert (vendors.last.path, vendors.last.query) == ("/azure/openai/v1/responses", "")
    assert vendors.last.headers["Authorization"] == f"Bearer {azure.KEY}"
    assert (vendors.last.body["model"], response.model) == ("our-gpt", "gpt-6.2-sol")
    assert vendors.last.body["store"] is False


async def test_without_a_key_the_machines_identity_lets_us_in(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    del vendors.environment["AZURE_OPENAI_API_KEY"]
    vendors.environment["AZURE_IDENTITY"] = "1"
    # Read by azure-identity, not by us.
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{vendors.url}/tokens/azure")
    monkeypatch.setenv("IDENTITY_HEADER", cloud_tokens.IDENTITY_HEADER)
    vendors.say(Reply(text="Yes."))
    await drained(vendors.open("azure"), asked(QUESTION))
    token = "entra-token-for-https://cognitiveservices.azure.com"
    assert vendors.last.headers["Authorization"] == f"Bearer {token}"


async def test_an_identity_that_is_refused_is_said(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    del vendors.environment["AZURE_OPENAI_API_KEY"]
    vendors.environment["AZURE_IDENTITY"] = "1"
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{vendors.url}/tokens/azure")
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    with pytest.raises(AccessRefused, match="GPT on Azure refused our key"):
        await drained(vendors.open("azure"), asked(QUESTION))
    assert not vendors.world.record


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "AZURE_OPENAI_ENDPOINT"),
        ({"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com"}, "AZURE_OPENAI_API_KEY, or AZURE_IDENTITY=1"),
        ({"AZURE_OPENAI_ENDPOINT": "http://r.openai.azure.com", "AZURE_OPENAI_API_KEY": "k"}, "https address"),
    ],
)
def test_what_is_missing_is_said(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_models(["a=azure:our-gpt"], DoorSettings(environment))
