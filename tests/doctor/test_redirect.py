"""A sign-in page whose address was not registered."""

from bot.doctor.finding import State
from infra.local.entra_state import entra_state
from tests.doctor.site import Site


async def test_an_address_that_is_not_registered(site: Site) -> None:
    entra_state(site.world).loopback_redirects = False
    await site.finds("redirect", f"{site.values['public_url']}/signin/callback", "Authentication")


async def test_one_that_is(site: Site) -> None:
    state = entra_state(site.world)
    state.loopback_redirects = False
    state.redirect_uris.add(f"{site.values['public_url']}/signin/callback")
    assert (await site.examined("redirect"))[0].state is State.OK
