"""What a person is told when there is no digest: once, in words, in their personal chat, durably through the inbox like any answer."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.context import Place, Reference
from bot.store.references import References
from bot.store.run import SIGNED_IN, Run
from bot.store.subscriptions import Subscription, Subscriptions
from graph.errors import ConsentRequired, SignInNeeded

log = logging.getLogger(__name__)

NOTICE = "parley/digestNotice"
"""Our own kind of activity: something to be told about a digest."""
SIGN_IN = "sign_in"

Admit = Callable[[str, str, Mapping[str, Any]], Awaitable[None]]
"""`bot.turns.Turns.admit`: conversation, id, activity."""
PersonalChat = Callable[[Reference], Awaitable[Reference | None]]
"""The personal chat of a reference's person; None when none can be opened."""


class Notices:
    """Every one may be given again after a crash: its activity's id says that it is the same. Raises `StoreUnavailable`."""

    def __init__(
        self, subscriptions: Subscriptions, references: References, personal: PersonalChat, admit: Admit
    ) -> None:
        self._subscriptions = subscriptions
        self._references = references
        self._personal = personal
        self._admit = admit

    async def where(self, subscription: Subscription, conversation_id: str) -> Reference | None:
        """A conversation we may write into, with the owner as its person; None when it is gone, or closed to us."""
        here = await self._references.near(conversation_id)
        return None if here is None else replace(here, person=subscription.person)

    async def failed(self, subscription: Subscription, run: Run, why: str) -> None:
        """There is no digest for this slot. The same trouble again is not told before a digest came in between."""
        if subscription.told != why and not run.preview:
            await self._tell(subscription, run.slot, why, "failed")
            await self._subscriptions.tell(subscription.id, why)

    async def paused(self, subscription: Subscription, why: str) -> None:
        """There won't be any before somebody does something."""
        await self._tell(subscription, str(subscription.next_due or subscription.created), why, "paused")
        await self._subscriptions.change(subscription.id, "paused", why)

    async def left(self, owner: str) -> None:
        """The owner is not there any more: all they asked for ends. In a shared place those who go on there are told."""
        for subscription in await self._subscriptions.of_owner(owner):
            if subscription.state != "active":
                continue
            here = await self.where(subscription, subscription.conversation_id)
            if here is not None and here.place is not Place.PERSONAL:
                await self._give(here, subscription, "", "left", "ended")
            await self._subscriptions.change(subscription.id, "ended", "left")

    async def sign_in(self, subscription: Subscription, run: Run, needed: SignInNeeded) -> None:
        """One card, and one with a link should the sign-in have changed nothing; then it is up to them."""
        scopes = needed.scopes if isinstance(needed, ConsentRequired) else ()
        again = run.why == SIGNED_IN
        more = {"claims": needed.claims, "scopes": list(scopes), "code": needed.code, "again": again}
        await self._tell(subscription, f"{run.slot}:again" if again else run.slot, SIGN_IN, SIGN_IN, more)

    async def _tell(
        self, subscription: Subscription, slot: str, why: str, kind: str, more: Mapping[str, Any] | None = None
    ) -> None:
        here = await self.where(subscription, subscription.conversation_id)
        personal = await self._references.personal(subscription.owner)
        if personal is None and here is not None:
            personal = await self._personal(here)
        if personal is None:
            log.info("nobody can be told of subscription %s: %s", subscription.id, why)
            return
        await self._give(replace(personal, person=subscription.person), subscription, slot, why, kind, more)

    async def _give(
        self,
        there: Reference,
        subscription: Subscription,
        slot: str,
        why: str,
        kind: str,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        await self._references.save(there)
        activity = {
            "type": NOTICE,
            "conversation": there.id,
            "kind": kind,
            "why": why,
            "slot": slot,
            "subscription": subscription.id,
            **(more or {}),
        }
        await self._admit(there.id, f"notice:{subscription.id}:{slot}:{kind}:{why}", activity)
