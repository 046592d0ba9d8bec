"""App registrations as Graph keeps them: applications, their service principals, what was consented to for everybody.

learn.microsoft.com/graph/api/resources/application and its neighbours; only what is needed to register an app and to take that back.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any, cast

from infra.local.graph.call import Answer, Call, Refused, iso
from infra.local.graph.errors import bad_request, not_found
from infra.local.graph.paging import of_json, single
from infra.local.world import World

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
UPSERT = "create-if-missing"
EMPTY_API: dict[str, Any] = {
    "requestedAccessTokenVersion": None,
    "acceptMappedClaims": None,
    "knownClientApplications": [],
    "oauth2PermissionScopes": [],
    "preAuthorizedApplications": [],
}
UNSET = (
    "isFallbackPublicClient", "applicationTemplateId", "isDeviceOnlyAuthSupported", "groupMembershipClaims", "optionalClaims",
    "tokenEncryptionKeyId", "samlMetadataUrl", "windows",
)  # fmt: skip
NAMESPACE = uuid.UUID("7f6c1e2a-5b0f-4c0e-9d0b-2f7a3b1c9e55")

Row = dict[str, Any]


@dataclass(slots=True)
class Registrations:
    """`world.state["registrations"]`."""

    applications: list[Row] = field(default_factory=list[Row])
    deleted: list[Row] = field(default_factory=list[Row])
    principals: list[Row] = field(default_factory=list[Row])
    grants: list[Row] = field(default_factory=list[Row])
    credentials: dict[str, list[Row]] = field(default_factory=dict[str, list[Row]])
    """Federated ones, by the application's object id."""


def registrations(world: World) -> Registrations:
    found = world.state.get("registrations")
    if not isinstance(found, Registrations):
        found = world.state["registrations"] = Registrations()
    return found


def scope_id(name: str) -> str:
    """The id of one of Graph's delegated permissions in this tenant."""
    return str(uuid.uuid5(NAMESPACE, name))


def organization(call: Call) -> Answer:
    rows = [{"id": call.company.tenant_id, "displayName": "Tidewell", "tenantType": "AAD"}]
    return of_json(rows, call, context="organization")


def list_applications(call: Call) -> Answer:
    return of_json(registrations(call.world).applications, call, context="applications")


def by_key(call: Call) -> Answer:
    """`/applications(uniqueName='…')` and `(appId='…')`; without a key it is the listing."""
    return single(call, _application(call), "applications") if call.arguments else list_applications(call)


def get_application(call: Call, application: str) -> Answer:
    return single(call, _by_id(call, application), "applications")


def upsert_application(call: Call) -> Answer:
    state, body = registrations(call.world), call.json()
    key = call.arguments.get("uniqueName", "")
    if not key:
        raise bad_request("Only the alternate key uniqueName can be upserted.", "Request_BadRequest")
    found = next((one for one in state.applications if one["uniqueName"] == key), None)
    if found is not None:
        _update(call, found, body)
        return Answer(status=204)
    if not _upserts(call):
        raise not_found("directory")
    if not body.get("displayName"):
        raise bad_request("Property displayName is required.", "Request_BadRequest")
    made: Row = {
        "id": str(uuid.uuid4()), "deletedDateTime": None, "appId": str(uuid.uuid4()), "createdDateTime": iso(call.now()),
        "uniqueName": key, "identifierUris": [], "signInAudience": "AzureADandPersonalMicrosoftAccount", "tags": [],
        "api": dict(EMPTY_API), "keyCredentials": [], "passwordCredentials": [], "requiredResourceAccess": [],
        **dict.fromkeys(UNSET), "addIns": [], "appRoles": [], "publicClient": {"redirectUris": []}, "publisherDomain": "tidewell.example",
        "info": dict.fromkeys(("termsOfServiceUrl", "supportUrl", "privacyStatementUrl", "marketingUrl", "logoUrl")),
        "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
        "web": {"redirectUris": [], "implicitGrantSettings": {"enableIdTokenIssuance": False, "enableAccessTokenIssuance": False}},
    }  # fmt: skip
    _update(call, made, body)
    state.applications.append(made)
    answer = single(call, made, "applications")
    answer.status = 201
    return answer


def update_application(call: Call, application: str) -> Answer:
    _update(call, _by_id(call, application), call.json())
    return Answer(status=204)


def delete_application(call: Call, application: str) -> Answer:
    """Into the bin for 30 days; the service principal of the same tenant and what it was granted go with it."""
    state, found = registrations(call.world), _by_id(call, application)
    gone = {one["id"] for one in state.principals if one["appId"] == found["appId"]}
    state.applications.remove(found)
    state.deleted.append({**found, "deletedDateTime": iso(call.now())})
    state.principals = [one for one in state.principals if one["id"] not in gone]
    state.grants = [one for one in state.grants if one["clientId"] not in gone]
    return Answer(status=204)


