"""Remembers how each model last did, so that *status* can say it without spending a token."""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime

from providers.base import Provider, Request, Response
from providers.batch import Batches
from providers.capabilities import Described, capabilities_of
from providers.errors import ProviderError
from providers.listing import Listed, Standing


class Watched:
    """A `Provider` around another one. `now` is aware, UTC. Of a failure only its type is kept: texts may quote what was asked."""

    def __init__(self, provider: Provider, *, now: Callable[[], datetime]) -> None:
        self.door, self.model, self.images = provider.door, provider.model, provider.images
        self.capabilities = (
            provider.capabilities if isinstance(provider, Described) else capabilities_of(provider.model)
        )
        self.answered: datetime | None = None
        self.failed: tuple[datetime, type[ProviderError]] | None = None
        """Cleared by the next answer."""
        self.standing = Standing.UNKNOWN
        """What the vendor's list says of it, once `refresh` has asked."""
        self._provider = provider
        self._now = now

    @property
    def batches(self) -> Batches | None:
        """As `providers.batch` looks for it."""
        found: Batches | None = getattr(self._provider, "batches", None)
        return found

    async def refresh(self) -> None:
        """As `providers.listing.Listed`."""
        if isinstance(self._provider, Listed):
            await self._provider.refresh()
            self.standing, self.images = self._provider.standing, self._provider.images
            if isinstance(self._provider, Described):
                self.capabilities = self._provider.capabilities

    async def stream(self, request: Request) -> AsyncGenerator[str | Response]:
        """As the provider's own. An answer that somebody stopped counts as neither good nor bad."""
        pieces = self._provider.stream(request)
        try:
            async for piece in pieces:
                if isinstance(piece, Response):
                    self.answered, self.failed = self._now(), None
                yield piece
        except ProviderError as error:
            self.failed = (self._now(), type(error))
            raise
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    async def aclose(self) -> None:
        await self._provider.aclose()
