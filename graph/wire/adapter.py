"""msgraph-sdk's request adapter as our only way out to Graph, and the one place where a person's token is attached.

Importing this file imports the SDK (a quarter of a second), so `graph.client` does it in a thread.
"""

import itertools
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anyio
import httpx
from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_abstractions.request_option import RequestOption
from kiota_http.observability_options import ObservabilityOptions
from msgraph.graph_request_adapter import GraphRequestAdapter

from graph.errors import ForeignLink, Unavailable
from graph.wire.addresses import is_loopback, origin, trust
from graph.wire.replies import Reply, TooLarge, Unsent
from graph.wire.tracing import traced

POOLS = 8
"""httpcore walks through every connection of a pool for each request; small pools keep that walk short."""

TokenSource = Callable[[], Awaitable[str]]


class _Identity(RequestOption):
    """Whose token a request gets rides on the request itself, so two people's calls cannot mix."""

    def __init__(self, token: TokenSource) -> None:
        self.token = token

    @staticmethod
    def get_key() -> str:
        return "ParleyIdentity"


class _Bearer(AuthenticationProvider):
    def __init__(self, graph_origin: str) -> None:
        self._origin = graph_origin

    async def authenticate_request(
        self, request: RequestInformation, additional_authentication_context: dict[str, Any] | None = None
    ) -> None:
        if origin(request.url) != self._origin:
            raise ForeignLink("A token was not sent to an address that is not Microsoft Graph's.")
        identity = request.request_options[_Identity.get_key()]
        if not isinstance(identity, _Identity):
            raise ForeignLink("A request without a person was not sent.")
        request.headers.try_add("Authorization", f"Bearer {await identity.token()}")


@contextmanager
def translated() -> Iterator[None]:
    """httpx's errors into ours."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Unsent("Microsoft Graph could not be reached.") from error
    except httpx.TimeoutException as error:
        raise Unavailable("Microsoft Graph did not answer in time.") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise Unavailable("The connection to Microsoft Graph broke.") from error


def load_backend() -> None:
    """anyio, which httpx stands on, imports its event loop's half at the first request; in a thread nobody waits for it."""
    anyio.run(anyio.sleep, 0)


class Adapter:
    """`timeout` in seconds bounds each wait for bytes, not the whole answer."""

    def __init__(self, base_url: str, *, ca_bundle: str, timeout: float, user_agent: str) -> None:
        self._origin = origin(base_url)
        # No SDK middleware: retries, redirects and claims challenges follow our own stricter rules. (The SDK's transport for
        # middleware, msgraph_core 1.5.2, also never closes the connections below it.)
        context, local = trust(ca_bundle), is_loopback(httpx.URL(base_url).host)
        self._pools = tuple(_pool(context, timeout, user_agent, local=local) for _ in range(POOLS))
        self._next_pool = itertools.cycle(self._pools)
        self.sdk = GraphRequestAdapter(_Bearer(self._origin), client=self._pools[0])
        self.sdk.base_url = base_url
        # The SDK's trace spans would otherwise carry whole addresses, and with them what people searched for.
        self.sdk.observability_options = ObservabilityOptions(include_euii_attributes=False)

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        token: TokenSource,
        *,
        max_bytes: int,
    ) -> Reply:
        """One request. Redirects are not followed."""
        information = RequestInformation()
        information.http_method, information.url = Method[method], url
        for name, value in headers.items():
            information.headers.add(name, value)
        if body is not None:
            information.set_stream_content(body, "application/json")
        information.add_request_options([_Identity(token)])
        with traced(method, url) as answered, translated():
            request = await self.sdk.convert_to_native_async(information)
            response = await next(self._next_pool).send(request, stream=True)
            answered(response.status_code)
            try:
                return Reply(
                    response.status_code,
                    {name.lower(): value for name, value in response.headers.items()},
                    await _bounded(response, max_bytes),
                )
            finally:
                await response.aclose()

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.aclose()


def _pool(context: ssl.SSLContext, timeout: float, user_agent: str, *, local: bool) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        http2=True,
        verify=context,
        timeout=httpx.Timeout(timeout, connect=10.0),
        limits=httpx.Limits(max_connections=400 // POOLS, max_keepalive_connections=48 // POOLS),
        trust_env=not local,
        headers={"User-Agent": user_agent},
    )


async def _bounded(response: httpx.Response, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge("Microsoft Graph's answer is larger than we take.")
        chunks.append(chunk)
    return b"".join(chunks)
