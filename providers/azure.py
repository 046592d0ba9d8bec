"""GPT through Azure OpenAI's v1 API: OpenAI's own wire under the company's Azure resource, the model a deployment's name."""

from providers.base import Door, DoorSettings
from providers.entra_token import entrance
from providers.gpt import GPT
from providers.transport import base_url, http_client, required

DOOR = "azure"
WHO = "GPT on Azure"
SCOPE = "https://cognitiveservices.azure.com/.default"
_V1 = "/openai/v1"


def open_azure(model: str, settings: DoorSettings) -> GPT:
    required(settings, DOOR, "AZURE_OPENAI_ENDPOINT")
    url = base_url(settings, "AZURE_OPENAI_ENDPOINT").removesuffix(_V1) + _V1
    way_in = entrance(settings, DOOR, "AZURE_OPENAI_API_KEY", SCOPE)
    import httpx2  # noqa: PLC0415 -- comes with the SDK
    import openai  # noqa: PLC0415 -- 0.6 s and 39 MiB: only where this door is configured

    http = http_client(openai, httpx2, settings, url)
    key = way_in.token or way_in.key
    client = openai.AsyncOpenAI(api_key=key, base_url=url, max_retries=settings.retries, http_client=http)
    return GPT(client, model, door=DOOR, who=WHO, capability=settings.capability, also_close=way_in.close)


PROVIDER = Door(
    DOOR,
    open_azure,
    "GPT on Azure OpenAI, azure:deployment@gpt-...: AZURE_OPENAI_ENDPOINT with AZURE_OPENAI_API_KEY or AZURE_IDENTITY=1.",
)
