"""The settings are a contract: what each means, what is refused and in which words, and that no secret is ever shown."""

import ast
import json
import os
import re
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr, ValidationError

from bot.settings import VENDOR_PREFIXES, Settings, faults, vendor_environment
from infra.local import certificates

ROOT = Path(__file__).parent.parent
KEY = Fernet.generate_key().decode()
SECRET = "canary-0d9e"
NEEDED: dict[str, Any] = {"microsoft_app_id": "app", "microsoft_app_tenant_id": "tenant", "encryption_keys": KEY}
LOCAL: dict[str, Any] = {"parley_local": True, "encryption_keys": KEY}


def refused(**given: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Settings(**given)
    return faults(caught.value)


def described() -> dict[str, tuple[str, str]]:
    """Of .env.example: name -> (value, the comment above it)."""
    found: dict[str, tuple[str, str]] = {}
    comment: list[str] = []
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        setting = re.fullmatch(r"#?([A-Z][A-Z_]*)=(.*)", line)
        if setting:
            assert setting[1] not in found, f"{setting[1]} stands there twice"
            found[setting[1]] = (setting[2], " ".join(comment))
        comment = [*comment, line[2:]] if line.startswith("# ") else []
    return found


def written(value: object) -> str:
    """A default as the environment would spell it."""
    if isinstance(value, tuple):
        return ",".join(written(part) for part in value)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(int(value)) if isinstance(value, bool) else str(value)


def vendors_own() -> set[str]:
    """The vendors' variables that the doors name in their code."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "providers").glob("*.py")]
    texts = {n.value for t in trees for n in ast.walk(t) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {text for text in texts if text.startswith(VENDOR_PREFIXES) and re.fullmatch(r"[A-Z_]+[A-Z]", text)}


def test_the_example_lists_every_setting_with_its_meaning_and_default() -> None:
    fields = {name.upper(): field for name, field in Settings.model_fields.items()}
    example = described()
    assert set(example) == set(fields) | vendors_own()
    for name, field in fields.items():
        assert example[name] == (written(field.default), field.description), name
    assert all(meaning for _, meaning in example.values())


def test_every_field_says_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_the_example_itself_is_a_valid_file_of_settings() -> None:
    given = {name.lower(): value for name, (value, _) in described().items() if value}
    settings = Settings(**{**given, **NEEDED})
    assert settings == Settings(**NEEDED)


def test_settings_come_from_the_environment_and_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PARLEY_LOCAL": "1", "ENCRYPTION_KEYS": f"{KEY}, {KEY},", "MODELS": "a=offline:x, b=offline:y", "PORT": "",
        "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "", "UNRELATED": "x",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    settings = Settings.from_environment()
    assert [key.get_secret_value() for key in settings.encryption_keys] == [KEY, KEY]
    assert settings.models == ("a=offline:x", "b=offline:y")
    assert settings.port == 3978
    assert vendor_environment() == {"OPENAI_API_KEY": "k"}
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]  # -- mypy sees it too; this is about the running program


LOOPBACK_ONLY = "PARLEY_LOCAL=1 accepts anybody's messages, so HOST must be a loopback address."
HTTPS = "must be an https address; plain http is accepted for loopback addresses only."


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        (
            {},
            [
                "MICROSOFT_APP_ID is not set. Set it, or PARLEY_LOCAL=1 for a local run on loopback.",
                "ENCRYPTION_KEYS is not set. Make a key with `make key`.",
            ],
        ),
        ({**LOCAL, "host": "0.0.0.0"}, [LOOPBACK_ONLY]),
        ({**LOCAL, "host": "192.168.1.7"}, [LOOPBACK_ONLY]),
        ({**LOCAL, "host": "127.0.0.1.example.org"}, [LOOPBACK_ONLY]),
        ({**NEEDED, **LOCAL, "host": "0.0.0.0"}, [LOOPBACK_ONLY]),
        (
            {**NEEDED, "microsoft_app_tenant_id": ""},
            ["MICROSOFT_APP_TENANT_ID is not set, which SingleTenant needs."],
        ),
        (
            {**NEEDED, "microsoft_app_tenant_id": "", "microsoft_app_type": "UserAssignedMSI"},
            ["MICROSOFT_APP_TENANT_ID is not set, which UserAssignedMSI needs."],
        ),
        (
            {**NEEDED, "encryption_keys": f"{KEY},{SECRET}"},
            ["ENCRYPTION_KEYS: key 2 is not a Fernet key. Make one with `make key`."],
        ),
        ({**NEEDED, "graph_base_url": "http://graph.microsoft.com/v1.0"}, [f"GRAPH_BASE_URL {HTTPS}"]),
        ({**NEEDED, "login_base_url": "login.microsoftonline.com"}, [f"LOGIN_BASE_URL {HTTPS}"]),
        ({**NEEDED, "bot_openid_metadata_url": "ftp://x/y"}, [f"BOT_OPENID_METADATA_URL {HTTPS}"]),
        ({**NEEDED, "public_url": "http://bot.example.org"}, [f"PUBLIC_URL {HTTPS}"]),
        ({**NEEDED, "public_url": "http://127.0.0.1.nip.io"}, [f"PUBLIC_URL {HTTPS}"]),
        ({**NEEDED, "public_url": "https://[oops"}, [f"PUBLIC_URL {HTTPS}"]),
        ({**NEEDED, "public_url": "https://"}, [f"PUBLIC_URL {HTTPS}"]),
        ({**NEEDED, "ca_bundle": "no/such.pem"}, ["CA_BUNDLE must be a PEM file with certificates that I can read."]),
        ({**NEEDED, "ca_bundle": __file__}, ["CA_BUNDLE must be a PEM file with certificates that I can read."]),
        ({**NEEDED, "log_level": "LOUD"}, ["LOG_LEVEL: input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'."]),
        ({**NEEDED, "port": "70000"}, ["PORT: input should be less than or equal to 65535."]),
    ],
)
def test_each_fault_is_one_sentence(given: dict[str, Any], sentences: list[str]) -> None:
    assert refused(**given) == sentences


@pytest.mark.parametrize(
    "given",
    [
        NEEDED,
        LOCAL,
        {**LOCAL, "host": "::1"},
        {**NEEDED, "microsoft_app_type": "MultiTenant", "microsoft_app_tenant_id": ""},
        {**NEEDED, "graph_base_url": "http://127.0.0.1:8080/v1.0", "public_url": "http://localhost:3978"},
        {**NEEDED, "login_base_url": "https://login.microsoftonline.us"},
    ],
)
def test_what_is_accepted(given: dict[str, Any]) -> None:
    Settings(**given)


def test_a_good_ca_bundle_is_accepted(tmp_path: Path) -> None:
    bundle = str(certificates.make(tmp_path).ca_bundle)
    assert Settings(**NEEDED, ca_bundle=bundle).ca_bundle == bundle


def test_no_secret_is_shown() -> None:
    given = {**NEEDED, "microsoft_app_password": SECRET, "database_url": f"postgresql://bot:{SECRET}@db/parley"}
    settings = Settings(**given)
    for shown in (repr(settings), str(settings)):
        assert SECRET not in shown
        assert KEY not in shown
    assert not any(SECRET in sentence for sentence in refused(**given | {"encryption_keys": SECRET, "port": SECRET}))
    with pytest.raises(ValidationError) as caught:
        Settings(**given | {"encryption_keys": SECRET, "microsoft_app_id": ""})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def run(*arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Python with these settings alone."""
    clean = {n: v for n, v in os.environ.items() if n in {"PATH", "SYSTEMROOT", "TEMP", "TMP", "HOME"}}  # noqa: TID251 -- what a process needs to run
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={"PYTHONPATH": str(ROOT), **clean, **environment},
        capture_output=True, text=True, timeout=100, check=False, input=given,
    )  # fmt: skip


