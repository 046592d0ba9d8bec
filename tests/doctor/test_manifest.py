"""A package that is another app's, or was made for other settings."""

import json
from typing import Any

import pytest

from bot.doctor.finding import State
from bot.settings import Settings
from manifest.package import write
from tests.doctor.site import Site, told
from tests.manifest.made import PUBLISHER, VARIANTS

OTHER = "11111111-1111-4111-8111-111111111111"
SCOPES = ["personal", "team", "groupChat"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bots": [{"botId": OTHER, "scopes": SCOPES}]}, ("bots.botId", "MICROSOFT_APP_ID")),
        ({"composeExtensions": [{"botId": OTHER}]}, ("composeExtensions.botId", "MICROSOFT_APP_ID")),
        ({"copilotAgents": {"customEngineAgents": [{"id": OTHER}]}}, ("customEngineAgents",)),
        ({"validDomains": ["token.botframework.com"]}, ("validDomains", "PUBLIC_URL")),
        ({"webApplicationInfo": {"id": OTHER, "resource": "x"}}, ("webApplicationInfo.id", "api://botid-")),
        ({"webApplicationInfo": None}, ("single sign-on",)),
        ({"bots": []}, ("no bot",)),
        ({"bots": [{"botId": OTHER, "scopes": ["personal", "groupchat"]}]}, ("bots.scopes lacks team, groupChat",)),
        ({"icons": {"color": "gone.png", "outline": "outline.png"}}, ("icons",)),
    ],
    ids=[
        "bot", "extension", "agent", "domains", "sign-on", "no sign-on", "no bot", "places", "icons",
    ],
)  # fmt: skip
async def test_made_for_something_else(site: Site, changes: dict[str, Any], words: tuple[str, ...]) -> None:
    site.write_manifest(**changes)
    await site.finds("manifest", *words, "make manifest")


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"[]", b"{}", b"{" * 10000, b"\xff"])
async def test_what_is_no_manifest(site: Site, content: bytes) -> None:
    site.manifest.write_bytes(content)
    await site.finds("manifest", "manifest", "make manifest")


async def test_a_file_that_is_not_there(site: Site) -> None:
    site.manifest.unlink()
    await site.finds("manifest", "cannot be read")


async def test_a_manifest_alone_and_a_wildcard(site: Site) -> None:
    id = site.world.app_id
    manifest = {
        "manifestVersion": "1.30",
        "bots": [{"botId": id.upper(), "scopes": SCOPES}],
        "webApplicationInfo": {"id": id, "resource": f"api://botid-{id}"},
        "validDomains": ["*.contoso.example"],
    }
    site.manifest.write_text(json.dumps(manifest), encoding="utf-8")
    for url, state in (("https://parley.contoso.example", State.OK), ("https://contoso.example", State.WRONG)):
        found = await site.examined("manifest", public_url=url)
        assert found[0].state is state, told(found)


@pytest.mark.parametrize("variant", VARIANTS)
async def test_what_make_manifest_makes_is_in_order(site: Site, variant: str) -> None:
    made = {**site.values, "public_url": "https://parley.contoso.example:8443"}
    write(site.manifest, Settings(**made), PUBLISHER, without=VARIANTS[variant])
    found = await site.examined("manifest", public_url=made["public_url"])
    assert found[0].state is State.OK, told(found)


async def test_a_managed_identity_signs_people_in_by_another_app(site: Site) -> None:
    """Its Application ID URI is named after the bot all the same, in the registration, the package and our card."""
    made = {**site.values, "public_url": "https://parley.contoso.example", "microsoft_sign_in_app_id": OTHER}
    write(site.manifest, Settings(**made), PUBLISHER)
    found = await site.examined("manifest", **{name: made[name] for name in ("public_url", "microsoft_sign_in_app_id")})
    assert found[0].state is State.OK, told(found)
