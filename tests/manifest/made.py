"""Settings and publisher of a made-up tenant, and every kind of package that can be made of them."""

from typing import Any

from cryptography.fernet import Fernet

from bot.settings import Settings
from manifest.app import COPILOT, PARTS, READING_ALONG, Publisher

PUBLISHER = Publisher(
    "Contoso IT", "https://contoso.example/parley", "https://contoso.example/p", "https://contoso.example/t"
)
VARIANTS = {
    "full": frozenset[str](),
    "without reading along": frozenset({READING_ALONG}),
    "without copilot": frozenset({COPILOT}),
    "without either": frozenset(PARTS),
}
KEY = Fernet.generate_key().decode()


def settings(**changed: Any) -> Settings:
    values = {
        "microsoft_app_id": "5b7ac3f6-2f1e-4d55-9d0b-9f3f6a2e7c11",
        "microsoft_app_tenant_id": "8f1f0d1e-64a2-4d0c-9a0c-3f0e3f0a1a2b",
        "encryption_keys": KEY,
        "public_url": "https://parley.contoso.example",
    }
    return Settings(**(values | changed))
