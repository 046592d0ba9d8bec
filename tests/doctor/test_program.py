"""`python -m bot doctor` as it is started: exit codes, both outputs, settings that cannot be read, and packages that are missing."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.local.entra_state import entra_state, managed_identity_id
from infra.local.tenant import managed_identity_environment
from tests.doctor.registered import app
from tests.doctor.site import Site

ROOT = Path(__file__).parent.parent.parent
WITHOUT = "import sys; sys.modules[{module!r}] = None; from bot.__main__ import main; sys.exit(main(sys.argv[1:]))"
"""How an interpreter looks that does not have a package: None stops the search for it."""


async def started(site: Site, *arguments: str, without: str = "", **changes: str) -> tuple[int, str, str]:
    """(exit code, output, errors)."""
    settings = {name.upper(): str(value) for name, value in site.values.items()}
    inherited = {name: value for name, value in os.environ.items() if name not in settings}  # noqa: TID251 -- PATH and the like
    program = ["-c", WITHOUT.format(module=without)] if without else ["-m", "bot"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *program, "doctor", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**inherited, **site.vendors, **settings, **changes},
    )  # fmt: skip
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


def wrong(out: str) -> list[dict[str, Any]]:
    return [finding for finding in json.loads(out)["findings"] if finding["state"] == "wrong"]


async def test_all_in_order(site: Site) -> None:
    code, out, errors = await started(site, "--manifest", str(site.manifest))
    assert (code, errors) == (0, ""), out + errors
    assert " wrong" not in out
    assert "not checked" not in out
    assert out.splitlines()[0].startswith("ok          settings       ")


async def test_settings_that_cannot_be_read_are_the_first_finding(site: Site) -> None:
    code, out, errors = await started(site, "--json", "--skip", "models", PORT="http", PUBLIC_URL="http://x.example")
    assert (code, errors) == (1, "")
    assert [(one["check"], one["what"].partition(":")[0].split()[0]) for one in wrong(out)] == [
        ("settings", "PORT"), ("settings", "PUBLIC_URL"),
    ]  # fmt: skip
    assert json.loads(out)["ok"] is False


async def test_without_any_settings_it_says_what_to_set(site: Site) -> None:
    site.values.clear()
    site.vendors.clear()
    code, out, _ = await started(site, "--json", "--only", "settings", "--only", "identity")
    assert code == 1
    assert {"MICROSOFT_APP_ID", "ENCRYPTION_KEYS"} <= {one["what"].split()[0] for one in wrong(out)}


BEDROCK = {"MODELS": "claude=bedrock:claude-sonnet-5-5", "AWS_REGION": "eu-central-1"}
VERTEX = {"MODELS": "claude=vertex:claude-sonnet-5-5", "CLOUD_ML_REGION": "global", "ANTHROPIC_VERTEX_PROJECT_ID": "x"}
AZURE = {
    "MODELS": "gpt=azure:gpt-6.2-sol",
    "AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com",
    "AZURE_IDENTITY": "1",
}
COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("module", "check", "extra", "changes"),
    [
        ("boto3", "models", "bedrock", BEDROCK),
        ("google.auth", "models", "vertex", VERTEX),
        ("azure.identity", "models", "azure", AZURE),
        ("opentelemetry.exporter", "telemetry", "otel", COLLECTOR),
    ],
)
async def test_a_package_that_is_missing(
    site: Site, module: str, check: str, extra: str, changes: dict[str, str]
) -> None:
    arguments = ["--json", "--manifest", str(site.manifest)]
    code, out, errors = await started(site, *arguments, without=module, **changes)
    assert (code, errors) == (1, "")
    assert [(one["check"], one["cure"]) for one in wrong(out)] == [(check, f"Run: pip install 'parley[{extra}]'.")], out


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_managed_identity(site: Site, trusted: bool) -> None:
    """It gives tokens of its own, and stands in for the secret of the app people sign in to, where that app trusts it."""
    world = site.world
    if not trusted:
        entra_state(world).federated_subjects.clear()
    identity = managed_identity_id(world)
    changes = {
        "MICROSOFT_APP_TYPE": "UserAssignedMSI", "MICROSOFT_APP_ID": identity, "MICROSOFT_SIGN_IN_APP_ID": world.app_id,
        "MICROSOFT_APP_PASSWORD": "", **managed_identity_environment(world),
    }  # fmt: skip
    app(world)["identifierUris"] = [f"api://botid-{identity}"]
    wanted = {"settings", "identity", "registration", "consents", "redirect"}
    code, out, _ = await started(site, "--json", *(f"--only={name}" for name in wanted), **changes)
    if trusted:
        assert (code, json.loads(out)["counts"]["ok"]) == (0, len(wanted)), out
    else:
        assert code == 1
        assert [(one["check"], "MICROSOFT_SIGN_IN_APP_ID" in one["cure"]) for one in wrong(out)] == [("identity", True)]


@pytest.mark.parametrize("arguments", [["--only", "nothing"], ["--what"], ["--only", "disk", "--skip", "disk"]])
async def test_usage_is_refused_as_everywhere(site: Site, arguments: list[str]) -> None:
    code, out, errors = await started(site, *arguments)
    assert (code, out) == (2, "")
    assert "usage:" in errors
