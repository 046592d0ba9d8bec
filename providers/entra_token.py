"""Keyless entry to Azure's doors: tokens of the machine's own managed or workload identity."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from providers.base import DoorSettings
from providers.errors import ConfigurationError
from providers.extras import needed, quieted

SWITCH = "AZURE_IDENTITY"


@dataclass(frozen=True, slots=True)
class Entrance:
    """Either `key` or `token` lets us in."""

    key: str
    token: Callable[[], Awaitable[str]] | None
    close: Callable[[], Awaitable[None]]


def entrance(settings: DoorSettings, door: str, key_name: str, scope: str) -> Entrance:
    """The key in the variable `key_name`, or with AZURE_IDENTITY=1 tokens for `scope`. Raises ConfigurationError.

    azure-identity caches tokens and reads its own variables (AZURE_CLIENT_ID, AZURE_TENANT_ID,
    AZURE_FEDERATED_TOKEN_FILE, IDENTITY_ENDPOINT, ...). A developer's own sign-ins are left out on purpose.
    """
    environment = settings.environment
    if key := environment.get(key_name, "").strip():
        return Entrance(key, None, _nothing)
    if environment.get(SWITCH, "").strip() != "1":
        raise ConfigurationError(
            f"The door {door!r} needs {key_name}, or {SWITCH}=1 for a managed or workload identity; neither is set."
        )
    needed(door, "azure", "azure.identity")
    quieted("azure")
    import azure.identity.aio as identity  # noqa: PLC0415 -- only where there is no key

    credential = identity.DefaultAzureCredential(
        exclude_shared_token_cache_credential=True,
        exclude_visual_studio_code_credential=True,
        exclude_developer_cli_credential=True,
        exclude_cli_credential=True,
        exclude_powershell_credential=True,
        exclude_interactive_browser_credential=True,
    )
    return Entrance("", identity.get_bearer_token_provider(credential, scope), credential.close)


async def _nothing() -> None:
    pass
