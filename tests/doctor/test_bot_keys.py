"""The Bot Framework's keys: not reachable, not there, or another issuer's."""

from infra.local.world import Fault
from tests.doctor.site import Site


async def test_metadata_that_cannot_be_reached(site: Site) -> None:
    await site.finds("bot_keys", "BOT_OPENID_METADATA_URL", bot_openid_metadata_url="http://127.0.0.1:1/openid")


async def test_an_address_without_metadata(site: Site) -> None:
    url = f"{site.world.urls.http}/botframework/v1/nothing"
    await site.finds("bot_keys", "status 404", "BOT_OPENID_METADATA_URL", bot_openid_metadata_url=url)


async def test_keys_that_cannot_be_had(site: Site) -> None:
    site.world.faults.append(Fault("botframework", "* */keys", body={"keys": []}, status=200, times=9))
    await site.finds("bot_keys", "keys cannot be had", "BOT_OPENID_METADATA_URL")


async def test_another_issuer(site: Site) -> None:
    await site.finds("bot_keys", "BOT_TOKEN_ISSUER", bot_token_issuer="https://issuer.example")
