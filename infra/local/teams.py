"""Teams itself, for tests and the demo: people speak, click and react through it, and it shows what they see."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.local import teams_activities, teams_changes, teams_members
from infra.local.company.model import Person
from infra.local.connector_state import Message, connector_state, conversation, split
from infra.local.connector_writes import stop_stream
from infra.local.teams_delivery import Delivery, Refused
from infra.local.teams_seen import SeenMessage, channel_token, ended, sso_token
from infra.local.teams_seen import seen as view
from infra.local.world import World

__all__ = ["Refused", "SeenMessage", "TeamsClient", "channel_token", "personal_activity", "sso_token"]

QUIET_SECONDS = 1.0
"""A message without AI label counts as the final one once nothing changed for so long."""


class TeamsClient(Delivery):
    """Everybody's Teams client at once. People are named by first name, mail or object id.

    `bot_url` is the bot's origin or its whole messages address. As a context manager it keeps its connections open.
    """

    async def say(
        self,
        person: str,
        text: str,
        chat: str = "personal",
        *,
        mention: bool = True,
        thread: str | None = None,
        **overrides: Any,
    ) -> dict[str, Any]:
        """Says something and returns the activity the bot took. `overrides` replace whole fields. Raises Refused.

        Without a mention the bot hears of it only in personal chats and where it was granted to (`grant`).
        """
        activity = self.compose(person, text, chat, mention=mention, thread=thread, **overrides)
        shared = activity["conversation"]["conversationType"] != "personal" and not activity["recipient"].get(
            "isTargeted"
        )
        if mention or not shared or teams_changes.reads_along(self.world, activity["conversation"]["id"]):
            await self.deliver(activity)
        return activity

    async def say_privately(self, person: str, text: str, chat: str, *, thread: str | None = None) -> dict[str, Any]:
        """To the bot alone, in a shared place: a slash command or targeted message."""
        bot = {"id": self.world.bot_channel_id, "name": self.world.bot_name, "isTargeted": True}
        return await self.say(person, text, chat, mention=False, thread=thread, recipient=bot)

    async def quote(
        self,
        person: str,
        text: str,
        quoted: dict[str, Any],
        chat: str,
        *,
        thread: str | None = None,
        mention: bool = True,
    ) -> dict[str, Any]:
        """Answers a message with a quote of it. `quoted` is an activity, with its id."""
        names = {self.world.bot_channel_id: self.world.bot_name}
        activity = self.compose(person, text, chat, mention=mention, thread=thread)
        activity["text"], more = teams_changes.quoting([quoted], names, activity["text"])
        activity["entities"] += more
        await self.deliver(activity)
        return activity

    def grant(self, person: str, chat: str) -> None:
        """Lets the bot read along in a channel or chat, as its owner does when installing an app with these permissions."""
        place = teams_activities.place_of(self.world, self.world.person(person), chat)
        teams_changes.grant(self.world, place.id)

    def install_package(self, person: str, chat: str, manifest: Mapping[str, Any]) -> None:
        """Adds the app there, as it is packaged: what it asks for is granted, what it does not ask for is not."""
        place = teams_activities.place_of(self.world, self.world.person(person), chat)
        teams_changes.install(self.world, place.id, place.kind, manifest)

    def compose(
        self,
        person: str,
        text: str,
        chat: str = "personal",
        *,
        mention: bool = True,
        thread: str | None = None,
        **overrides: Any,
    ) -> dict[str, Any]:
        """The activity of `say`, shown in the conversation but not yet delivered."""
        who = self.world.person(person)
        place = teams_activities.place_of(self.world, who, chat)
        activity = teams_activities.message(self.world, who, place, text, mention=mention, thread=thread or "")
        activity |= overrides
        shown = Message(activity["id"], activity["conversation"]["id"], who.id, self.world.clock.now(), activity)
        shown.only_for = who.id if activity["recipient"].get("isTargeted") else ""
        place.add(shown)
        return activity

    async def submit(self, person: str, value: dict[str, Any], reply_to: str, chat: str = "personal") -> dict[str, Any]:
        """A click on a card's Action.Submit: a message without text."""
        activity = self.compose(person, "", chat, mention=False, thread=self._root(reply_to, chat))
        activity |= {"value": value, "replyToId": reply_to, "attachments": []}
        del activity["text"]
        await self.deliver(activity)
        return activity

    async def invoke(
        self, person: str, name: str, value: Any, chat: str = "personal", *, reply_to: str = "", **overrides: Any
    ) -> tuple[int, Any]:
        """An invoke and the bot's answer to it: (status, body)."""
        who = self.world.person(person)
        place = teams_activities.place_of(self.world, who, chat)
        thread = self._root(reply_to, chat) or ""
        activity = teams_activities.envelope(self.world, who, place, "invoke", thread)
        activity["id"] = f"f:{activity['id']}"
        activity |= {"name": name, "value": value} | ({"replyToId": reply_to} if reply_to else {}) | overrides
        return await self.post(activity)

    async def sso(self, person: str, card: dict[str, Any], *, token: str | None = None) -> tuple[int, Any]:
        """What Teams does when it shows an OAuth card (the attachment or its content): the silent token exchange."""
        content = card.get("content", card)
        value = {
            "id": content["tokenExchangeResource"]["id"],
            "connectionName": content["connectionName"],
            "token": token or sso_token(self.world, person),
        }
        return await self.invoke(person, "signin/tokenExchange", value)

    async def feedback(self, person: str, message: SeenMessage, reaction: str, text: str = "") -> tuple[int, Any]:
        """Thumbs under an answer: `like` or `dislike`."""
        value = {
            "actionName": "feedback",
            "actionValue": {"reaction": reaction, "feedback": json.dumps({"feedbackText": text})},
        }
        chat = split(message.conversation_id)[0]
        return await self.invoke(person, "message/submitAction", value, self._chat(person, chat), reply_to=message.id)

    async def react(
        self, person: str, message: SeenMessage, reaction: str, *, removed: bool = False
    ) -> list[tuple[int, Any]]:
        who = self.world.person(person)
        place = teams_activities.place_of(self.world, who, self._chat(person, split(message.conversation_id)[0]))
        activity = teams_activities.envelope(
            self.world, who, place, "messageReaction", split(message.conversation_id)[1]
        )
        change = "reactionsRemoved" if removed else "reactionsAdded"
        return await self.deliver(activity | {change: [{"type": reaction}], "replyToId": message.id})

    async def edit(
        self, person: str, original: dict[str, Any], text: str, *, mention: bool | None = None
    ) -> dict[str, Any]:
        """Edits a message that `say` returned. `mention` adds or takes away the bot's."""
        activity = teams_changes.edited(self.world, self.world.person(person), original, text, mention=mention)
        await self.deliver(activity)
        return activity

    async def delete(self, person: str, original: dict[str, Any]) -> dict[str, Any]:
        activity = teams_changes.deleted(self.world, self.world.person(person), original)
        await self.deliver(activity)
        return activity

    async def undelete(self, person: str, original: dict[str, Any]) -> dict[str, Any]:
        activity = teams_changes.restored(self.world, self.world.person(person), original)
        await self.deliver(activity)
        return activity

    async def install(self, person: str, chat: str = "personal", *, added: bool = True) -> list[dict[str, Any]]:
        """Adds the bot to a chat, team or channel, or removes it: two activities, at once."""
        who = self.world.person(person)
        place = teams_activities.place_of(self.world, who, chat)
        activities = teams_activities.install(self.world, who, place, added=added)
        await asyncio.gather(*(self.deliver(activity) for activity in activities))
        return activities

    def event(self, person: str, chat: str, kind: str) -> dict[str, Any]:
        """A conversationUpdate (`channelDeleted`, `teamRenamed`, ...), built only."""
        who = self.world.person(person)
        place = teams_activities.place_of(self.world, who, chat)
        activity = teams_activities.envelope(self.world, who, place, "conversationUpdate")
        return activity | {"channelData": {**activity["channelData"], "eventType": kind}}

    async def move(self, person: str, chat: str, *, joined: bool) -> None:
        """Somebody joins a channel or chat, or leaves it."""
        await self.deliver(teams_members.moved(self.world, self.world.person(person), chat, joined=joined))

    def stop(self, person: str) -> bool:
        """Presses Stop under a streaming answer; False when nothing streams."""
        place = teams_activities.place_of(self.world, self.world.person(person), "personal")
        return stop_stream(self.world, place.id)

    def seen(self, conversation_id: str) -> list[SeenMessage]:
        """All the bot's messages in a conversation or thread, in order, deleted ones left out."""
        found = conversation(self.world, conversation_id)
        messages = found.thread(conversation_id) if found else []
        return [view(m) for m in messages if m.author == "bot" and not m.deleted]

    async def answer_to(
        self,
        activity: dict[str, Any],
        timeout: float = 20.0,
        *,
        quiet: float = QUIET_SECONDS,
        until: Callable[[SeenMessage], bool] | None = None,
    ) -> SeenMessage:
        """The bot's final message after this activity, in its conversation or thread. Raises TimeoutError.

        Final is a message with the AI label or the end of a stream; without either, one that `until` accepts, or (no
        `until` given) one that did not change for `quiet` seconds.
        """
        async with asyncio.timeout(timeout):
            while True:
                messages = self._after(activity)
                last = messages[-1] if messages else None
                if last is not None and not last.streaming:
                    now = view(last)
                    if (now.ai_label or ended(last)) if until is None else until(now):
                        return now
                    if until is None:
                        if not await self._changes(activity, quiet):
                            return now
                        continue
                await self._changes(activity, None)

    async def silence_after(self, activity: dict[str, Any], seconds: float = 0.5) -> bool:
        """Whether the bot says nothing for so long after this activity."""
        return not self._after(activity) and not await self._changes(activity, seconds)

    async def _changes(self, activity: dict[str, Any], seconds: float | None) -> bool:
        """Waits until something in the activity's conversation changes; False when nothing did within the time."""
        before = _fingerprint(self._after(activity))
        try:
            async with asyncio.timeout(seconds), self.world.changed:
                await self.world.changed.wait_for(lambda: _fingerprint(self._after(activity)) != before)
        except TimeoutError:
            return False
        return True

    def _after(self, activity: dict[str, Any]) -> list[Message]:
        id = activity["conversation"]["id"]
        found = conversation(self.world, id)
        messages = found.thread(id) if found else []
        start = next((i for i, message in enumerate(messages) if message.id == activity["id"]), -1)
        later = [m for m in messages[start + 1 :] if m.author == "bot" and not m.deleted]
        return [m for m in later if m.reply_to == activity["id"]] or later

    def _root(self, message_id: str, chat: str) -> str | None:
        """The thread a message of a channel is in."""
        place = connector_state(self.world).conversations.get(chat)
        message = place.by_id.get(message_id) if place else None
        return split(message.conversation_id)[1] or None if message else None

    def _chat(self, person: str, base: str) -> str:
        own = teams_activities.place_of(self.world, self.world.person(person), "personal")
        return "personal" if own.id == base else base


def personal_activity(world: World, person: Person, text: str) -> dict[str, Any]:
    """A personal message, built only: for benchmarks that send it themselves."""
    return teams_activities.message(world, person, teams_activities.place_of(world, person, "personal"), text)


def _fingerprint(messages: list[Message]) -> list[tuple[str, int, bool]]:
    return [(message.id, len(message.history), message.streaming) for message in messages]
