"""Lets somebody end work that another task does, as `asyncio.timeout` does it, but by a person instead of a clock."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.context import StopRequested


class Stopping:
    """One a turn. What runs in a `scope` ends with `StopRequested` at its next wait when somebody calls `request`."""

    def __init__(self) -> None:
        self.requested = False
        self._scopes: list[asyncio.Task[object] | None] = []
        self._cancelled = False
        self._late = False

    def request(self) -> bool:
        """Ends the work under way; False when it is too late, because the answer is on its way."""
        if self._late:
            return False
        if not self.requested:
            self.requested = True
            task = self._scopes[-1] if self._scopes else None
            # Whoever asks inside the work itself raises `StopRequested` instead.
            if task is not None and task is not asyncio.current_task():
                self._cancelled = True
                task.cancel()
        return True

    def too_late(self) -> None:
        """From now on nothing is ended: what is being sent must not be cut off halfway."""
        self._late = True

    @asynccontextmanager
    async def scope(self) -> AsyncGenerator[None]:
        """May be nested; the innermost one raises. Raises `StopRequested` at once when the request came before it."""
        if self.requested:
            raise StopRequested
        task = asyncio.current_task()
        before = task.cancelling() if task is not None else 0
        self._scopes.append(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self._ours(task, before):
                raise
            raise StopRequested from None
        finally:
            self._scopes.pop()
            self._ours(task, before)

    def _ours(self, task: asyncio.Task[object] | None, before: int) -> bool:
        """Takes our own cancellation back; False when there was none, or the task is cancelled by somebody else as well."""
        if not self._cancelled or task is None:
            return False
        self._cancelled = False
        return task.uncancel() <= before
