"""Credentials Entra refuses, each with what mends it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from bot.doctor.finding import State
from infra.local.entra_state import entra_state
from infra.local.world import Fault
from tests.doctor.site import Site, told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"microsoft_app_password": "wrong"}, ("secret is wrong", "MICROSOFT_APP_PASSWORD")),
        ({"microsoft_app_password": None}, ("MICROSOFT_APP_PASSWORD", "MICROSOFT_APP_CERTIFICATE")),
        ({"microsoft_app_tenant_id": "00000000-0000-4000-8000-000000000000"}, ("MICROSOFT_APP_TENANT_ID",)),
        ({"microsoft_app_certificate": "/nowhere/app.pem"}, ("MICROSOFT_APP_CERTIFICATE", "cannot be read")),
    ],
    ids=["wrong secret", "no secret", "wrong tenant", "no certificate"],
)
async def test_credentials_that_are_refused(site: Site, changes: dict[str, Any], words: tuple[str, ...]) -> None:
    await site.finds("identity", *words, **changes)


async def test_an_app_the_tenant_does_not_have(site: Site) -> None:
    """The manifest is then another app's as well."""
    site.manifest.unlink()
    other = "11111111-1111-4111-8111-111111111111"
    found = {one.name: one for one in await site.examined(skip=("manifest",), microsoft_app_id=other)}
    assert [name for name, one in found.items() if one.state in {State.WRONG, State.WARNING}] == ["identity"]
    assert "MICROSOFT_APP_ID" in told([found["identity"]])


async def test_entra_that_cannot_be_reached(site: Site) -> None:
    await site.finds("identity", "LOGIN_BASE_URL", "firewall", login_base_url="https://127.0.0.1:1")


async def test_entra_that_asks_to_wait_is_no_fault_of_ours(site: Site) -> None:
    site.world.faults.append(Fault("entra", "POST */token", status=429, headers={"Retry-After": "7"}, times=9))
    found = await site.examined("identity")
    assert found[0].state is State.UNCHECKED
    assert "Entra asks us to wait" in told(found)


@pytest.mark.parametrize(("days", "words"), [(3, "ends in"), (-3, "has ended"), (90, "")])
async def test_a_certificate_that_ends(site: Site, days: int, words: str) -> None:
    certificate, file = pem(site.folder, datetime.now(UTC) + timedelta(days=days, hours=1))  # noqa: TID251 -- OpenSSL's clock is the machine's
    entra_state(site.world).certificates.append(certificate)
    changes: dict[str, Any] = {"microsoft_app_certificate": str(file), "microsoft_app_password": None}
    if words:
        await site.finds("identity", words, "MICROSOFT_APP_CERTIFICATE", state=State.WARNING, **changes)
    else:
        assert (await site.examined("identity", **changes))[0].state is State.OK


async def test_a_certificate_that_is_not_registered(site: Site) -> None:
    _, file = pem(site.folder, datetime.now(UTC) + timedelta(days=90))  # noqa: TID251 -- as above
    await site.finds(
        "identity", "not registered", "MICROSOFT_APP_CERTIFICATE", microsoft_app_certificate=str(file), microsoft_app_password=None
    )  # fmt: skip


def pem(folder: Path, until: datetime) -> tuple[x509.Certificate, Path]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "parley")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    certificate = builder.not_valid_after(until).sign(key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "app.pem"
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, file