REFUSED: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["MICROSOFT_APP_ID is not set. ", "ENCRYPTION_KEYS is not set. "]),
    ({"PARLEY_LOCAL": "1", "HOST": "0.0.0.0", "ENCRYPTION_KEYS": KEY}, [LOOPBACK_ONLY]),
    ({"PARLEY_LOCAL": SECRET, "PORT": SECRET}, ["PORT: ", "PARLEY_LOCAL: "]),
    ({"PARLEY_LOCAL": "1", "ENCRYPTION_KEYS": KEY, "MODELS": "claude"}, ["MODELS: 'claude' is not of the form "]),
    ({"PARLEY_LOCAL": "1", "ENCRYPTION_KEYS": KEY, "MODELS": "a=nowhere:x"}, ["MODELS: "]),
    ({"PARLEY_LOCAL": "1", "ENCRYPTION_KEYS": KEY, "MODELS": "a=anthropic:x"}, ["MODELS: "]),
    ({"PARLEY_LOCAL": "1", "ENCRYPTION_KEYS": KEY, "MODELS": "a=offline:x,a=offline:y"}, ["MODELS: "]),
    (
        {"PARLEY_LOCAL": "1", "ENCRYPTION_KEYS": KEY, "DATABASE_URL": f"mysql://bot:{SECRET}@db/x"},
        ["DATABASE_URL must be "],
    ),
    (
        {"PARLEY_LOCAL": "1", "ENCRYPTION_KEYS": KEY, "DATABASE_URL": f"postgresql://bot:{SECRET}@127.0.0.1:9/x"},
        [""],
    ),
    (
        {"MICROSOFT_APP_ID": "app", "MICROSOFT_APP_TENANT_ID": "tenant", "ENCRYPTION_KEYS": KEY},
        ["Set MICROSOFT_APP_PASSWORD or "],
    ),
]
ONE_BY_ONE = """
import contextlib, io, json, os, sys
from bot.__main__ import main
kept, shown = dict(os.environ), []
for environment in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(kept, **environment)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([])
    shown.append((code, out.getvalue(), err.getvalue()))
json.dump(shown, sys.stdout)
"""
"""The program's `main` with one environment after the other: most of a program's time is its start."""


def test_the_program_refuses_in_sentences(tmp_path: Path) -> None:
    store = {"DATABASE_URL": f"sqlite:///{(tmp_path / 'p.db').as_posix()}"}
    program = run("-c", ONE_BY_ONE, given=json.dumps([store | environment for environment, _ in REFUSED]))
    assert program.returncode == 0, program.stderr
    for (environment, sentences), (code, out, err) in zip(REFUSED, json.loads(program.stdout), strict=True):
        assert (code, out) == (2, ""), environment
        refused_with(sentences, err)
    assert not program.stderr


def test_a_refused_program_ends(tmp_path: Path) -> None:
    environment, sentences = REFUSED[0]
    ended = run("-m", "bot", **{"DATABASE_URL": f"sqlite:///{(tmp_path / 'p.db').as_posix()}"} | environment)
    assert (ended.returncode, ended.stdout) == (2, "")
    refused_with(sentences, ended.stderr)


def refused_with(sentences: list[str], shown: str) -> None:
    lines = shown.splitlines()
    assert len(lines) == len(sentences), shown
    for line, sentence in zip(lines, sentences, strict=True):
        assert line.startswith(f"Parley does not start: {sentence}")
        assert line.endswith(".")
    assert SECRET not in shown
    assert KEY not in shown


def test_help_needs_no_settings() -> None:
    ended = run("-m", "bot", "console", "--help")
    assert ended.returncode == 0
    assert "--ask" in ended.stdout
