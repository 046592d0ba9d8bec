"""Our verifier and our connector behind botbuilder's own extension point, in place of its authenticator.

No emulator path, no skill path, no token service: those accept what we refuse (facts: SDK 4.17.1 takes emulator tokens for any serviceUrl).
"""

from collections.abc import Mapping
from typing import Any

from botbuilder.core.serializer_helper import serializer_helper
from botbuilder.schema import Activity as BotActivity
from botbuilder.schema import ResourceResponse
from botframework.connector.auth import BotFrameworkAuthentication, ClaimsIdentity
from botframework.connector.auth.authenticate_request_result import AuthenticateRequestResult
from botframework.connector.auth.connector_factory import ConnectorFactory

from bot.teams.connector import Connector
from bot.teams.schema import Refused
from bot.teams.verifier import Verifier

AUDIENCE = "https://api.botframework.com"


class Authentication(BotFrameworkAuthentication):  # type: ignore[misc]  # -- botbuilder ships no types
    def __init__(self, verifier: Verifier | None, connector: Connector) -> None:
        self._verifier = verifier
        self._connector = connector

    async def authenticate_request(self, activity: BotActivity, auth_header: str) -> AuthenticateRequestResult:
        """Raises `Refused`."""
        if self._verifier is None:
            raise Refused(401, "A bearer token is needed.")
        claims = await self._verifier.verify(auth_header or "", activity.service_url or "", activity.channel_id or "")
        return self.result(claims)

    def result(self, claims: Mapping[str, Any]) -> AuthenticateRequestResult:
        """For a request that was verified already."""
        result = AuthenticateRequestResult()
        result.claims_identity = ClaimsIdentity(dict(claims), bool(claims))
        result.audience = AUDIENCE
        result.connector_factory = self.create_connector_factory(result.claims_identity)
        return result

    async def authenticate_streaming_request(
        self, _auth_header: str, _channel_id_header: str
    ) -> AuthenticateRequestResult:
        raise Refused(401, "Streaming connections are not accepted.")

    def create_connector_factory(self, _claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return _Factory(self._connector)

    async def create_user_token_client(self, _claims_identity: ClaimsIdentity) -> None:
        """No client of Microsoft's token service: sign-in is MSAL in the bot."""


class _Factory(ConnectorFactory):  # type: ignore[misc]  # -- botbuilder ships no types
    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def create(self, service_url: str, _audience: str) -> "_Client":
        return _Client(self._connector, service_url)


class _Client:
    """The part of botbuilder's ConnectorClient that its adapter calls."""

    def __init__(self, connector: Connector, service_url: str) -> None:
        self.conversations = _Conversations(connector, service_url)


class _Conversations:
    def __init__(self, connector: Connector, service_url: str) -> None:
        self._connector = connector
        self._service_url = service_url

    async def send_to_conversation(self, conversation_id: str, activity: BotActivity) -> ResourceResponse:
        return ResourceResponse(id=await self._connector.send(self._service_url, conversation_id, _plain(activity)))

    async def reply_to_activity(
        self, conversation_id: str, activity_id: str, activity: BotActivity
    ) -> ResourceResponse:
        id = await self._connector.reply(self._service_url, conversation_id, activity_id, _plain(activity))
        return ResourceResponse(id=id)

    async def update_activity(self, conversation_id: str, activity_id: str, activity: BotActivity) -> ResourceResponse:
        await self._connector.update(self._service_url, conversation_id, activity_id, _plain(activity))
        return ResourceResponse(id=activity_id)

    async def delete_activity(self, conversation_id: str, activity_id: str) -> None:
        await self._connector.delete(self._service_url, conversation_id, activity_id)


def _plain(activity: BotActivity) -> dict[str, Any]:
    wire: dict[str, Any] = serializer_helper(activity)
    # msrest keeps only an entity's `type`; what else it holds is put back.
    entities = [
        {**(entity.additional_properties or {}), **plain}
        for entity, plain in zip(activity.entities or [], wire.get("entities") or [], strict=True)
    ]
    return {**wire, "entities": entities} if entities else wire
