"""Settings the server refuses are the first finding, and the rest is looked at all the same."""

from typing import Any

import pytest

from bot.doctor.finding import State
from tests.doctor.site import Site, told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"public_url": "http://bot.example"}, ("PUBLIC_URL must be an https address",)),
        ({"microsoft_app_id": None}, ("MICROSOFT_APP_ID is not set", "PARLEY_LOCAL")),
        ({"microsoft_app_tenant_id": None}, ("MICROSOFT_APP_TENANT_ID",)),
        ({"encryption_keys": None}, ("ENCRYPTION_KEYS is not set", "make key")),
        ({"encryption_keys": "short"}, ("ENCRYPTION_KEYS: key 1 is not a Fernet key", "make key")),
        ({"port": "http"}, ("PORT", ".env.example")),
        ({"audit_days": 3, "public_url": "http://bot.example"}, ("AUDIT_DAYS", "PUBLIC_URL")),
        ({"link_hosts": "https://intranet.example/x"}, ("LINK_HOSTS",)),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
async def test_a_setting_the_server_refuses(site: Site, changes: dict[str, Any], words: tuple[str, ...]) -> None:
    await site.finds("settings", *words, **changes)


async def test_an_authority_that_cannot_be_read(site: Site) -> None:
    """Then nothing of https can be trusted either, and that is what the others say."""
    examined = {one.name: one for one in await site.examined(ca_bundle=str(site.folder / "none.pem"))}
    assert examined["settings"].state is State.WRONG
    assert "CA_BUNDLE" in told([examined["settings"]])
    assert examined["models"].state is State.OK


async def test_anybody_may_write_to_a_bot_in_local_mode(site: Site) -> None:
    changes: dict[str, Any] = {"parley_local": True, "login_base_url": "https://login.microsoftonline.com"}
    found = await site.examined("settings", **changes)
    assert found[0].state is State.WARNING
    assert "PARLEY_LOCAL" in told(found)
