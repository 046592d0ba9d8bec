"""The bot's own app in the tenant's directory, as `python -m infra.azure.entra register --consent` leaves it."""

from typing import Any

from infra.local.graph.applications import EMPTY_API, Registrations, registrations
from infra.local.world import World

SCOPE_ID = "7c1b7c5e-31d0-4ef0-8a68-3a6d2f0c9f10"
PRINCIPAL = "3f9e5a1c-2a77-4f0e-9a41-0d6a0c7b5e02"
TEAMS_CLIENTS = ("1fec8e78-bce4-4aaf-ab1b-5451cc387264", "5e3ce6c0-2b1f-4285-8d4b-75ee78787346")


def register(world: World) -> Registrations:
    state = registrations(world)
    scope = {"id": SCOPE_ID, "value": "access_as_user", "isEnabled": True, "type": "User"}
    clients = [{"appId": id, "delegatedPermissionIds": [SCOPE_ID]} for id in TEAMS_CLIENTS]
    state.applications.append(
        {
            "id": "0f2c2f60-5a0e-4d5c-9a2d-8d5f4f1a7a01",
            "appId": world.app_id,
            "uniqueName": "parley",
            "displayName": "Parley",
            "identifierUris": [f"api://botid-{world.app_id}"],
            "api": {**EMPTY_API, "oauth2PermissionScopes": [scope], "preAuthorizedApplications": clients},
            "web": {"redirectUris": []},
        }
    )
    state.principals.append({"id": PRINCIPAL, "appId": world.app_id})
    state.grants.append(grant("User.Read", "Mail.Read", "Files.Read.All", "openid", "profile", "offline_access"))
    return state


def grant(*scopes: str, person_id: str = "") -> dict[str, Any]:
    """For everybody, or for one person."""
    return {
        "id": f"grant-{person_id or 'all'}",
        "clientId": PRINCIPAL,
        "consentType": "Principal" if person_id else "AllPrincipals",
        "principalId": person_id or None,
        "scope": " ".join(scopes),
    }


def app(world: World) -> Any:
    """Its registration, to be changed."""
    return registrations(world).applications[0]
