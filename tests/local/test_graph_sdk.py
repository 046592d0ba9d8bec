"""Microsoft's own SDK talks to the wire, typed calls and all, and notices nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from msgraph.generated.models.entity_type import EntityType
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.search_query import SearchQuery
from msgraph.generated.models.search_request import SearchRequest
from msgraph.generated.search.query.query_post_request_body import QueryPostRequestBody
from msgraph.graph_request_adapter import GraphRequestAdapter, options
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory

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


@asynccontextmanager
async def client(wire: Wire, person: str) -> AsyncIterator[Any]:
    """The SDK's models are optional in every property, so it is untyped here; a missing one fails the test all the same."""
    token = BaseBearerTokenAuthenticationProvider(OneToken(wire.token(person)))
    # kiota puts its middleware around the transport and does not close what is inside.
    async with httpx.AsyncHTTPTransport() as transport:
        http = GraphClientFactory.create_with_default_middleware(
            client=httpx.AsyncClient(transport=transport), options=options
        )
        adapter = GraphRequestAdapter(token, client=http)
        adapter.base_url = f"{wire.origin}/v1.0"
        yield GraphServiceClient(request_adapter=adapter)


# Every request builder of the SDK warns about its own deprecated inner classes while it is imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_typed_calls_of_the_sdk(world: World) -> None:
    async with graph_wire(world) as wire, client(wire, "Sofia") as graph:
        assert (await graph.me.get()).display_name == "Sofia Almeida"

        searched = f"{wire.origin}/v1.0/me/messages?$search=%22subject:heron%22&$top=2&$select=subject"
        messages = await graph.me.messages.with_url(searched).get()
        assert len(messages.value) == 2
        following = await graph.me.messages.with_url(messages.odata_next_link).get()
        assert {one.id for one in following.value}.isdisjoint({one.id for one in messages.value})

        asked = SearchRequest(
            entity_types=[EntityType.DriveItem], query=SearchQuery(query_string="casting supplier"), from_=0, size=5
        )
        found = await graph.search.query.post(QueryPostRequestBody(requests=[asked]))
        hit = found.value[0].hits_containers[0].hits[0]
        item = graph.drives.by_drive_id(hit.resource.parent_reference.drive_id).items.by_drive_item_id(hit.resource.id)
        assert await item.content.get() == next(one.data for one in world.company.items if one.id == hit.resource.id)
        assert (await item.permissions.get()).value[0].granted_to_v2 is not None

        with pytest.raises(ODataError) as caught:
            await graph.me.messages.by_message_id("nope").get()
        assert caught.value.error is not None
        assert caught.value.error.code == "ErrorItemNotFound"
