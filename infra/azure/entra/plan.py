"""The calls to Microsoft Graph that register the app, and those that take it back: data, in the order they are made.

`{app.id}` and its like stand for what the answer to an earlier call gave. Every call may be made again: those that create look for what is
there first (Prefer: create-if-missing), so a plan that broke off is simply run once more.
https://learn.microsoft.com/graph/api/application-upsert
"""

import base64
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from bot.permissions import SIGN_IN, delegated, returns
from bot.settings import Settings

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
UPSERT = {"Prefer": "create-if-missing"}
CLIENTS: Mapping[str, str] = {
    "1fec8e78-bce4-4aaf-ab1b-5451cc387264": "Teams, desktop and mobile",
    "5e3ce6c0-2b1f-4285-8d4b-75ee78787346": "Teams on the web",
    "4765445b-32c6-49b0-83e6-1d93765276ca": "Microsoft 365 on the web",
    "0ec893e0-5785-4de6-99da-4ed124e5296c": "Microsoft 365, desktop",
    "d3590ed6-52b3-4102-aeff-aad2292ab01c": "Microsoft 365, mobile, and Outlook, desktop",
    "bc59ab01-8403-45c6-8796-ac3ef710b3e3": "Outlook on the web",
    "27922004-5251-4030-b22d-91ecd9a37ea4": "Outlook, mobile",
}
"""Microsoft's own clients, which may ask for our token without a question to the person (msteams-docs, bot-sso-register-aad)."""
SCOPE_NAME = "access_as_user"
SCOPE = {
    "id": str(uuid.uuid5(uuid.NAMESPACE_URL, "parley/access_as_user")),
    "value": SCOPE_NAME,
    "type": "User",
    "isEnabled": True,
    "adminConsentDisplayName": "Talk to Parley as the signed-in person",
    "adminConsentDescription": "Lets Teams tell Parley who is talking to it, without asking each person to sign in.",
    "userConsentDisplayName": "Talk to Parley as you",
    "userConsentDescription": "Lets Teams tell Parley who you are, so that you need not sign in again.",
}
CREDENTIAL = "parley-managed-identity"
EXCHANGE = "api://AzureADTokenExchange"


@dataclass(frozen=True, slots=True)
class Step:
    why: str
    method: str
    path: str
    """Below Graph's version."""
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    keeps: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name for later calls -> where it is in the answer (`id`, `value.0.id`)."""
    unless: str = ""
    """A path that lists what is there already: then that is patched instead."""
    gone: bool = False
    """It may be that there is nothing (404): then the plan ends here, done."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is registered. Ids are GUIDs."""

    public_url: str
    name: str = "parley"
    """Unique in the tenant: by it the app is found again."""
    display_name: str = "Parley"
    settings: Settings = field(default_factory=Settings.model_construct)
    """What of them decides about permissions: COPILOT, SHARED_MAILBOXES, POLICY, ADMIN_GROUP."""
    identity_client: str = ""
    """Client id of the managed identity the bot runs as; it then is the bot, and the app is what people sign in to."""
    identity_principal: str = ""
    """Object (principal) id of the same."""
    login: str = "https://login.microsoftonline.com"
    certificates: tuple[bytes, ...] = ()
    """PEM, without keys. All that shall be good: others are taken away."""
    secret: bool = False
    consent: bool = False
    """For everybody in the tenant, instead of each person when they need it."""


def permissions(wanted: Wanted) -> list[str]:
    return sorted({*SIGN_IN, *delegated(wanted.settings)})


