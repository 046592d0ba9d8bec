"""What only Vertex AI's door does: the model in the path, Google's token, Google's errors."""

from pathlib import Path

import pytest

from infra.local.vendors import cloud_tokens
from infra.local.vendors.script import Reply
from providers.base import DoorSettings
from providers.discover import open_models
from providers.errors import AccessRefused, ConfigurationError
from providers.extras import needed
from tests.providers.conftest import QUESTION, Vendors, asked, drained

PLACE = {"CLOUD_ML_REGION": "europe-west1", "ANTHROPIC_VERTEX_PROJECT_ID": "our-project"}


async def test_the_model_stands_in_the_path_and_google_lets_us_in(vendors: Vendors) -> None:
    vendors.say(Reply(text="Yes."))
    await drained(vendors.open("vertex"), asked(QUESTION))
    place = "/vertex/projects/our-project/locations/europe-west1/publishers/anthropic/models"
    assert vendors.last.path == f"{place}/claude-sonnet-5-5@20261001:streamRawPredict"
    assert vendors.last.headers["Authorization"] == f"Bearer {cloud_tokens.GOOGLE}"
    assert "model" not in vendors.last.body


async def test_credentials_that_are_not_there_are_said(
    vendors: Vendors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(AccessRefused, match="Claude on Vertex AI refused our key"):
        await drained(vendors.open("vertex", shared=False), asked(QUESTION))
    assert not vendors.world.record


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "CLOUD_ML_REGION"),
        ({"CLOUD_ML_REGION": "europe-west1"}, "ANTHROPIC_VERTEX_PROJECT_ID"),
        ({**PLACE, "CLOUD_ML_REGION": "evil.example/"}, "CLOUD_ML_REGION is a name"),
    ],
)
def test_what_is_missing_is_said(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_models(["c=vertex:claude-sonnet-5-5"], DoorSettings(environment))


def test_a_package_that_is_missing_is_said_with_the_extra_that_brings_it() -> None:
    with pytest.raises(ConfigurationError, match=r"'vertex' needs the package of no\.such\.thing.*parley\[vertex\]"):
        needed("vertex", "vertex", "requests", "no.such.thing")
