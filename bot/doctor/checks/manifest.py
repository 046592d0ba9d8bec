"""Whether the app people install is this bot: its manifest against the settings. Microsoft's schema is `make manifest`'s affair."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.doctor.context import MANIFEST, Context
from bot.doctor.directory import dicts, texts
from bot.doctor.finding import Check, Finding, ok, unchecked, wrong
from bot.doctor.handshake import host_of
from bot.doctor.packages import NoManifest, Package, read
from bot.settings import Settings
from bot.signin.cards import application_uri

MAKE = "Build it anew with the settings of this bot (`make manifest`), and upload the new package to Teams."
PLACES = ("personal", "team", "groupChat")


async def run(context: Context) -> Finding | Sequence[Finding]:
    given = context.installation.manifest
    path = given or MANIFEST
    if given is None and not await asyncio.to_thread(path.is_file):
        return unchecked("No manifest was given.", "Give the package people install: --manifest FILE.")
    if not context.settings.microsoft_app_id:
        return unchecked("MICROSOFT_APP_ID is not set.", "See the check `identity`.")
    found = await asyncio.to_thread(_checked, path, context)
    return found or ok(f"{path.name}: made for this bot.")


def _checked(path: Path, context: Context) -> list[Finding]:
    try:
        package = read(path)
    except NoManifest as error:
        return [wrong(f"{path.name}: {error}", MAKE)]
    return [
        wrong(f"{path.name}: {fault}", MAKE)
        for fault in (*_identity(package.manifest, context.settings), *_reach(package, host_of(context.public_url)))
    ]


def _identity(manifest: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    bots = dicts(manifest.get("bots"))
    if not bots:
        yield "it has no bot."
    agents = manifest.get("copilotAgents")
    engines = dicts(agents.get("customEngineAgents")) if isinstance(agents, dict) else []
    named = [
        *(("bots.botId", bot.get("botId")) for bot in bots),
        *(("composeExtensions.botId", one.get("botId")) for one in dicts(manifest.get("composeExtensions"))),
        *(("copilotAgents.customEngineAgents.id", engine.get("id")) for engine in engines),
    ]
    for where, id in named:
        if not _same(id, settings.microsoft_app_id):
            yield f"{where} is not MICROSOFT_APP_ID."
    sign_in_id = settings.microsoft_sign_in_app_id or settings.microsoft_app_id
    app = manifest.get("webApplicationInfo")
    if not isinstance(app, dict):
        yield "it has no webApplicationInfo, so there is no single sign-on."
        return
    if not _same(app.get("id"), sign_in_id):
        yield f"webApplicationInfo.id is not {'MICROSOFT_SIGN_IN_APP_ID' if settings.microsoft_sign_in_app_id else 'MICROSOFT_APP_ID'}."
    if not _same(app.get("resource"), application_uri(settings.microsoft_app_id)):
        yield f"webApplicationInfo.resource is not {application_uri(settings.microsoft_app_id)}, which single sign-on needs."


def _reach(package: Package, host: str) -> Iterator[str]:
    """`host`: of PUBLIC_URL; empty for none."""
    manifest = package.manifest
    if host and not any(_covers(domain, host) for domain in texts(manifest.get("validDomains"))):
        yield f"validDomains lacks the host of PUBLIC_URL ({host}), so Teams opens no sign-in page there."
    for bot in dicts(manifest.get("bots")):
        if missing := [place for place in PLACES if place not in texts(bot.get("scopes"))]:
            yield f"bots.scopes lacks {', '.join(missing)}."
    icons = manifest.get("icons")
    wanted = [name for name in icons.values() if isinstance(name, str)] if isinstance(icons, dict) else []
    if package.files is not None and (gone := [name for name in wanted if name not in package.files]):
        yield f"{len(gone)} of its icons are not in the package."


def _same(value: object, wanted: str) -> bool:
    return isinstance(value, str) and value.casefold() == wanted.casefold()


def _covers(domain: str, host: str) -> bool:
    name = domain.casefold().partition(":")[0]
    return name == host or (name.startswith("*.") and host.endswith(name[1:]))


CHECK = Check("reach", "Is the app people install this bot?", run)
