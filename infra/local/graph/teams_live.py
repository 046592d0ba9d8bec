"""What people and the bot said in Teams since the local tenant started, as Graph shows it beside the company's older messages."""

import html
import re

from infra.local.company.model import ChatMessage
from infra.local.connector_state import Message, connector_state, split
from infra.local.graph.call import Call

_QUOTED = re.compile(r"<quoted[^>]*>")
_MENTION = re.compile(r"<at>([^<]*)</at>")


def said_in(call: Call, conversation_id: str, *, team_id: str = "") -> list[ChatMessage]:
    """Of a channel (with its team) or chat; private messages to and from the bot are nobody's but their person's."""
    found = connector_state(call.world).conversations.get(conversation_id)
    messages = [message for message in found.messages if not message.only_for] if found else []
    return [_told(message, conversation_id, team_id) for message in messages]


def _told(message: Message, conversation_id: str, team_id: str) -> ChatMessage:
    """Only the bot is mentioned in what the driver says."""
    text = _QUOTED.sub("", message.text)
    page = html.escape(text, quote=False)
    for number, tag in enumerate(_MENTION.findall(text)):
        page = page.replace(f"&lt;at&gt;{html.escape(tag)}&lt;/at&gt;", f'<at id="{number}">{html.escape(tag)}</at>', 1)
    root = split(message.conversation_id)[1]
    return ChatMessage(
        id=message.id,
        author_id="" if message.author == "bot" else message.author,
        sent=message.at,
        html=f"<div>{page}</div>",
        text=_MENTION.sub(r"\1", text),
        chat_id="" if team_id else conversation_id,
        team_id=team_id,
        channel_id=conversation_id if team_id else "",
        reply_to=root if root != message.id else "",
        mentions=[""] * len(_MENTION.findall(text)),
        deleted=message.deleted,
    )
