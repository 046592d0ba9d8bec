"""Composes digests in tests as the engine does, without waiting for one to be due."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.context import Person, Place, Reference
from bot.digests.compose import compose
from bot.digests.work import Composed, Work
from bot.services import Services
from bot.store.run import Run
from bot.store.subscriptions import Subscription
from tests.e2e.parley import Parley


def at(services: Services, now: datetime) -> Services:
    return replace(services, now=lambda: now)


def work_for(
    parley: Parley,
    name: str,
    kind: str,
    now: datetime,
    *,
    prompt: str = "",
    options: Mapping[str, Any] | None = None,
    cursors: Mapping[str, Any] | None = None,
    conversation: str = "a:personal",
    late: bool = False,
) -> Work:
    """For somebody who is signed in."""
    company = parley.world.company
    one = parley.world.person(name)
    place = Place.PERSONAL if conversation.startswith("a:") else Place.CHANNEL
    person = Person(one.id, one.name, company.tenant_id, one.teams_id)
    here = Reference(
        conversation, place, company.tenant_id, parley.world.urls.service_url, parley.world.bot_channel_id, person,
        locale=one.locale, timezone=one.timezone,
    )  # fmt: skip
    schedule = {"rule": "FREQ=DAILY", "start": "2026-01-01T08:00", "zone": one.timezone}
    asked = Subscription(
        one.id, company.tenant_id, here.id, kind, schedule, prompt, options or {}, one.name, one.teams_id
    )
    run = Run(asked.id, "2026-11-23T08:00", one.id, company.tenant_id, here.id, now.timestamp(), late=late)
    services = at(parley.services, now)
    return Work(asked, run, here, cursors or {}, None, services)


async def composed(parley: Parley, name: str, kind: str, now: datetime, **more: Any) -> Composed:
    return await compose(work_for(parley, name, kind, now, **more))
