"""Real certificates on a real listener: expired, another host's, nobody's, and one that ends soon."""

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.doctor.finding import State
from tests.doctor.site import Site, served, told, trusting

NOW = datetime.now(UTC)  # noqa: TID251 -- OpenSSL's clock is the machine's


async def alive(_: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})


ROUTES = [web.get("/healthz", alive)]


@pytest.mark.parametrize(
    ("host", "until", "state", "words"),
    [
        ("localhost", NOW - timedelta(days=2), State.WRONG, ("has expired", "Renew", "PUBLIC_URL")),
        ("parley.contoso.example", NOW + timedelta(days=365), State.WRONG, ("another host", "PUBLIC_URL")),
        ("localhost", NOW + timedelta(days=5, hours=1), State.WARNING, ("ends in 5 days", "Renew")),
    ],
    ids=["expired", "another host's", "ends soon"],
)
async def test_a_certificate_nobody_trusts_for_long(
    site: Site, host: str, until: datetime, state: State, words: tuple[str, ...]
) -> None:
    async with served(ROUTES, site.folder / "other", host=host, until=until) as (url, authority):
        bundle = trusting(site.world, authority, site.folder / "both.pem")
        await site.finds("certificate", *words, state=state, public_url=url, ca_bundle=bundle)


async def test_an_authority_nobody_knows(site: Site) -> None:
    async with served(ROUTES, site.folder / "other") as (url, _):
        await site.finds("certificate", "authority", "whole chain", public_url=url)


async def test_trusted_for_the_sake_of_our_own_list_only(site: Site) -> None:
    """Teams has no such list. Among ourselves nobody else has to trust it."""
    found = await site.examined("certificate", login_base_url="https://login.microsoftonline.com")
    assert found[0].state is State.WARNING
    assert "CA_BUNDLE" in told(found)
