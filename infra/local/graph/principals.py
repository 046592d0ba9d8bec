"""Service principals, and the permissions an administrator granted for everybody.

learn.microsoft.com/graph/api/resources/serviceprincipal and oauth2permissiongrant
"""

import uuid
from collections.abc import Collection
from typing import Any

from infra.local.entra_grants import OIDC
from infra.local.graph.applications import GRAPH_APP, UPSERT, Row, registrations, scope_id
from infra.local.graph.call import Answer, Call, Refused
from infra.local.graph.errors import bad_request, not_found
from infra.local.graph.paging import of_json, single


def microsoft_graph(known: Collection[str]) -> Row:
    """Graph's own principal in this tenant. `known`: its delegated permissions, besides OpenID Connect's."""
    return {
        "id": scope_id("microsoft graph"),
        "appId": GRAPH_APP,
        "displayName": "Microsoft Graph",
        "oauth2PermissionScopes": [
            {"id": scope_id(name), "value": name, "type": "User", "isEnabled": True} for name in sorted({*known, *OIDC})
        ],
    }


def by_key(call: Call, *, known: Collection[str]) -> Answer:
    """`/servicePrincipals(appId='…')`."""
    app_id = call.arguments.get("appId", "")
    found = next((one for one in registrations(call.world).principals if one["appId"] == app_id), None)
    if app_id == GRAPH_APP:
        found = microsoft_graph(known)
    if found is None:
        raise not_found("directory")
    return single(call, found, "servicePrincipals")


def upsert(call: Call) -> Answer:
    state, body = registrations(call.world), call.json()
    app_id = call.arguments.get("appId", "")
    known = next((one for one in state.principals if one["appId"] == app_id), None)
    if known is not None:
        known.update(body)
        return Answer(status=204)
    if UPSERT not in call.headers.get("prefer", ""):
        raise not_found("directory")
    application = next((one for one in state.applications if one["appId"] == app_id), None)
    if application is None:
        raise bad_request(
            f"The appId '{app_id}' of the service principal does not reference a valid application object."
        )
    made: dict[str, Any] = {
        "id": str(uuid.uuid4()), "appId": app_id, "displayName": application["displayName"], "accountEnabled": True,
        "appRoleAssignmentRequired": False, "tags": [], **body,
    }  # fmt: skip
    state.principals.append(made)
    answer = single(call, made, "servicePrincipals")
    answer.status = 201
    return answer


def list_grants(call: Call) -> Answer:
    return of_json(registrations(call.world).grants, call, context="oauth2PermissionGrants")


def grants_of(call: Call) -> Answer:
    """`/servicePrincipals(appId='…')/oauth2PermissionGrants` (serviceprincipal-list-oauth2permissiongrants)."""
    state, app_id = registrations(call.world), call.arguments.get("appId", "")
    found = next((one for one in state.principals if one["appId"] == app_id), None)
    if found is None:
        raise not_found("directory")
    rows = [one for one in state.grants if one["clientId"] == found["id"]]
    return of_json(rows, call, context="oauth2PermissionGrants")


def create_grant(call: Call) -> Answer:
    state, body = registrations(call.world), call.json()
    known = {one["id"] for one in state.principals}
    if body.get("clientId") not in known or body.get("consentType") not in {"AllPrincipals", "Principal"}:
        raise bad_request(
            "Invalid value specified for property 'clientId' of resource 'OAuth2PermissionGrant'.", "Request_BadRequest"
        )
    same = ("clientId", "resourceId", "consentType", "principalId")
    if any(all(one.get(part) == body.get(part) for part in same) for one in state.grants):
        raise Refused(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")
    made = {"id": uuid.uuid4().hex, "principalId": None, **body}
    state.grants.append(made)
    answer = single(call, made, "oauth2PermissionGrants")
    answer.status = 201
    return answer


def update_grant(call: Call, grant: str) -> Answer:
    found = next((one for one in registrations(call.world).grants if one["id"] == grant), None)
    if found is None:
        raise not_found("directory")
    found.update(call.json())
    return Answer(status=204)
