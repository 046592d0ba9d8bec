"""The table of what models can do: found by any cloud's name for a model, and obeyed in the request."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from infra.local.vendors.script import Reply
from providers.base import DoorSettings, Image, Text
from providers.capabilities import capabilities_of, shaped, split
from providers.claude_request import to_wire as claude_wire
from providers.discover import open_models
from providers.errors import ConfigurationError
from providers.gpt_request import to_wire as gpt_wire
from providers.transcript import NOT_SEEN
from tests.providers.conftest import QUESTION, Vendors, asked, drained


@pytest.mark.parametrize(
    ("name", "family", "differs"),
    [
        ("claude-opus-5-5", "", {"thinking": "always", "forced_tools": False, "max_input": 1_000_000}),
        ("eu.anthropic.claude-haiku-5-5-v1:0", "claude", {"forced_tools": True, "citations": True}),
        ("claude-sonnet-4-5@20250929", "claude", {"efforts": (), "max_output": 64_000}),
        ("gpt-6.2-sol", "", {"thinking": "always", "citations": False, "max_input": 922_000}),
        ("GPT-4.1", "", {"thinking": "none"}),
        ("our-deployment", "claude", {"citations": True, "images": True}),
        ("our-deployment", "", {"images": False, "efforts": ()}),
    ],
)
def test_a_model_is_known_by_any_clouds_name(name: str, family: str, differs: dict[str, Any]) -> None:
    found = capabilities_of(name, family)
    assert {field: getattr(found, field) for field in differs} == differs


def test_effort_is_the_models_own_nearest_value() -> None:
    usual = capabilities_of("claude")
    assert usual.effort("low") == "low"
    assert replace(usual, efforts=("high", "medium")).effort("low") == "medium"
    assert replace(usual, efforts=("none", "low")).effort("high") == "low"
    assert replace(usual, efforts=()).effort("high") == ""


def test_a_model_without_effort_is_asked_without() -> None:
    old_claude, old_gpt = capabilities_of("claude-sonnet-4-5"), capabilities_of("gpt-4.1")
    assert "output_config" not in claude_wire(asked(QUESTION), "claude-sonnet-4-5", capabilities=old_claude)
    assert "reasoning" not in gpt_wire(asked(QUESTION), "gpt-4.1", capabilities=old_gpt)


def test_no_more_is_asked_for_than_a_model_can_write_or_see() -> None:
    request = replace(asked(Image(b"PNG", "image/png"), QUESTION), max_output_tokens=200_000)
    unknown = shaped(request, capabilities_of("mystery"))
    assert unknown.max_output_tokens == 8_000
    assert unknown.messages[0].parts == (Text(NOT_SEEN), QUESTION)
    assert shaped(request, capabilities_of("gpt-6.2-sol")).messages == request.messages


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        ("our-gpt@gpt-6.2-sol", ("our-gpt", "gpt-6.2-sol")),
        ("claude-sonnet-5-5@20261001", ("claude-sonnet-5-5@20261001", "")),
        ("claude-sonnet-5-5@20261001@claude-sonnet-5-5", ("claude-sonnet-5-5@20261001", "claude-sonnet-5-5")),
        ("eu.anthropic.claude-sonnet-5-5-v1:0", ("eu.anthropic.claude-sonnet-5-5-v1:0", "")),
    ],
)
def test_a_capability_name_stands_after_the_last_at(model: str, parts: tuple[str, str]) -> None:
    assert split(model) == parts


def test_a_capability_nobody_knows_is_explained() -> None:
    with pytest.raises(
        ConfigurationError, match=r"'g=openai:ours@gemini' cannot be opened.*'gemini' begins with none of"
    ):
        open_models(["g=openai:ours@gemini"], DoorSettings({"OPENAI_API_KEY": "k"}))


async def test_a_deployment_is_asked_as_the_model_it_is_like(vendors: Vendors) -> None:
    vendors.say(Reply(text="Yes."))
    provider = vendors.open("azure", model="our-gpt@gpt-4.1")
    await drained(provider, asked(Image(base64.b64decode("R0lG"), "image/gif"), QUESTION))
    assert provider.model == vendors.last.body["model"] == "our-gpt"
    assert "reasoning" not in vendors.last.body
    assert "R0lG" in json.dumps(vendors.last.body)