def purge(call: Call, item: str) -> Answer:
    state = registrations(call.world)
    kept = [one for one in state.deleted if one["id"] != item]
    if len(kept) == len(state.deleted):
        raise not_found("directory")
    state.deleted = kept
    state.credentials.pop(item, None)
    return Answer(status=204)


def add_password(call: Call, application: str) -> Answer:
    """The only time the secret is shown."""
    found = _by_id(call, application)
    wanted = call.json().get("passwordCredential") or {}
    made = {
        "customKeyIdentifier": None,
        "displayName": wanted.get("displayName"),
        "endDateTime": wanted.get("endDateTime"),
        "hint": "loc",
        "keyId": str(uuid.uuid4()),
        "startDateTime": iso(call.now()),
    }
    found["passwordCredentials"].append({**made, "secretText": None})
    body = {"@odata.context": f"{call.base}/$metadata#microsoft.graph.passwordCredential", **made}
    return Answer({**body, "secretText": call.world.app_secret})


def list_credentials(call: Call, application: str) -> Answer:
    rows = registrations(call.world).credentials.get(_by_id(call, application)["id"], [])
    return of_json(rows, call, context=f"applications('{application}')/federatedIdentityCredentials")


def upsert_credential(call: Call, application: str) -> Answer:
    found, body = _by_id(call, application), call.json()
    name = call.arguments.get("name", "")
    rows = registrations(call.world).credentials.setdefault(found["id"], [])
    known = next((one for one in rows if one["name"] == name), None)
    if known is None and not _upserts(call):
        raise not_found("directory")
    made = (known or {"id": str(uuid.uuid4()), "name": name, "description": None}) | body
    if missing := [part for part in ("issuer", "subject", "audiences") if not made.get(part)]:
        raise bad_request(f"Property {missing[0]} is required.", "Request_BadRequest")
    others = [one for one in rows if one is not known]
    if any((one["issuer"], one["subject"]) == (made["issuer"], made["subject"]) for one in others):
        raise bad_request(
            "FederatedIdentityCredential with the same issuer and subject already exists.", "Request_BadRequest"
        )
    if known is not None:
        known.update(made)
        return Answer(status=204)
    rows.append(made)
    context = f"applications('{found['id']}')/federatedIdentityCredentials"
    answer = single(call, made, context)
    answer.status = 201
    return answer


def _application(call: Call) -> Row:
    ((key, value),) = call.arguments.items()
    found = next((one for one in registrations(call.world).applications if one.get(key) == value), None)
    if found is None:
        raise not_found("directory")
    return found


def _by_id(call: Call, id: str) -> Row:
    found = next((one for one in registrations(call.world).applications if one["id"] == id), None)
    if found is None:
        raise not_found("directory")
    return found


def _upserts(call: Call) -> bool:
    return UPSERT in call.headers.get("prefer", "").replace(" ", "").split(",")


def _update(call: Call, found: Row, body: Row) -> None:
    """All of it or, when something is wrong, nothing. Parts of `api` and `web` that are not named stay."""
    wanted = {**found, **body}
    for part in ("api", "web"):
        wanted[part] = {**found[part], **(cast("Row", body.get(part)) or {})}
    _check_scopes(found["api"], wanted["api"])
    taken = {uri for one in registrations(call.world).applications if one is not found for uri in one["identifierUris"]}
    if clash := taken & set(wanted["identifierUris"]):
        raise Refused(
            400, "Request_BadRequest",
            f"Another object with the same value for property identifierUris already exists: {min(clash)}",
        )  # fmt: skip
    found.update(wanted)


def _check_scopes(before: Row, after: Row) -> None:
    """Clients can be authorized for scopes that exist; a scope that is on cannot be taken away."""
    kept = {scope["id"] for scope in after["oauth2PermissionScopes"]}
    if any(scope["isEnabled"] and scope["id"] not in kept for scope in before["oauth2PermissionScopes"]):
        raise Refused(
            400, "CannotDeleteOrUpdateEnabledEntitlement",
            "Permission (scope or role) cannot be deleted or updated unless disabled first.",
        )  # fmt: skip
    known = {scope["id"] for scope in before["oauth2PermissionScopes"]}
    for client in after["preAuthorizedApplications"]:
        if not set(client["delegatedPermissionIds"]) <= known:
            raise Refused(
                400, "InvalidValue",
                "Property PreAuthorizedApplication references permissions that cannot be found.",
            )  # fmt: skip
