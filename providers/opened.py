"""A vendor's model behind an opened SDK client: what Claude and GPT have in common, whichever company's door they stand behind."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from providers.batch import Batches
from providers.capabilities import capabilities_of
from providers.listing import Standing, listing
from providers.transport import translated


class Opened:
    """One client for all of the process's requests to one model."""

    family: ClassVar[str]
    """Of the models, as the table of capabilities names it."""

    def __init__(
        self,
        client: Any,
        model: str,
        *,
        door: str,
        who: str,
        capability: str = "",
        also_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`client`: any of the vendor's asynchronous ones. `who` stands in sentences about failures."""
        self._client = client
        self.model = model
        self.door = door
        self.capabilities = capabilities_of(capability or model, self.family)
        self.images = self.capabilities.images
        self._who = who
        self.standing = Standing.UNKNOWN
        self.lists = False
        """Whether the door has a list of models that knows this one's name."""
        self.batches: Batches | None = None
        """Behind the doors that have them."""
        self._also_close = also_close

    async def refresh(self) -> None:
        """As `providers.listing.Listed`."""
        if not self.lists:
            return
        with translated(self._who):
            found = await listing(self._client.models.list(), self.model, self.capabilities)
        self.standing, self.capabilities = found.standing, found.capabilities
        self.images = self.capabilities.images

    async def aclose(self) -> None:
        await self._client.close()
        if self._also_close is not None:
            await self._also_close()
