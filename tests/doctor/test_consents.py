"""Permissions nobody agreed to, or only some."""

from bot.doctor.finding import State
from infra.local.graph.applications import registrations
from tests.doctor.registered import grant
from tests.doctor.site import Site


async def test_nobody_agreed(site: Site) -> None:
    registrations(site.world).grants[:] = [grant("User.Read", "Mail.Read")]
    await site.finds("consents", "Files.Read.All", f"adminconsent?client_id={site.world.app_id}")


async def test_some_agreed_for_themselves(site: Site) -> None:
    registrations(site.world).grants[:] = [
        grant("User.Read", "Mail.Read"),
        grant("Files.Read.All", person_id=site.world.company.people[0].id),
    ]
    await site.finds("consents", "Files.Read.All", "adminconsent", state=State.WARNING)


async def test_the_app_is_not_in_this_tenant(site: Site) -> None:
    registrations(site.world).principals.clear()
    await site.finds("consents", "Enterprise applications", "adminconsent")


async def test_rules_about_groups_need_more(site: Site) -> None:
    registrations(site.world).grants[:] = [grant("Mail.Read", "Files.Read.All")]
    file = site.folder / "policy.toml"
    file.write_text('[[rules]]\nname = "Staff"\ngroups = ["g"]\nallow = "all"\n', encoding="utf-8")
    await site.finds("consents", "User.Read", "adminconsent", policy=str(file))
