"""A screenshot pasted into the personal chat: each vendor gets it in its own form; a model without eyes says so and answers the rest."""

import io
from pathlib import Path
from typing import Any

from PIL import Image

from infra.local import teams_files
from infra.local.vendors.script import Reply
from tests.conftest import fresh_world
from tests.e2e.parley import Parley, parley_running

MODELS = (
    "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6,eyes=compatible:llava+images,"
    "blind=compatible:llama,offline=offline:extract"
)


def screenshot() -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (64, 32), "red").save(sink, "PNG")
    return sink.getvalue()


async def content(parley: Parley, model: str) -> Any:
    """What this model is asked about the picture: the content of the last message on its wire, blocks or text."""
    await parley.teams.answer_to(await parley.teams.say("sofia", f"use {model}"), quiet=0.1)
    parley.world.state["script"] = [Reply(text="I have looked.")]
    picture = teams_files.picture(parley.world, screenshot())
    seen = await parley.ask("sofia", "What does this screenshot show?", attachments=[picture])
    blind = model in {"blind", "offline"}
    assert ("reads text only and cannot see pictures" in seen.text) is blind, seen.text
    last = [request for request in parley.world.record if request.wire in {"claude", "openai"}][-1].body
    return (last.get("input") or last["messages"])[-1]["content"]


async def test_each_vendor_in_its_own_form(tmp_path: Path) -> None:
    async with parley_running(fresh_world(), tmp_path, models=MODELS) as parley:
        await parley.sign_in("sofia")
        (block,) = [block for block in await content(parley, "claude") if block["type"] == "image"]
        assert (block["source"]["type"], block["source"]["media_type"]) == ("base64", "image/png")
        (block,) = [block for block in await content(parley, "gpt") if block["type"] == "input_image"]
        assert block["image_url"].startswith("data:image/png;base64,")
        (block,) = [block for block in await content(parley, "eyes") if block["type"] == "image_url"]
        assert block["image_url"]["url"].startswith("data:image/png;base64,")
        assert "you cannot see pictures" in await content(parley, "blind")
        await content(parley, "offline")
