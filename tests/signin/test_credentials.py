"""The app proves who it is in three ways, and its own token is fetched once for everybody."""

import asyncio
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from bot.signin.credentials import AppIdentity, AppTokens, WrongCredentials, certificate
from graph.errors import GraphError, Rejected, Throttled, Unavailable
from infra.local import tenant as local
from infra.local.entra_state import entra_state, managed_identity_id
from infra.local.world import Fault
from tests.signin.conftest import SCOPES, Stack, make_settings

TOKEN = "POST */token"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def app_tokens(stack: Stack, **changes: Any) -> AppTokens:
    identity = AppIdentity.of(make_settings(stack.world, **changes))
    return AppTokens(identity, stack.settings.login_base_url, stack.transport, clock=stack.clock)


def self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Parley")])
    now = datetime.fromtimestamp(1_790_000_000, UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=365))
    return builder.sign(key, hashes.SHA256())


def pem(key: rsa.RSAPrivateKey, lock: KeySerializationEncryption | None = None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption())


def audience(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["aud"])


async def test_a_secret(stack: Stack) -> None:
    tokens = app_tokens(stack)
    token = await tokens.connector_token()
    assert audience(token) == "https://api.botframework.com"
    assert await tokens.connector_token() == token
    assert len(stack.token_requests("client_credentials")) == 1


async def test_an_old_multi_tenant_bot_asks_the_bot_frameworks_own_tenant(stack: Stack) -> None:
    tokens = app_tokens(stack, microsoft_app_type="MultiTenant", microsoft_app_tenant_id="")
    assert await tokens.connector_token()
    assert stack.token_requests()[0].path.startswith("/botframework.com/")


async def test_a_certificate(stack: Stack, tmp_path: Path) -> None:
    leaf = self_signed(KEY)
    entra_state(stack.world).certificates.append(leaf)
    file = tmp_path / "app.pem"
    file.write_bytes(leaf.public_bytes(Encoding.PEM) + pem(KEY))
    tokens = app_tokens(stack, microsoft_app_password="", microsoft_app_certificate=str(file))
    assert audience(await tokens.connector_token()) == "https://api.botframework.com"
    stack.settings = make_settings(stack.world, microsoft_app_password="", microsoft_app_certificate=str(file))
    person = stack.person(stack.world.company.people[0].given_name)
    with_certificate = stack.replica()
    await with_certificate.exchange(person, stack.assertion(person))
    assert await with_certificate.graph_token(person, SCOPES)
    assert "client_secret" not in str(stack.token_requests()[-1].body)
    await with_certificate.aclose()


async def test_a_managed_identity_needs_no_secret(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in local.managed_identity_environment(stack.world).items():
        monkeypatch.setenv(name, value)
    changes = {
        "microsoft_app_type": "UserAssignedMSI",
        "microsoft_app_id": managed_identity_id(stack.world),
        "microsoft_sign_in_app_id": stack.world.app_id,
        "microsoft_app_password": "",
    }
    tokens = app_tokens(stack, **changes)
    assert audience(await tokens.connector_token()) == "https://api.botframework.com"
    stack.settings = make_settings(stack.world, **changes)
    person = stack.person(stack.world.company.people[0].given_name)
    federated = stack.replica()
    await federated.exchange(person, stack.assertion(person))
    assert await federated.graph_token(person, SCOPES)
    await federated.aclose()


async def test_a_managed_identity_the_platform_does_not_know(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in local.managed_identity_environment(stack.world).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Rejected, match="MICROSOFT_APP_ID"):
        await app_tokens(stack, microsoft_app_type="UserAssignedMSI", microsoft_app_id="nobody").connector_token()
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/nothing")
    with pytest.raises(Unavailable):
        await app_tokens(stack, microsoft_app_type="UserAssignedMSI", microsoft_app_id="nobody").connector_token()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pem",
        pem(KEY),
        self_signed(KEY).public_bytes(Encoding.PEM),
        pem(KEY, BestAvailableEncryption(b"x")) + self_signed(KEY).public_bytes(Encoding.PEM),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
        + self_signed(KEY).public_bytes(Encoding.PEM),
    ],
    ids=["empty", "text", "key only", "certificate only", "with a password", "of another key"],
)
def test_certificate_files_that_cannot_work_are_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "app.pem"
    file.write_bytes(content)
    with pytest.raises(WrongCredentials, match="MICROSOFT_APP_CERTIFICATE"):
        certificate(file)
    with pytest.raises(WrongCredentials):
        certificate(tmp_path / "missing.pem")