def register(wanted: Wanted) -> list[Step]:
    key = f"/applications(uniqueName='{wanted.name}')"
    names = permissions(wanted)
    access = [{"id": f"{{permission:{name}}}", "type": "Scope"} for name in names]
    api = {"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [SCOPE]}
    application = {
        "displayName": wanted.display_name,
        "signInAudience": "AzureADMyOrg",
        "web": {"redirectUris": [f"{wanted.public_url.rstrip('/')}{path}" for path in returns(wanted.settings)]},
        "requiredResourceAccess": [{"resourceAppId": GRAPH_APP, "resourceAccess": access}],
        "api": api,
    }
    clients = [{"appId": client, "delegatedPermissionIds": [SCOPE["id"]]} for client in CLIENTS]
    bot = wanted.identity_client or "{app.appId}"
    return [
        Step("Which tenant this is", "GET", "/organization?$select=id", keeps={"tenant": "value.0.id"}),
        Step(
            "Microsoft Graph's own ids of the permissions",
            "GET",
            f"/servicePrincipals(appId='{GRAPH_APP}')?$select=id,oauth2PermissionScopes",
            keeps={"graph.id": "id"},
        ),
        Step(
            "The app: where people come back after signing in, and what it may ask them for",
            "PATCH",
            key,
            application,
            UPSERT,
        ),
        Step("Its ids", "GET", f"{key}?$select=id,appId", keeps={"app.id": "id", "app.appId": "appId"}),
        Step(
            "Its address for single sign-on, and whose clients may use it",
            "PATCH",
            "/applications/{app.id}",
            {"identifierUris": [f"api://botid-{bot}"], "api": {**api, "preAuthorizedApplications": clients}},
        ),
        Step(
            "The app in this tenant (an enterprise application), without which nobody can sign in (AADSTS7000229)",
            "PATCH",
            "/servicePrincipals(appId='{app.appId}')",
            {"tags": ["WindowsAzureActiveDirectoryIntegratedApp"]},
            UPSERT,
        ),
        *_proof(wanted),
        *(_consent(names) if wanted.consent else ()),
    ]


def remove(wanted: Wanted, *, purge: bool = False) -> list[Step]:
    """Deleting an app takes its enterprise application and all consent along; for 30 days it can be restored, unless it is purged."""
    key = f"/applications(uniqueName='{wanted.name}')?$select=id,appId"
    steps = [
        Step("The app", "GET", key, keeps={"app.id": "id"}, gone=True),
        Step("Into the bin, with everything people agreed to", "DELETE", "/applications/{app.id}"),
    ]
    if purge:
        steps.append(Step("For good", "DELETE", "/directory/deletedItems/{app.id}"))
    return steps


def results(wanted: Wanted, kept: Mapping[str, str]) -> dict[str, str]:
    """The bot's settings that follow from a plan that was run."""
    app = kept["app.appId"]
    found = {"MICROSOFT_APP_TENANT_ID": kept["tenant"], "PUBLIC_URL": wanted.public_url}
    if wanted.identity_client:
        found |= {
            "MICROSOFT_APP_TYPE": "UserAssignedMSI",
            "MICROSOFT_APP_ID": wanted.identity_client,
            "MICROSOFT_SIGN_IN_APP_ID": app,
        }
    else:
        found |= {"MICROSOFT_APP_TYPE": "SingleTenant", "MICROSOFT_APP_ID": app}
    return found | ({"MICROSOFT_APP_PASSWORD": kept["secret"]} if "secret" in kept else {})


def _proof(wanted: Wanted) -> Iterable[Step]:
    """How the app proves who it is."""
    if wanted.identity_principal:
        trusted = {
            "issuer": f"{wanted.login.rstrip('/')}/{{tenant}}/v2.0",
            "subject": wanted.identity_principal,
            "audiences": [EXCHANGE],
            "description": "The managed identity the bot runs as; there is no secret.",
        }
        path = f"/applications/{{app.id}}/federatedIdentityCredentials(name='{CREDENTIAL}')"
        yield Step("The managed identity's token stands in for a secret", "PATCH", path, trusted, UPSERT)
    if wanted.certificates:
        keys = [_key(pem) for pem in wanted.certificates]
        yield Step("Its certificates, and no others", "PATCH", "/applications/{app.id}", {"keyCredentials": keys})
    if wanted.secret:
        body = {"passwordCredential": {"displayName": "Parley"}}
        yield Step(
            "A secret, shown this once",
            "POST",
            "/applications/{app.id}/addPassword",
            body,
            keeps={"secret": "secretText"},
        )


def _key(pem: bytes) -> dict[str, str]:
    """Raises ValueError for what is no certificate."""
    certificate = x509.load_pem_x509_certificate(pem)
    return {
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "displayName": certificate.subject.rfc4514_string()[:90],
        "key": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(),
    }


def _consent(names: Iterable[str]) -> Iterable[Step]:
    key = "/servicePrincipals(appId='{app.appId}')?$select=id"
    yield Step("The enterprise application's id", "GET", key, keeps={"principal.id": "id"})
    grant = {
        "clientId": "{principal.id}", "consentType": "AllPrincipals", "resourceId": "{graph.id}", "scope": " ".join(names),
    }  # fmt: skip
    mine = "clientId eq '{principal.id}' and resourceId eq '{graph.id}' and consentType eq 'AllPrincipals'"
    yield Step(
        "Consent for everybody in the tenant",
        "POST",
        "/oauth2PermissionGrants",
        grant,
        unless=f"/oauth2PermissionGrants?$filter={mine}",
    )
