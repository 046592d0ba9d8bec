"""App registrations on the local wire answer as Microsoft documents it (application-upsert, serviceprincipal-upsert, …)."""

from collections.abc import AsyncIterator

import pytest

from infra.local.world import World
from tests.local.graph_client import Wire, graph_wire

APP = "/applications(uniqueName='app-65278')"
UPSERT = {"Prefer": "create-if-missing"}
DOCUMENTED = {
    "id", "deletedDateTime", "isFallbackPublicClient", "appId", "applicationTemplateId", "identifierUris", "createdDateTime",
    "displayName", "isDeviceOnlyAuthSupported", "groupMembershipClaims", "optionalClaims", "addIns", "publisherDomain",
    "signInAudience", "tags", "tokenEncryptionKeyId", "api", "appRoles", "publicClient", "info", "keyCredentials",
    "parentalControlSettings", "passwordCredentials", "requiredResourceAccess", "uniqueName", "web",
}  # fmt: skip


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    async with graph_wire(world) as running:
        yield running


async def made(wire: Wire) -> str:
    reply = await wire.send("PATCH", APP, json_body={"displayName": "Display name"}, headers=UPSERT)
    assert reply.status == 201
    return str(reply.body["id"])


async def test_an_application_is_made_once_and_then_updated(wire: Wire) -> None:
    missing = await wire.send("PATCH", APP, json_body={"displayName": "Display name"})
    assert missing.status == 404, "without the Prefer header it is an update"
    nameless = await wire.send("PATCH", APP, json_body={}, headers=UPSERT)
    assert nameless.status == 400
    reply = await wire.send("PATCH", APP, json_body={"displayName": "Display name"}, headers=UPSERT)
    assert reply.status == 201
    assert reply.body.keys() >= DOCUMENTED
    again = await wire.send("PATCH", APP, json_body={"displayName": "Other"}, headers=UPSERT)
    assert (again.status, again.body) == (204, b"")
    found = await wire.send("GET", f"{APP}?$select=id,displayName")
    assert (found.body["id"], found.body["displayName"]) == (reply.body["id"], "Other")
    assert "appId" not in found.body
    assert len((await wire.send("GET", "/applications")).value) == 1


async def test_clients_are_authorized_for_scopes_that_exist_and_a_scope_that_is_on_stays(wire: Wire) -> None:
    path = f"/applications/{await made(wire)}"
    scope = {"id": "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "value": "x", "isEnabled": True}
    client = {"appId": "1fec8e78-bce4-4aaf-ab1b-5451cc387264", "delegatedPermissionIds": [scope["id"]]}
    both = {"api": {"oauth2PermissionScopes": [scope], "preAuthorizedApplications": [client]}}
    assert (await wire.send("PATCH", path, json_body=both)).status == 400, "the scope is not there yet"
    assert (await wire.send("PATCH", path, json_body={"api": {"oauth2PermissionScopes": [scope]}})).status == 204
    assert (await wire.send("PATCH", path, json_body={"api": {"preAuthorizedApplications": [client]}})).status == 204
    kept = (await wire.send("GET", path)).body["api"]
    assert (kept["oauth2PermissionScopes"], kept["preAuthorizedApplications"]) == ([scope], [client])
    gone = await wire.send("PATCH", path, json_body={"api": {"oauth2PermissionScopes": []}})
    assert (gone.status, gone.code) == (400, "CannotDeleteOrUpdateEnabledEntitlement")


async def test_an_address_belongs_to_one_application(wire: Wire) -> None:
    uris = {"identifierUris": ["api://botid-1"]}
    assert (await wire.send("PATCH", f"/applications/{await made(wire)}", json_body=uris)).status == 204
    other = await wire.send(
        "PATCH", "/applications(uniqueName='b')", json_body={"displayName": "B", **uris}, headers=UPSERT
    )
    assert (other.status, len((await wire.send("GET", "/applications")).value)) == (400, 1)


async def test_a_principal_needs_its_application_and_a_grant_its_principal(wire: Wire) -> None:
    id = await made(wire)
    app_id = (await wire.send("GET", f"/applications/{id}")).body["appId"]
    nobody = "/servicePrincipals(appId='65415bb1-9267-4313-bbf5-ae259732ee12')"
    assert (await wire.send("PATCH", nobody, json_body={}, headers=UPSERT)).status == 400
    path = f"/servicePrincipals(appId='{app_id}')"
    principal = await wire.send("PATCH", path, json_body={"tags": ["a"]}, headers=UPSERT)
    assert principal.status == 201
    assert (await wire.send("PATCH", path, json_body={"tags": ["b"]}, headers=UPSERT)).status == 204
    grant = {"clientId": principal.body["id"], "consentType": "AllPrincipals", "resourceId": "r", "scope": "User.Read"}
    first = await wire.send("POST", "/oauth2PermissionGrants", json_body=grant)
    assert first.status == 201
    assert (await wire.send("POST", "/oauth2PermissionGrants", json_body=grant)).status == 409
    assert (await wire.send("POST", "/oauth2PermissionGrants", json_body={**grant, "clientId": "x"})).status == 400
    place = f"/oauth2PermissionGrants/{first.body['id']}"
    assert (await wire.send("PATCH", place, json_body={"scope": "Mail.Read"})).status == 204
    mine = f"/oauth2PermissionGrants?$filter=clientId eq '{principal.body['id']}' and consentType eq 'AllPrincipals'"
    assert [row["scope"] for row in (await wire.send("GET", mine)).value] == ["Mail.Read"]
    assert (await wire.send("GET", mine.replace("AllPrincipals", "Principal"))).value == []
    assert (await wire.send("DELETE", f"/applications/{id}")).status == 204
    assert (await wire.send("GET", path)).status == 404, "it goes with its application"
    assert (await wire.send("GET", "/oauth2PermissionGrants")).value == []
    assert (await wire.send("DELETE", f"/directory/deletedItems/{id}")).status == 204
    assert (await wire.send("DELETE", f"/directory/deletedItems/{id}")).status == 404


async def test_a_federated_credential_is_whole_and_there_once(wire: Wire) -> None:
    path = f"/applications/{await made(wire)}/federatedIdentityCredentials"
    whole = {"issuer": "https://i.example", "subject": "s", "audiences": ["api://AzureADTokenExchange"]}
    assert (await wire.send("PATCH", f"{path}(name='one')", json_body=whole)).status == 404
    assert (await wire.send("PATCH", f"{path}(name='one')", json_body={"issuer": "i"}, headers=UPSERT)).status == 400
    reply = await wire.send("PATCH", f"{path}(name='one')", json_body=whole, headers=UPSERT)
    assert reply.status == 201
    assert reply.body.keys() >= {"id", "name", "issuer", "subject", "description", "audiences"}
    assert (await wire.send("PATCH", f"{path}(name='one')", json_body=whole, headers=UPSERT)).status == 204
    assert (await wire.send("PATCH", f"{path}(name='two')", json_body=whole, headers=UPSERT)).status == 400
    assert len((await wire.send("GET", path)).value) == 1


@pytest.mark.parametrize("path", ["/applications", "/servicePrincipals(appId='x')", "/oauth2PermissionGrants"])
async def test_it_takes_the_permission(wire: Wire, path: str) -> None:
    assert (await wire.send("GET", path, scopes=("User.Read",))).status == 403
