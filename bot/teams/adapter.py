"""Runs invokes through botbuilder's own turn, so that `TeamsActivityHandler` and `TurnContext` mean what its users expect."""

from collections.abc import Mapping
from typing import Any

from botbuilder.core import InvokeResponse
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity as BotActivity
from botbuilder.schema import ChannelAccount, ConversationAccount

from bot.teams.authentication import Authentication
from bot.teams.invokes import Invokes
from bot.teams.schema import Activity

WIRE = "wire"
"""Where a turn's activity keeps the dict it was made from."""


class Adapter(CloudAdapterBase):  # type: ignore[misc]  # -- botbuilder ships no types
    def __init__(self, authentication: Authentication, invokes: Invokes) -> None:
        super().__init__(authentication)
        self._authentication = authentication
        self._invokes = invokes

    async def invoke(self, activity: Activity, claims: Mapping[str, Any]) -> tuple[int, Any]:
        """(status, body) of the answer to an invoke whose token was verified already."""
        result = self._authentication.result(claims)
        answer: InvokeResponse = await self.process_activity(result, bot_activity(activity), self._invokes.on_turn)
        return int(answer.status), answer.body


def bot_activity(activity: Activity) -> BotActivity:
    """What a turn needs of it. Built by hand: msrest's deserializer costs half a millisecond and fails on hostile values."""
    conversation = activity["conversation"]
    built = BotActivity(
        type=activity["type"],
        id=activity.get("id"),
        name=activity.get("name"),
        value=activity.get("value"),
        text=activity.get("text"),
        channel_id=activity["channelId"],
        service_url=activity["serviceUrl"],
        reply_to_id=activity.get("replyToId"),
        locale=activity.get("locale"),
        from_property=_account(activity["from"]),
        recipient=_account(activity["recipient"]),
        conversation=ConversationAccount(
            id=conversation["id"],
            conversation_type=conversation.get("conversationType"),
            is_group=conversation.get("isGroup"),
            tenant_id=conversation.get("tenantId"),
        ),
        channel_data=activity.get("channelData"),
    )
    built.additional_properties = {WIRE: activity}
    return built


def _account(account: dict[str, Any]) -> ChannelAccount:
    return ChannelAccount(id=account["id"], name=account.get("name"), aad_object_id=account.get("aadObjectId"))
