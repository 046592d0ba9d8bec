"""Vendors that refuse, each in its own way, and models they do not have."""

import pytest

from bot.doctor.finding import State
from infra.local.vendors.script import Reply
from infra.local.world import Fault
from tests.doctor.site import Site, told


async def test_a_wrong_key(site: Site) -> None:
    site.world.vendor_key = site.vendors["OPENAI_API_KEY"]
    site.vendors["ANTHROPIC_API_KEY"] = "wrong"
    await site.finds("models", "claude: Claude refused our key", "ANTHROPIC_API_KEY")


async def test_no_credit(site: Site) -> None:
    site.world.state["script"] = [Reply(wire="claude", error=402)]
    await site.finds("models", "Claude account is used up", "Pay in at the vendor")


async def test_a_model_the_vendor_does_not_have(site: Site) -> None:
    await site.finds(
        "models",
        "the vendor has no model no-such-model",
        "MODELS",
        models="gpt=openai:no-such-model",
        prices=priced(site),
    )


async def test_a_model_that_ends(site: Site) -> None:
    models = "claude=anthropic:claude-opus-4-5-20251101"
    found = await site.examined("models", models=models)
    assert found[0].state is State.WARNING
    assert "successor in MODELS" in told(found)


async def test_a_vendor_that_cannot_be_reached(site: Site) -> None:
    site.vendors["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:1"
    await site.finds("models", "The connection to Claude failed", "ANTHROPIC_BASE_URL", "firewall")


@pytest.mark.parametrize(("status", "words"), [(429, "The key works"), (529, "status page")])
async def test_a_vendor_that_is_busy_is_no_fault_of_ours(site: Site, status: int, words: str) -> None:
    site.world.state["script"] = [Reply(wire="claude", error=status)]
    await site.finds("models", words, state=State.WARNING)


async def test_a_proxy_that_breaks_streams(site: Site) -> None:
    site.world.state["script"] = [Reply(wire="openai", text="ready", early=1)]
    await site.finds("models", "gpt:", "proxy")


@pytest.mark.parametrize(
    ("models", "gone", "words"),
    [
        ("claude=anthropic:claude-sonnet-5-5", "ANTHROPIC_API_KEY", ("ANTHROPIC_API_KEY", "not set")),
        ("gpt=opanai:gpt-6.2-sol", "", ("opanai", "MODELS")),
        ("claude-sonnet-5-5", "", ("MODELS", "name=door:model")),
        ("a=offline:x,A=offline:x", "", ("MODELS", "twice")),
        (",", "", ("MODELS names no model", "Set MODELS")),
    ],
    ids=["no key", "no door", "no form", "twice", "none"],
)
async def test_models_that_cannot_be_opened(site: Site, models: str, gone: str, words: tuple[str, ...]) -> None:
    site.vendors.pop(gone, None)
    await site.finds("models", *words, models=models)


async def test_one_question_of_a_few_tokens_goes_out(site: Site) -> None:
    await site.examined("models")
    asked = [one.body for one in site.world.record if one.wire in {"claude", "openai"} and one.method == "POST"]
    assert len(asked) == 2
    assert {body.get("max_tokens") or body.get("max_output_tokens") for body in asked} == {64}


async def test_lists_are_not_asked_where_they_must_not_be(site: Site) -> None:
    site.world.faults.append(Fault("claude", "GET *", times=9))
    await site.examined("models", model_lists=False)
    assert [one.path for one in site.world.record if one.method == "GET" and one.wire in {"claude", "openai"}] == []


def priced(site: Site) -> str:
    file = site.folder / "prices.toml"
    file.write_text('as_of = 2026-12-01\n[models."no-such-model"]\ninput = 1\noutput = 2\n', encoding="utf-8")
    return str(file)
