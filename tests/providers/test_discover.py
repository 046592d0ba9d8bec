"""Finding and opening doors: order, sentences for wrong settings, and no SDK that was not asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from providers.base import DoorSettings
from providers.discover import discover, open_models
from providers.errors import ConfigurationError

KEYS = {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"}


def test_all_doors_are_found() -> None:
    doors = discover()
    assert set(doors) == {"anthropic", "azure", "bedrock", "compatible", "foundry", "offline", "openai", "vertex"}
    assert all(door.help for door in doors.values())


async def test_models_keep_their_order() -> None:
    entries = ["GPT=openai:gpt-6.2-sol", "quote=offline:extract", "claude=anthropic:claude-sonnet-5-5"]
    opened = open_models(entries, DoorSettings(KEYS))
    assert list(opened) == ["gpt", "quote", "claude"]
    assert (opened["gpt"].door, opened["gpt"].model) == ("openai", "gpt-6.2-sol")
    for provider in opened.values():
        await provider.aclose()


@pytest.mark.parametrize(
    ("entries", "environment", "said"),
    [
        ([], {}, ["MODELS names no model", "anthropic, azure, bedrock, compatible, foundry, offline, openai, vertex"]),
        (["claude"], {}, ["'claude' is not of the form name=door:model"]),
        (["a=offline:"], {}, ["not of the form"]),
        (["a=nowhere:m"], {}, ["the door 'nowhere'", "the doors are"]),
        (["a=offline:m", "A=offline:n"], {}, ["'a' is given twice"]),
        (["c=anthropic:m"], {}, ["'c=anthropic:m'", "ANTHROPIC_API_KEY"]),
        (["g=openai:m"], {"OPENAI_API_KEY": " "}, ["OPENAI_API_KEY", "not set"]),
        (["v=compatible:m"], {}, ["COMPATIBLE_BASE_URL"]),
        (["v=compatible:m"], {"COMPATIBLE_BASE_URL": "http://example.org/v1"}, ["must be an https address"]),
        (["c=anthropic:m"], {**KEYS, "ANTHROPIC_BASE_URL": "nonsense"}, ["ANTHROPIC_BASE_URL is not an address"]),
    ],
)
def test_wrong_settings_are_explained(entries: list[str], environment: dict[str, str], said: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_models(entries, DoorSettings(environment))
    for words in said:
        assert words in str(caught.value)


def test_an_unreadable_bundle_is_explained() -> None:
    with pytest.raises(ConfigurationError, match="CA_BUNDLE"):
        open_models(["c=anthropic:m"], DoorSettings(KEYS, ca_bundle="no/such/file.pem"))


WHOLE_APP = """
import asyncio, sys
from cryptography.fernet import Fernet
from bot.app import WARMING, create_app
from bot.settings import Settings

async def main():
    settings = Settings(
        models=sys.argv[1], database_url=sys.argv[2], encryption_keys=Fernet.generate_key().decode(), parley_local=True
    )
    app = await create_app(settings, {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", "COMPATIBLE_BASE_URL": "http://localhost:9"})
    await app[WARMING]
    await app.cleanup()

asyncio.run(main())
print(*sorted({"anthropic", "openai", "boto3", "botocore", "google.auth", "azure.identity"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("entries", "loaded"),
    [("a=offline:m", set()), ("a=openai:m,b=compatible:m", {"openai"}), ("a=anthropic:m", {"anthropic"})],
)
def test_the_whole_app_imports_only_the_sdk_that_is_configured(entries: str, loaded: set[str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", WHOLE_APP, entries, f"sqlite:///{(tmp_path / 'p.db').as_posix()}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == loaded
