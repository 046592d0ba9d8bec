"""What vendors say of their models at start: names they do not know, models that end, what a model can do by now."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.world import Fault
from providers.base import Provider
from providers.capabilities import capabilities_of
from providers.errors import Overloaded
from providers.listing import Listed, Standing, listing
from tests.providers.conftest import Vendors

KNOWN = capabilities_of("claude")


def opened(vendors: Vendors, name: str, model: str = "") -> Any:
    provider: Provider = vendors.open(name, model=model, shared=False)
    assert isinstance(provider, Listed)
    assert provider.standing is Standing.UNKNOWN
    return provider


@pytest.mark.parametrize(
    ("name", "model", "standing"),
    [
        ("claude", "claude-sonnet-5-5", Standing.LISTED),
        ("claude", "claude-sonnet-55", Standing.UNLISTED),
        ("claude", "claude-opus-4-5", Standing.DEPRECATED),
        ("gpt", "gpt-6.2-sol", Standing.LISTED),
        ("gpt", "gpt-6.2-sun", Standing.UNLISTED),
        ("compatible", "llama+images", Standing.LISTED),
        ("compatible", "lama", Standing.UNLISTED),
        ("azure", "our-gpt", Standing.UNKNOWN),
        ("foundry", "our-claude", Standing.UNKNOWN),
        ("bedrock", "eu.anthropic.claude-sonnet-5-5-v1:0", Standing.UNKNOWN),
    ],
)
async def test_how_a_model_stands(vendors: Vendors, name: str, model: str, standing: Standing) -> None:
    provider = opened(vendors, name, model)
    await provider.refresh()
    assert provider.standing is standing
    assert len(vendors.world.record) == (standing is not Standing.UNKNOWN)


async def test_what_the_list_says_counts_from_then_on(vendors: Vendors) -> None:
    provider = opened(vendors, "claude", "claude-haiku-5-5")
    assert (provider.images, provider.capabilities.max_output) == (True, 128_000)
    await provider.refresh()
    assert (provider.images, provider.capabilities.max_output) == (False, 64_000)
    assert provider.capabilities.efforts == ("low", "medium")


async def test_a_list_that_cannot_be_had_changes_nothing(vendors: Vendors) -> None:
    provider = opened(vendors, "claude")
    vendors.world.faults.append(Fault("claude", status=503, headers={"Retry-After": "0.01"}, times=9))
    before = provider.capabilities
    with pytest.raises(Overloaded):
        await provider.refresh()
    assert (provider.standing, provider.capabilities) == (Standing.UNKNOWN, before)


async def pages(*models: Any) -> Any:
    for model in models:
        yield model


@pytest.mark.parametrize(
    "model",
    [
        SimpleNamespace(id="m"),
        SimpleNamespace(id="m", capabilities=None, max_tokens="many", max_input_tokens=-1, lifecycle=7),
        SimpleNamespace(id="m", capabilities={"effort": 1}, max_tokens=None),
        SimpleNamespace(id="m", capabilities=SimpleNamespace(effort=SimpleNamespace(supported=True, low=None))),
        SimpleNamespace(id="m-20261001", capabilities=SimpleNamespace(image_input=SimpleNamespace(supported="yes"))),
    ],
)
async def test_half_a_description_leaves_the_rest_as_it_was(model: Any) -> None:
    found = await listing(pages(SimpleNamespace(), SimpleNamespace(id="m-2"), model), "m", KNOWN)
    assert (found.standing, found.capabilities) == (Standing.LISTED, KNOWN)
