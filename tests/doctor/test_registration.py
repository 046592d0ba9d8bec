"""An app that is registered without what single sign-on needs."""

from bot.doctor.finding import State
from infra.local.entra_state import entra_state
from tests.doctor.registered import app
from tests.doctor.site import Site, told


async def test_another_address(site: Site) -> None:
    app(site.world)["identifierUris"] = [f"api://{site.world.app_id}"]
    await site.finds("registration", f"api://botid-{site.world.app_id}", "Expose an API")


async def test_no_scope(site: Site) -> None:
    app(site.world)["api"]["oauth2PermissionScopes"][0]["isEnabled"] = False
    await site.finds("registration", "access_as_user", "Expose an API")


async def test_a_client_of_teams_that_may_not_ask(site: Site) -> None:
    del app(site.world)["api"]["preAuthorizedApplications"][1]
    await site.finds("registration", "5e3ce6c0-2b1f-4285-8d4b-75ee78787346", "Teams in the browser")


async def test_without_the_permission_it_says_what_it_did_not_see(site: Site) -> None:
    entra_state(site.world).app_roles = ()
    found = await site.examined("registration", "consents")
    assert {one.state for one in found} == {State.UNCHECKED}
    assert told(found).count("Application.Read.All") == 2
