"""The admin page put together: its addresses, who gets past them, and what each of them answers with.

Everything below /admin but the way in is answered to administrators only, its style and scripts included, and all others get the
same answer whether an address exists or not. Nothing here changes anything.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.resources import files

from aiohttp import web

from bot.admin import rendering
from bot.admin.access import PREFIX, SCOPES, SESSION_SECONDS, Access, Admin
from bot.admin.door import HOME, Door
from bot.admin.names import Names
from bot.admin.rendering import FIRST, HEADERS, PERIODS, Gate, Shown, gate, people_in
from bot.admin.section import Period, Section, Unusable, View
from bot.admin.sections.audit import asked
from bot.auditing import Form, written
from bot.beside import cancelled
from bot.core import Core
from bot.discover import discover
from bot.services import Services
from bot.settings import Settings
from bot.signin.token_store import Apart
from bot.signin.tokens import SignIn
from bot.store.audit import Audit
from bot.store.database import Database, StoreError
from bot.store.retention import sweep_for_ever
from bot.store.token_cache import TokenCache
from graph.errors import GraphError

log = logging.getLogger(__name__)

DAY = 86400
ASSETS = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "chart.umd.min.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
EXPORTS: dict[str, tuple[Form, str]] = {"csv": ("csv", "text/csv"), "jsonl": ("jsonl", "application/jsonl")}
Allowed = Callable[[web.Request, Admin], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Site:
    access: Access
    door: Door
    names: Names
    services: Services
    database: Database
    sections: dict[str, Section]
    clock: Callable[[], float]

    def routes(self) -> list[web.RouteDef]:
        """The last one is whatever else is asked for below /admin."""
        guarded: list[tuple[str, Allowed]] = [
            (HOME, self._section),
            (HOME + "/audit/export.{form}", self._export),
            (HOME + "/assets/{name}", self._asset),
            (HOME + "/{section}", self._section),
            (HOME + "/{rest:.*}", self._nowhere),
        ]
        return [
            *self.door.routes(),
            *(web.get(path, partial(self._for_administrators, answer), allow_head=False) for path, answer in guarded),
        ]

    async def _for_administrators(self, answer: Allowed, request: web.Request) -> web.StreamResponse:
        try:
            admin = await self.access.admin(self.door.cookie(request))
            if admin is None:
                return gate(Gate.CLOSED)
            return await answer(request, admin)
        except Unusable as error:
            return rendering.unusable(str(error))
        except GraphError as error:
            log.warning("an administrator's group could not be checked: %s", type(error).__name__)
            return gate(Gate.DOWN)
        except StoreError as error:
            log.warning("the admin page was not shown: %s", type(error).__name__)
            return gate(Gate.UNAVAILABLE)

    async def _section(self, request: web.Request, admin: Admin) -> web.StreamResponse:
        name = request.match_info.get("section", FIRST)
        section = self.sections.get(name)
        if section is None:
            return gate(Gate.NOWHERE)
        now = self.clock()
        period = _period(request.query.get("days", ""), now)
        view = View(self.services, self.database, period, now, admin.person, request.query)
        blocks = await section.build(view)
        ids = people_in(blocks)
        names, ask = await self.names.of(ids, admin.person)
        path = HOME if name == FIRST else f"{HOME}/{name}"
        return rendering.page(
            Shown(
                section,
                path,
                self.sections,
                blocks,
                period.days,
                admin.person,
                names,
                ask_names=ask and bool(ids),
                now=now,
            )
        )

    async def _export(self, request: web.Request, admin: Admin) -> web.StreamResponse:
        if request.match_info["form"] not in EXPORTS:
            return gate(Gate.NOWHERE)
        form, kind = EXPORTS[request.match_info["form"]]
        pieces = written(Audit(self.database).all(asked(request.query, admin.person.tenant)), form)
        first = await anext(pieces)  # so that a store that fails is told with a status
        response = web.StreamResponse(
            headers={
                **HEADERS,
                "Content-Type": f"{kind}; charset=utf-8",
                "Content-Disposition": f'attachment; filename="parley-audit.{form}"',
            }
        )
        await response.prepare(request)
        await response.write(first.encode())
        try:
            async for piece in pieces:
                await response.write(piece.encode())
        except StoreError as error:
            log.warning("an export of the audit was cut off: %s", type(error).__name__)
            request.protocol.force_close()  # what has no proper end is no whole file
            return response
        await response.write_eof()
        return response

    async def _asset(self, request: web.Request, _: Admin) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in ASSETS:
            return gate(Gate.NOWHERE)
        # With the style it is a kilobyte or two, the charts' library two hundred: the browser keeps them between pages.
        headers = {**HEADERS, "Cache-Control": "private, max-age=600"}
        body = files("bot.admin").joinpath("page", name).read_bytes()
        response = web.Response(body=body, content_type=ASSETS[name], charset="utf-8", headers=headers)
        response.enable_compression()
        return response

    async def _nowhere(self, request: web.Request, admin: Admin) -> web.StreamResponse:
        del request, admin
        return gate(Gate.NOWHERE)


def _period(days: str, now: float) -> Period:
    wanted = int(days) if days in map(str, PERIODS) else PERIODS[1]
    tomorrow = (now // DAY + 1) * DAY
    return Period(wanted, tomorrow - wanted * DAY, tomorrow)


async def opened(
    stack: AsyncExitStack,
    settings: Settings,
    core: Core,
    services: Services,
    *,
    base_url: Callable[[], str],
    clock: Callable[[], float],
    judged: type[Access] = Access,
) -> list[web.RouteDef]:
    """The page's routes; the stack closes what they stand on. `clock` gives seconds since 1970. `judged`: who is let in."""
    keys = [key.get_secret_value() for key in settings.encryption_keys]
    grants = TokenCache(core.database)
    store = Apart(grants, PREFIX)
    sign_in = SignIn(core.identity, settings.login_base_url, core.transport, store, scopes=SCOPES, clock=clock)
    stack.push_async_callback(sign_in.aclose)
    access = judged(settings.admin_group, sign_in, core.graph, keys, store, clock=clock)
    door = Door(access, sign_in, keys, settings.microsoft_app_tenant_id, base_url=base_url)
    found = discover(import_module("bot.admin.sections"), "SECTION", Section)
    sections = dict(sorted(found.items(), key=lambda one: one[1].order))
    forget = partial(grants.sweep, PREFIX, 2 * SESSION_SECONDS)
    sweeping = asyncio.create_task(
        sweep_for_ever(forget, "the admin page", every=3600.0), name="sweeping the admin page"
    )
    stack.push_async_callback(cancelled, sweeping)
    names = Names(sign_in, core.graph, clock=clock)
    return Site(access, door, names, services, core.database, sections, clock).routes()
