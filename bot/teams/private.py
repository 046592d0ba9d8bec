"""Words for one person: as a message only they see in a shared place (a targeted message), else in their personal chat.

Targeted messages are a preview that tenants may refuse (msteams-docs, targeted-messages), so every private answer can take either way.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.context import Place, Reference
from bot.store.references import References
from bot.teams.connector import Announce, Connector
from bot.teams.errors import Blocked, ConnectorError, ConversationGone, MessageGone, NotAllowed, Rejected, Unreachable

Personal = Callable[[Reference], Awaitable[Reference | None]]
"""The personal chat of a reference's person; None when none can be opened."""

_REFUSALS = (NotAllowed, Rejected, Blocked, ConversationGone, Unreachable)
"""Certain that nothing was posted: the personal chat may be tried without saying anything twice."""


class PersonalChats:
    """Finds a person's personal chat with us, or opens one."""

    def __init__(self, connector: Connector, references: References) -> None:
        self._connector = connector
        self._references = references

    async def of(self, here: Reference) -> Reference | None:
        if here.place is Place.PERSONAL:
            return here
        known = await self._references.personal(here.person.id) if here.person.id else None
        if known is not None:
            return known
        parameters = {
            "isGroup": False,
            "bot": {"id": here.bot_id},
            "members": [{"id": here.person.channel_id}],
            "tenantId": here.tenant,
            "channelData": {"tenant": {"id": here.tenant}},
        }
        try:
            created = await self._connector.create(here.service_url, parameters)
        except ConnectorError:
            return None
        return Reference(
            created.conversation_id, Place.PERSONAL, here.tenant, here.service_url, here.bot_id, here.person,
            locale=here.locale, timezone=here.timezone,
        )  # fmt: skip


class PrivateLine:
    """The connector's way into one shared conversation, for one person's eyes. `about` is the id of the private question.

    Once refused it goes on in the personal chat, there like any other message; errors as the connector's.
    """

    def __init__(self, connector: Connector, here: Reference, personal: Personal, about: str = "") -> None:
        self._connector = connector
        self._here = here
        self._personal = personal
        self._about = about
        self._elsewhere: Reference | None = None

    @property
    def where(self) -> str:
        """`here` or `personal`."""
        return "here" if self._elsewhere is None else "personal"

    async def send(
        self,
        service_url: str,
        conversation_id: str,
        activity: Mapping[str, Any],
        *,
        announce: Announce | None = None,
        passing: bool = False,
    ) -> str:
        del service_url, conversation_id
        if activity.get("type") == "typing":
            return ""  # everybody would see the dots
        if self._elsewhere is None:
            here = self._here
            try:
                return await self._connector.send(
                    here.service_url, here.id, self._targeted(activity), targeted=True, announce=announce, passing=passing
                )  # fmt: skip
            except _REFUSALS:
                self._elsewhere = await self._personal(here)
                if self._elsewhere is None:
                    raise
        there = self._elsewhere
        return await self._connector.send(
            there.service_url, there.id, _moved(activity, there), announce=announce, passing=passing
        )

    async def update(
        self,
        service_url: str,
        conversation_id: str,
        activity_id: str,
        activity: Mapping[str, Any],
        *,
        passing: bool = False,
    ) -> None:
        del service_url, conversation_id
        if self._elsewhere is None:
            here, targeted = self._here, self._targeted(activity)
            try:
                await self._connector.update(
                    here.service_url, here.id, activity_id, targeted, targeted=True, passing=passing
                )
                return
            except (MessageGone, *_REFUSALS):
                # A process before this one may have gone on in the personal chat.
                there = await self._personal(here)
                if there is None or not await self._updated(there, activity_id, activity):
                    raise
                self._elsewhere = there
                return
        there = self._elsewhere
        await self._connector.update(there.service_url, there.id, activity_id, _moved(activity, there), passing=passing)

    async def delete(self, service_url: str, conversation_id: str, activity_id: str) -> None:
        del service_url, conversation_id
        where = self._elsewhere or self._here
        await self._connector.delete(where.service_url, where.id, activity_id, targeted=self._elsewhere is None)

    async def _updated(self, there: Reference, id: str, activity: Mapping[str, Any]) -> bool:
        try:
            await self._connector.update(there.service_url, there.id, id, _moved(activity, there))
        except (MessageGone, *_REFUSALS):
            return False
        return True

    def _targeted(self, activity: Mapping[str, Any]) -> dict[str, Any]:
        person = self._here.person
        entities = list(activity.get("entities") or [])
        if self._about:
            entities.append({"type": "targetedMessageInfo", "messageId": self._about})
        return {**activity, "recipient": {"id": person.channel_id, "name": person.name}, "entities": entities}


def _moved(activity: Mapping[str, Any], there: Reference) -> dict[str, Any]:
    return {**activity, "conversation": {"id": there.id}, "from": {"id": there.bot_id}}
