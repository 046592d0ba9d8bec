"""The books: before a model call its budget is checked, after it the call is written down, and what it cost is counted."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.context import Place
from bot.cost.budgets import MARKS, MICROS, Budgets, Kind, Month, OverBudget, Owner, Warned
from bot.cost.prices import Prices
from bot.routing.caller import Caller
from bot.store.audit import Audit, Row
from bot.store.database import Database, StoreError
from bot.store.spending import Ahead, Limited, Reached, Refusal, Settled, Spending
from providers.base import Provider

log = logging.getLogger(__name__)

AT_ONCE: dict[Kind, int] = {"person": 25, "conversation": 25, "organisation": 1000}
"""Calls that may well be under way at the same moment: further from its end than they could cost, a budget needs no reservation."""
SHOWN = frozenset({"answer", "compare", "review"})
"""Purposes under whose result a warning is read by somebody."""


@dataclass(slots=True)
class Opened:
    """A call that may be made."""

    at: datetime
    month: Month
    id: str = ""
    """Of what was set aside; empty when nothing was."""


@dataclass(slots=True)
class Ledger:
    """One for the process. `now` is aware, UTC."""

    prices: Prices
    budgets: Budgets
    audit: Audit
    spending: Spending
    now: Callable[[], datetime]
    tell_from: int = 0
    """Millionths of a US dollar from which the cost of long work is told before it begins."""
    _writing: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])

    @staticmethod
    def of(
        database: Database,
        models: Iterable[Provider],
        now: Callable[[], datetime],
        *,
        prices: str = "",
        budgets: Mapping[str, Any] | None = None,
        tell_from: float = 0.0,
    ) -> "Ledger":
        """`prices`: path of a TOML file; `budgets`: the policy's section; `tell_from`: US dollars.

        Raises ValueError with a sentence for a mistake, and for budgets beside a model of unknown price: its calls could
        not be counted.
        """
        known, limits = Prices.read(prices), Budgets.read(budgets or {})
        unknown = known.unknown((one.door, one.model) for one in models) if limits.any else []
        if unknown:
            raise ValueError(
                f"There are budgets, but I don't know what {', '.join(unknown)} costs. Name a file in PRICES that says so; "
                "a model that costs nothing has the prices 0."
            )
        return Ledger(known, limits, Audit(database), Spending(database), now, int(tell_from * MICROS))

    def owners(self, caller: Caller) -> tuple[Owner, ...]:
        """Whose money a call spends: the person's, a shared conversation's (all threads of a channel), the tenant's."""
        person = caller.person
        found = [Owner("person", person.id)] if person.id else []
        if caller.place is not Place.PERSONAL:
            found.append(Owner("conversation", caller.conversation.partition(";")[0]))
        return (*found, Owner("organisation", person.tenant))

    async def open(self, caller: Caller, most: int | None) -> Opened:
        """`most`: what the call can cost, in millionths of a US dollar; None when nobody knows. Raises `OverBudget`, `StoreError`."""
        at = self.now()
        month = self.budgets.month(at)
        limits = [(owner, limit) for owner in self.owners(caller) if (limit := self.budgets.limit(owner)) is not None]
        if not limits or not most:
            return Opened(at, month)
        id = uuid.uuid4().hex
        ahead = Ahead(id, month.name, most, tuple(Limited(o.key, limit, AT_ONCE[o.kind]) for o, limit in limits))
        answer = await self.spending.reserve(ahead)
        if isinstance(answer, Refusal):
            owner, limit = next(one for one in limits if one[0].key == answer.owner)
            raise OverBudget(owner.kind, limit, month.ends, self.budgets.raised_by)
        return Opened(at, month, id if answer else "")

    async def close(self, caller: Caller, opened: Opened, row: Row) -> None:
        """The row is written before whatever is written next, the announcement of an answer too. A store that fails costs the
        row, not the answer. Waits only where there is a budget: the next call must see it, and its warning stands under the answer.
        """
        owners = self.owners(caller)
        told = self._told(caller) if caller.purpose in SHOWN else {}
        marks = {key: tuple((-(-limit * mark // 100), mark) for mark in MARKS) for key, (_, limit) in told.items()}
        # What cost nothing adds to no counter, and needs no lock on one.
        counted = tuple(owner.key for owner in owners) if row.cost else ()
        marks = {key: value for key, value in marks.items() if key in counted}
        settling = self.spending.settle(Settled(row, opened.month.name, counted, opened.id, marks))
        task = asyncio.create_task(self._settled(settling, caller, told), name="writing down a model call")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        if any(self.budgets.limit(owner) is not None for owner in owners):
            await asyncio.shield(task)

    async def aclose(self) -> None:
        """Until all is written."""
        await asyncio.gather(*self._writing)

    async def _settled(
        self, settling: Awaitable[Reached], caller: Caller, told: Mapping[str, tuple[Owner, int]]
    ) -> None:
        try:
            reached = await settling
        except StoreError as error:
            log.warning("a model call was not written down: %s", type(error).__name__)
            return
        for key, percent in reached.items():
            owner, limit = told[key]
            caller.tally.warned.append(Warned(owner.kind, percent, limit))
            log.warning("%d %% of a budget of this %s is spent", percent, owner.kind)

    def _told(self, caller: Caller) -> dict[str, tuple[Owner, int]]:
        """Budgets whose warnings may be read where the answer stands: what a person spends is not everybody's business."""
        private = caller.place is Place.PERSONAL
        limits = {owner.key: (owner, self.budgets.limit(owner)) for owner in self.owners(caller)}
        return {
            key: (owner, limit)
            for key, (owner, limit) in limits.items()
            if limit is not None and (private or owner.kind != "person")
        }