async def test_no_credential_at_all(stack: Stack) -> None:
    with pytest.raises(WrongCredentials, match="MICROSOFT_APP_PASSWORD"):
        AppIdentity.of(make_settings(stack.world, microsoft_app_password=""))


@pytest.mark.parametrize(
    "changes",
    [{"microsoft_app_password": "wrong"}, {"microsoft_app_id": "wrong"}, {"microsoft_app_tenant_id": "wrong"}],
)
async def test_what_entra_refuses_is_the_operators_to_mend(stack: Stack, changes: dict[str, Any]) -> None:
    with pytest.raises(Rejected, match="MICROSOFT_APP"):
        await app_tokens(stack, **changes).connector_token()


async def test_twenty_senders_fetch_one_token_and_a_cancelled_one_does_not_spoil_it(stack: Stack) -> None:
    tokens = app_tokens(stack)
    stack.world.faults.append(Fault("entra", TOKEN, kind="delay", seconds=0.1))
    impatient = asyncio.create_task(tokens.connector_token())
    await asyncio.sleep(0)
    impatient.cancel()
    got = await asyncio.gather(*(tokens.connector_token() for _ in range(20)))
    assert len(set(got)) == 1
    assert len(stack.token_requests()) == 1


async def test_the_token_is_renewed_before_it_ends_while_the_old_one_is_used(stack: Stack) -> None:
    tokens = app_tokens(stack)
    first = await tokens.connector_token()
    stack.world.clock.advance(3050)
    assert await tokens.connector_token() == first, "nobody waits for the renewal"
    await stack.world.wait_for("entra", TOKEN, count=2)
    for _ in range(200):
        if await tokens.connector_token() != first:
            break
        await asyncio.sleep(0.02)
    assert await tokens.connector_token() != first
    assert len(stack.token_requests()) == 2


async def test_entra_down_hurts_only_when_the_old_token_is_used_up(stack: Stack) -> None:
    tokens = app_tokens(stack)
    first = await tokens.connector_token()
    stack.world.faults.append(Fault("entra", TOKEN, status=503, times=50))
    stack.world.clock.advance(3050)
    for _ in range(10):
        assert await tokens.connector_token() == first
        await asyncio.sleep(0.02)
    assert len(stack.token_requests()) == 2, "an outage is not hammered"
    stack.world.clock.advance(600)
    with pytest.raises(Unavailable):
        await tokens.connector_token()
    stack.world.faults.clear()
    assert await tokens.connector_token() != first


async def test_a_token_the_connector_refused_is_replaced_once(stack: Stack) -> None:
    tokens = app_tokens(stack)
    first = await tokens.connector_token()
    for _ in range(5):
        tokens.reject(first)
        await tokens.connector_token()
    assert len(stack.token_requests()) == 2


async def test_nothing_secret_in_logs_or_errors(stack: Stack, everything_logged: Callable[[], str]) -> None:
    texts = [repr(AppIdentity.of(stack.settings))]
    tokens = app_tokens(stack)
    secret = await tokens.connector_token()
    for status in (429, 500):
        tokens.reject(secret)
        stack.world.faults.append(Fault("entra", TOKEN, status=status))
        with pytest.raises(GraphError) as caught:
            await app_tokens(stack).connector_token()
        texts.append("".join(traceback.format_exception(caught.value)))
        assert isinstance(caught.value, Throttled | Unavailable)
    for text in (*texts, everything_logged()):
        assert secret not in text
        assert stack.world.app_secret not in text
