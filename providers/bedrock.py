"""Claude through Amazon Bedrock, whose streams are AWS's binary event streams; the credentials are AWS's usual chain."""

from typing import Any

from providers.base import Door, DoorSettings
from providers.claude import Claude
from providers.errors import ConfigurationError
from providers.extras import needed, quieted
from providers.transport import base_url, http_client, resource_name

DOOR = "bedrock"
WHO = "Claude on Bedrock"


def open_bedrock(model: str, settings: DoorSettings) -> Claude:
    region = resource_name(settings, "AWS_REGION") or resource_name(settings, "AWS_DEFAULT_REGION")
    if not region:
        raise ConfigurationError(f"The door {DOOR!r} needs AWS_REGION, which is not set.")
    usual = f"https://bedrock-runtime.{region}.amazonaws.com"
    url = base_url(settings, "ANTHROPIC_BEDROCK_BASE_URL", usual)
    credentials = _credentials(settings)
    needed(DOOR, "bedrock", "boto3", "botocore")
    quieted("boto3", "botocore")
    import anthropic  # noqa: PLC0415 -- 1.4 s and 65 MiB: only where this door is configured
    import httpx2  # noqa: PLC0415 -- comes with the SDK

    client = anthropic.AsyncAnthropicBedrock(
        aws_region=region,
        base_url=url,
        max_retries=settings.retries,
        open_telemetry=False,  # as in providers/claude.py
        http_client=http_client(anthropic, httpx2, settings, url),
        **credentials,
    )
    return Claude(client, model, door=DOOR, who=WHO, capability=settings.capability)


def _credentials(settings: DoorSettings) -> dict[str, Any]:
    """A Bedrock key, or a pair of AWS keys, or nothing: then AWS's library looks for a role or profile at the first request."""
    variables = {name: settings.environment.get(name, "").strip() for name in _NAMES}
    if variables["AWS_BEARER_TOKEN_BEDROCK"]:
        return {"api_key": variables["AWS_BEARER_TOKEN_BEDROCK"]}
    id, secret = variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
    if bool(id) != bool(secret):
        raise ConfigurationError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together; only one is set.")
    if not id:
        return {}
    session = variables["AWS_SESSION_TOKEN"] or None
    return {"aws_access_key": id, "aws_secret_key": secret, "aws_session_token": session}


_NAMES = ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

PROVIDER = Door(
    DOOR,
    open_bedrock,
    "Claude on Amazon Bedrock: AWS_REGION, with AWS_BEARER_TOKEN_BEDROCK, AWS keys, or a role AWS's library finds.",
)
