"""Permissions an answer had to do without are asked for after it: in private, once a month at most, and never before an answer."""

import logging
from collections.abc import Collection

from bot.services import Turn
from bot.store.database import StoreError
from graph.errors import ConsentRequired

log = logging.getLogger(__name__)

ASKED = "consents"
"""Name of the preference: when which permission was asked for, in seconds since 1970."""
AGAIN_SECONDS = 30 * 86400.0


async def offer(turn: Turn, scopes: Collection[str]) -> None:
    """The answer has been given: nothing that fails here is told to anybody."""
    if not scopes or not turn.person.id:
        return
    owner, now = f"person:{turn.person.id}", turn.services.now().timestamp()
    try:
        before = await turn.services.preferences.get(owner, ASKED)
        asked: dict[str, float] = before if isinstance(before, dict) else {}
        wanted = sorted(scope for scope in scopes if now - asked.get(scope, 0.0) > AGAIN_SECONDS)
        if wanted:
            await turn.services.preferences.set(owner, ASKED, {**asked, **dict.fromkeys(wanted, now)})
            needed = ConsentRequired("The answer did without these permissions.", scopes=tuple(wanted))
            await turn.services.offer_consent(turn, needed)
    except StoreError as error:
        log.warning("permissions were not asked for: %s", type(error).__name__)
