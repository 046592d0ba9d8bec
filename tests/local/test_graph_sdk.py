"""Microsoft's own SDK talks to the wire, typed calls and all, and notices nothing."""

import pytest
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.entity_type import EntityType
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.search_query import SearchQuery
from msgraph.generated.models.search_request import SearchRequest
from msgraph.generated.search.query.query_post_request_body import QueryPostRequestBody
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder

from infra.local.world import World
from tests.local.graph_client import Wire, graph_wire


class OneToken(AccessTokenProvider):
    def __init__(self, token: str) -> None:
        self._token = token

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, object] | None = None
    ) -> str:
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


def client(wire: Wire, person: str) -> GraphServiceClient:
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(OneToken(wire.token(person))))
    adapter.base_url = f"{wire.origin}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


async def test_typed_calls_of_the_sdk(world: World) -> None:
    async with graph_wire(world) as wire:
        graph = client(wire, "Sofia")
        me = await graph.me.get()
        assert me is not None
        assert me.display_name == "Sofia Almeida"

        parameters = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
            search='"subject:heron"', top=2, select=["subject"]
        )
        messages = await graph.me.messages.get(request_configuration=RequestConfiguration(query_parameters=parameters))
        assert messages is not None
        assert messages.value is not None
        assert len(messages.value) == 2
        assert messages.odata_next_link is not None
        following = await graph.me.messages.with_url(messages.odata_next_link).get()
        assert following is not None

        asked = SearchRequest(
            entity_types=[EntityType.DriveItem], query=SearchQuery(query_string="casting supplier"), from_=0, size=5
        )
        found = await graph.search.query.post(QueryPostRequestBody(requests=[asked]))
        assert found is not None
        (hit, *_) = found.value[0].hits_containers[0].hits
        drive_id, item_id = hit.resource.parent_reference.drive_id, hit.resource.id
        data = await graph.drives.by_drive_id(drive_id).items.by_drive_item_id(item_id).content.get()
        assert data == next(item.data for item in world.company.items if item.id == item_id)
        permissions = await graph.drives.by_drive_id(drive_id).items.by_drive_item_id(item_id).permissions.get()
        assert permissions is not None
        assert permissions.value

        with pytest.raises(ODataError) as caught:
            await graph.me.messages.by_message_id("nope").get()
        assert caught.value.error is not None
        assert caught.value.error.code == "ErrorItemNotFound"
