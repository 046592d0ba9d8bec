"""Whether the permissions people are asked for at first were granted: what core asks for, against what the directory lists."""

from bot.core import searched
from bot.doctor.context import Context
from bot.doctor.directory import NotSeen, NotThere, dicts, read
from bot.doctor.finding import Check, Finding, ok, unchecked, warning, wrong
from bot.policy.file import PolicyError
from bot.policy.file import read as read_policy
from bot.policy.rules import Policy
from providers.discover import discover as doors

EVERYBODY = "AllPrincipals"


async def run(context: Context) -> Finding:
    settings = context.settings
    app_id = settings.microsoft_sign_in_app_id or settings.microsoft_app_id
    if not app_id:
        return unchecked("MICROSOFT_APP_ID is not set, so nobody can sign in.", "See the check `identity`.")
    _, _, needed = searched(settings, _policy(settings.policy))
    try:
        found = await read(context, f"servicePrincipals(appId='{app_id}')/oauth2PermissionGrants")
    except NotSeen as error:
        return unchecked(str(error), error.cure)
    except NotThere:
        return wrong("The app is not in this tenant's Enterprise applications: nobody agreed to it.", _grant(context))
    grants = dicts(found.get("value"))
    for_all = {scope for one in grants if one.get("consentType") == EVERYBODY for scope in _scopes(one)}
    by_some = {scope for one in grants for scope in _scopes(one)}
    if nobody := [scope for scope in needed if scope not in by_some]:
        return wrong(f"Nobody was granted {', '.join(nobody)}, which the first question needs.", _grant(context))
    if each := [scope for scope in needed if scope not in for_all]:
        return warning(
            f"Granted person by person only: {', '.join(each)}. Where the tenant lets people agree to nothing, others are turned away.",
            _grant(context),
        )
    return ok(f"Granted for everybody: {', '.join(needed)}. More is asked for when a question first needs it.")


def _policy(path: str) -> Policy:
    """The rules decide what is asked of the directory; those that cannot be read are told by the check `policy`."""
    try:
        return read_policy(path, doors=doors(), models={})
    except PolicyError:
        return Policy()


def _scopes(grant: dict[str, object]) -> list[str]:
    return str(grant.get("scope") or "").split()


def _grant(context: Context) -> str:
    settings = context.settings
    app_id = settings.microsoft_sign_in_app_id or settings.microsoft_app_id
    tenant = settings.microsoft_app_tenant_id or "organizations"
    page = f"{settings.login_base_url.rstrip('/')}/{tenant}/adminconsent?client_id={app_id}"
    return f"An administrator agrees for everybody at {page} (docs/permissions.md)."


CHECK = Check("Microsoft", "Were the first permissions granted?", run)
