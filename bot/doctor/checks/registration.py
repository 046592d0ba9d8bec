"""Whether single sign-on can work: the app's own address, the scope it exposes, and the Teams clients that may ask for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.doctor.context import Context
from bot.doctor.directory import NotSeen, NotThere, dicts, read, texts
from bot.doctor.finding import Check, Finding, ok, unchecked, wrong
from bot.signin.cards import application_uri

SCOPE = "access_as_user"
CLIENTS = {
    "1fec8e78-bce4-4aaf-ab1b-5451cc387264": "Teams on the desktop and on phones",
    "5e3ce6c0-2b1f-4285-8d4b-75ee78787346": "Teams in the browser",
}
"""learn.microsoft.com/microsoftteams/platform/bots/how-to/authentication/bot-sso-register-aad"""
PAGE = "at Entra, App registrations, Expose an API; `python -m infra.azure.entra register` does it too"


async def run(context: Context) -> Finding | Sequence[Finding]:
    app_id = context.settings.microsoft_sign_in_app_id or context.settings.microsoft_app_id
    if not app_id:
        return unchecked("MICROSOFT_APP_ID is not set.", "See the check `identity`.")
    try:
        found = await read(context, f"applications(appId='{app_id}')?$select=identifierUris,api")
    except NotSeen as error:
        return unchecked(str(error), error.cure)
    except NotThere:
        return unchecked(
            "The app is registered in another tenant.", "Look there, at Entra, App registrations, Expose an API."
        )
    faults = list(_faults(found, application_uri(context.settings.microsoft_app_id)))
    return faults or ok("Single sign-on is registered: address, scope and the clients of Teams.")


def _faults(app: Mapping[str, Any], uri: str) -> Sequence[Finding]:
    if uri.casefold() not in {one.casefold() for one in texts(app.get("identifierUris"))}:
        return [wrong("The app has not the Application ID URI that Teams asks for.", f"Set it to {uri} {PAGE}.")]
    api = app.get("api")
    api = api if isinstance(api, dict) else {}
    scopes = [one for one in dicts(api.get("oauth2PermissionScopes")) if one.get("value") == SCOPE]
    scope = next((one for one in scopes if one.get("isEnabled", True)), None)
    if scope is None:
        return [wrong(f"The app does not expose the scope {SCOPE}.", f"Add {SCOPE}, for admins and users, {PAGE}.")]
    allowed = {
        str(one.get("appId"))
        for one in dicts(api.get("preAuthorizedApplications"))
        if scope.get("id") in texts(one.get("delegatedPermissionIds"))
    }
    return [
        wrong(f"{name} may not ask for {SCOPE}, so people there sign in by hand.", f"Add the client {id} {PAGE}.")
        for id, name in CLIENTS.items()
        if id not in allowed
    ]


CHECK = Check("Microsoft", "Is single sign-on registered?", run)
