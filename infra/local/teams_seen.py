"""What a person sees of a bot's message, and the tokens Teams sends along: the driver's vocabulary."""

from dataclasses import dataclass
from typing import Any

from infra.local import tokens
from infra.local.botframework import ISSUER
from infra.local.connector_state import Message
from infra.local.payload import ROOT_MESSAGE, entities
from infra.local.world import World


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message of the bot as the person sees it."""

    id: str
    conversation_id: str
    activity: dict[str, Any]
    updates: tuple[str, ...]
    """The texts it showed before this one, oldest first."""
    deleted: bool = False
    only_for: str = ""
    """Person id, for one that nobody else sees."""

    @property
    def text(self) -> str:
        return str(self.activity.get("text") or "")

    @property
    def entities(self) -> list[dict[str, Any]]:
        return entities(self.activity)

    @property
    def root(self) -> dict[str, Any]:
        """The entity that holds AI label, citations and sensitivity; empty when there is none."""
        return next((entity for entity in self.entities if entity.get("type") == ROOT_MESSAGE), {})

    @property
    def ai_label(self) -> bool:
        return "AIGeneratedContent" in (self.root.get("additionalType") or [])

    @property
    def citations(self) -> list[dict[str, Any]]:
        """Each: position, name, url, abstract ... as sent."""
        found = self.root.get("citation") or []
        return [{"position": claim.get("position"), **claim.get("appearance", {})} for claim in found]

    @property
    def attachments(self) -> list[dict[str, Any]]:
        return [a for a in self.activity.get("attachments") or [] if a.get("contentType") != "text/html"]

    def card(self, kind: str = "application/vnd.microsoft.card.adaptive") -> dict[str, Any]:
        """The content of its card of this type. Raises KeyError."""
        for attachment in self.attachments:
            if attachment.get("contentType") == kind:
                content: dict[str, Any] = attachment["content"]
                return content
        raise KeyError(kind)


def channel_token(world: World, service_url: str | None = None, **claims: Any) -> str:
    """A token as the Bot Framework signs it for calls to the bot. `claims` override; a claim of None is left out."""
    now = int(world.clock.now().timestamp())
    standard = {
        "iss": ISSUER,
        "aud": world.app_id,
        "serviceurl": world.urls.service_url if service_url is None else service_url,
        "nbf": now - 300,
        "exp": now + 3600,
    }
    merged = {name: value for name, value in (standard | claims).items() if value is not None}
    return world.bot_keys[-1].sign(merged)


def sso_token(world: World, person: str, **claims: Any) -> str:
    """What Teams hands the bot in `signin/tokenExchange`: a token for the bot's own app."""
    return tokens.mint_user(world, person, ["access_as_user"], audience=world.app_id, **claims)


def seen(message: Message) -> SeenMessage:
    """As it is now."""
    texts = tuple(str(version.get("text") or "") for version in message.history)
    return SeenMessage(message.id, message.conversation_id, message.activity, texts, message.deleted, message.only_for)


def ended(message: Message) -> bool:
    """Whether it is the end of a stream."""
    return any(e.get("type") == "streaminfo" and e.get("streamType") == "final" for e in entities(message.activity))
