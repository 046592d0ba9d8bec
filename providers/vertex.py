"""Claude through Google's Vertex AI, with the credentials that Google's own library finds."""

from providers.base import Door, DoorSettings
from providers.claude import Claude
from providers.extras import needed, quieted
from providers.transport import base_url, http_client, required, resource_name

DOOR = "vertex"
WHO = "Claude on Vertex AI"
_OWN_HOSTS = {
    "global": "https://aiplatform.googleapis.com/v1",
    "us": "https://aiplatform.us.rep.googleapis.com/v1",
    "eu": "https://aiplatform.eu.rep.googleapis.com/v1",
}
"""Of what is no single region, as Anthropic's SDK knows them."""


def open_vertex(model: str, settings: DoorSettings) -> Claude:
    required(settings, DOOR, "CLOUD_ML_REGION")
    required(settings, DOOR, "ANTHROPIC_VERTEX_PROJECT_ID")
    region = resource_name(settings, "CLOUD_ML_REGION")
    project = resource_name(settings, "ANTHROPIC_VERTEX_PROJECT_ID")
    usual = _OWN_HOSTS.get(region, f"https://{region}-aiplatform.googleapis.com/v1")
    url = base_url(settings, "ANTHROPIC_VERTEX_BASE_URL", usual)
    needed(DOOR, "vertex", "google.auth", "requests")
    quieted("google")
    import anthropic  # noqa: PLC0415 -- 1.4 s and 65 MiB: only where this door is configured
    import httpx2  # noqa: PLC0415 -- comes with the SDK

    client = anthropic.AsyncAnthropicVertex(
        region=region,
        project_id=project,
        base_url=url,
        max_retries=settings.retries,
        open_telemetry=False,  # as in providers/claude.py
        http_client=http_client(anthropic, httpx2, settings, url),
    )
    return Claude(client, model, door=DOOR, who=WHO, capability=settings.capability)


PROVIDER = Door(
    DOOR,
    open_vertex,
    "Claude on Vertex AI: CLOUD_ML_REGION, ANTHROPIC_VERTEX_PROJECT_ID and Google's application default credentials.",
)
