"""The product as the benchmarks run it: the real app, its settings from the local tenant, Teams' tenant-wide limit lifted."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from cryptography.fernet import Fernet

from bot.app import create_app
from bot.settings import VENDOR_PREFIXES, Settings
from infra.local.tenant import environment
from infra.local.world import World


def configuration(world: World, database_url: str, **changes: str) -> dict[str, str]:
    """The environment of a bot of that tenant. The bot's own token is real: MSAL fetches it from the tenant's Entra."""
    return {
        **environment(world),
        "DATABASE_URL": database_url,
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "MODELS": "offline=offline:extract",
        "LOG_LEVEL": "WARNING",
        **changes,
    }


def settings(environ: Mapping[str, str]) -> Settings:
    given: dict[str, Any] = {
        name.lower(): value for name, value in environ.items() if not name.startswith(VENDOR_PREFIXES)
    }
    return Settings(**given)


async def parley_app(environ: Mapping[str, str]) -> web.Application:
    """Teams' limit for one conversation holds as in production; the limit for the whole tenant (50 calls a second) is lifted."""
    vendors = {name: value for name, value in environ.items() if name.startswith(VENDOR_PREFIXES)}
    return await create_app(settings(environ), vendors, tenant_windows=())
