"""What may be spent in a calendar month, by whom: read from a table an administrator writes, and who owns what a call costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.errors import ProviderError

MICROS = 1_000_000
"""Of one US dollar: what amounts are counted in."""
MARKS = (75, 90)
"""Percent of a budget that its owner is warned at."""
Kind = Literal["person", "conversation", "organisation"]
_SECTIONS: Mapping[str, Kind] = {"persons": "person", "conversations": "conversation"}
_KEYS = frozenset({"person", "conversation", "organisation", "persons", "conversations"})
_OTHER_KEYS = frozenset({"timezone", "raised_by", "administrators"})


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody whose spending is counted. `id`: Entra object id, conversation id without its thread, tenant id."""

    kind: Kind
    id: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Month:
    name: str
    """`2026-11`."""
    begins: datetime
    ends: datetime
    """When the next one begins."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A budget has reached one of `MARKS`."""

    kind: Kind
    percent: int
    limit: int
    """Millionths of a US dollar."""


class OverBudget(ProviderError):
    """A hard stop: nothing was asked. `ends`: when the next month begins; `raised_by`: who can raise it, as the table says."""

    def __init__(self, kind: Kind, limit: int, ends: datetime, raised_by: str) -> None:
        super().__init__(f"The budget of this {kind} is used up.")
        self.kind, self.limit, self.ends, self.raised_by = kind, limit, ends, raised_by


@dataclass(frozen=True, slots=True)
class Budgets:
    """Amounts are a month's, in millionths of a US dollar. Nobody is limited who has none."""

    each: Mapping[Kind, int] = field(default_factory=dict[Kind, int])
    own: Mapping[str, int] = field(default_factory=dict[str, int])
    """By an owner's key, in place of what holds for each."""
    zone: tzinfo = UTC
    """Whose months they are."""
    raised_by: str = ""
    administrators: frozenset[str] = frozenset()
    """Entra object ids of those who may see what the organisation spends."""

    @staticmethod
    def read(table: Mapping[str, Any], where: str = "[budgets]") -> "Budgets":
        """From TOML's values. Raises ValueError with a sentence that names the key at fault."""
        if extra := sorted(table.keys() - _KEYS - _OTHER_KEYS):
            raise ValueError(f"{where}: there is no {extra[0]!r}; there are {', '.join(sorted(_KEYS | _OTHER_KEYS))}.")
        each: dict[Kind, int] = {}
        for kind in ("person", "conversation", "organisation"):
            if kind in table:
                each[kind] = _dollars(f"{where}: {kind}", table[kind])
        own: dict[str, int] = {}
        for section, kind in _SECTIONS.items():
            amounts = table.get(section, {})
            if not isinstance(amounts, Mapping):
                raise ValueError(f"{where}: {section} is a table of ids and dollars.")  # noqa: TRY004 -- a mistake in a file, told like all others
            for id, amount in amounts.items():
                bare = str(id).partition(";")[0] if kind == "conversation" else str(id)
                own[Owner(kind, bare).key] = _dollars(f"{where}: {section}, {id}", amount)
        raised_by, administrators = table.get("raised_by", ""), table.get("administrators", [])
        if not isinstance(raised_by, str) or len(raised_by) > 200:
            raise ValueError(f"{where}: raised_by says who can raise a budget, in at most 200 characters.")
        if not isinstance(administrators, list) or not all(isinstance(one, str) and one for one in administrators):
            raise ValueError(f"{where}: administrators is a list of Entra object ids.")
        zone = _zone(f"{where}: timezone", table.get("timezone", "UTC"))
        return Budgets(each, own, zone, " ".join(raised_by.split()), frozenset(administrators))

    @property
    def any(self) -> bool:
        return bool(self.each or self.own)

    def limit(self, owner: Owner) -> int | None:
        return self.own.get(owner.key, self.each.get(owner.kind))

    def month(self, at: datetime) -> Month:
        """The one `at` (aware) lies in."""
        local = at.astimezone(self.zone)
        begins = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
        after = begins.replace(year=begins.year + 1, month=1) if begins.month == 12 else begins.replace(month=begins.month + 1)  # fmt: skip
        return Month(f"{begins:%Y-%m}", begins, after)


def _dollars(where: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"{where} is an amount of US dollars a month, such as 20 or 7.5.")  # noqa: TRY004 -- a mistake in a file, told like all others
    amount = Decimal(str(value))
    if not amount.is_finite() or not 0 <= amount <= 1_000_000_000:
        raise ValueError(f"{where} is an amount of US dollars a month, from 0 on.")
    return int(amount * MICROS)


def _zone(where: str, value: Any) -> tzinfo:
    if value == "UTC":
        return UTC
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ValueError(f"{where} is the name of a time zone, such as Europe/Berlin.") from None
