"""Claude through Microsoft Foundry: Anthropic's own wire under the company's Azure resource, the model a deployment's name."""

from providers.base import Door, DoorSettings
from providers.claude import Claude
from providers.entra_token import entrance
from providers.errors import ConfigurationError
from providers.transport import base_url, http_client, resource_name

DOOR = "foundry"
WHO = "Claude on Foundry"
SCOPE = "https://ai.azure.com/.default"


def open_foundry(model: str, settings: DoorSettings) -> Claude:
    url = _address(settings)
    way_in = entrance(settings, DOOR, "ANTHROPIC_FOUNDRY_API_KEY", SCOPE)
    import anthropic  # noqa: PLC0415 -- 1.4 s and 65 MiB: only where this door is configured
    import httpx2  # noqa: PLC0415 -- comes with the SDK

    client = anthropic.AsyncAnthropicFoundry(
        base_url=url,
        api_key=way_in.key or None,
        azure_ad_token_provider=way_in.token,
        max_retries=settings.retries,
        open_telemetry=False,  # as in providers/claude.py
        http_client=http_client(anthropic, httpx2, settings, url),
    )
    return Claude(client, model, door=DOOR, who=WHO, capability=settings.capability, also_close=way_in.close)


def _address(settings: DoorSettings) -> str:
    if resource := resource_name(settings, "ANTHROPIC_FOUNDRY_RESOURCE"):
        default = f"https://{resource}.services.ai.azure.com/anthropic"
    elif settings.environment.get("ANTHROPIC_FOUNDRY_BASE_URL", "").strip():
        default = ""
    else:
        raise ConfigurationError(
            f"The door {DOOR!r} needs ANTHROPIC_FOUNDRY_RESOURCE or ANTHROPIC_FOUNDRY_BASE_URL; neither is set."
        )
    return base_url(settings, "ANTHROPIC_FOUNDRY_BASE_URL", default)


PROVIDER = Door(
    DOOR,
    open_foundry,
    "Claude on Microsoft Foundry, foundry:deployment@claude-...: ANTHROPIC_FOUNDRY_RESOURCE with "
    "ANTHROPIC_FOUNDRY_API_KEY or AZURE_IDENTITY=1.",
)
