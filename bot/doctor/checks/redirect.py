"""Whether Entra sends people back to our sign-in page: asked as a browser would, with nobody signed in."""

from urllib.parse import urlencode

import aiohttp

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, unchecked, wrong
from bot.outbound import OutboundRefused
from bot.signin.page import CALLBACK


async def run(context: Context) -> Finding:
    settings = context.settings
    app_id = settings.microsoft_sign_in_app_id or settings.microsoft_app_id
    if not app_id or not context.public_url:
        missing = "PUBLIC_URL" if app_id else "MICROSOFT_APP_ID"
        return unchecked(f"{missing} is not set.", f"See the check `{'address' if app_id else 'identity'}`.")
    back = f"{context.public_url}{CALLBACK}"
    query = {
        "client_id": app_id,
        "response_type": "code",
        "redirect_uri": back,
        "scope": "openid",
        "prompt": "none",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",  # RFC 7636, appendix B: nobody redeems a code here
        "code_challenge_method": "S256",
    }
    try:
        reply = await context.get(f"{context.authority}/oauth2/v2.0/authorize?{urlencode(query)}", "Entra's sign-in")
    except (aiohttp.ClientError, OutboundRefused, OSError):
        return unchecked("Entra's sign-in cannot be reached.", "See the check `identity`.")
    if 300 <= reply.status < 400 and reply.headers.get("Location", "").startswith(back):
        return ok("Entra sends people back to the sign-in page.")
    if b"AADSTS50011" in reply.body:
        return wrong(
            "The address of the sign-in page is not registered on the app, so nobody can sign in there.",
            f"Add {back} at Entra, App registrations, Authentication, as a redirect URI of the platform Web; "
            "`python -m infra.azure.entra register` does it too.",
        )
    if b"AADSTS700016" in reply.body:
        return unchecked("The tenant has no app with this id.", "See the check `identity`.")
    return unchecked(
        "Entra's answer does not say whether the sign-in page is registered.",
        f"Look for {back} at Entra, App registrations, Authentication.",
    )


CHECK = Check("Microsoft", "Does Entra send people back to the sign-in page?", run)
