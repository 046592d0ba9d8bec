"""What people and the bot said in Teams since the local tenant started, as Graph shows it beside the company's older messages."""

import html
import re

from infra.local.company.model import ChatMessage
from infra.local.connector_state import Message, connector_state, split
from infra.local.graph.call import Call

_TAG = re.compile(r"</?at>|<quoted[^>]*>")


def said_in(call: Call, conversation_id: str, *, team_id: str = "") -> list[ChatMessage]:
    """Of a channel (with its team) or chat; private messages to and from the bot are nobody's but their person's."""
    found = connector_state(call.world).conversations.get(conversation_id)
    messages = [message for message in found.messages if not message.only_for] if found else []
    return [_told(message, conversation_id, team_id) for message in messages]


def _told(message: Message, conversation_id: str, team_id: str) -> ChatMessage:
    text = _TAG.sub("", message.text)
    root = split(message.conversation_id)[1]
    return ChatMessage(
        id=message.id,
        author_id="" if message.author == "bot" else message.author,
        sent=message.at,
        html=f"<div>{html.escape(text, quote=False)}</div>",
        text=text,
        chat_id="" if team_id else conversation_id,
        team_id=team_id,
        channel_id=conversation_id if team_id else "",
        reply_to=root if root != message.id else "",
        deleted=message.deleted,
    )
