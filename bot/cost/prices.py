"""What a request costs, from a dated table of prices that whoever runs us can override. Exact: decimals, rounded once, up."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

from providers.base import Usage

FIELDS = frozenset({"input", "cache_read", "cache_write", "output", "long"})
_LONG = frozenset({"above", "input", "output"})
_TOP = frozenset({"as_of", "batch", "models"})
_BARE = re.compile(r"(?:claude|gpt)-.*")
"""Clouds write a region and the maker before a model's own name."""
_DATED = re.compile(r"(?:[-@](?:\d{8}|\d{4}-\d{2}-\d{2}|latest|default))?(?:-v\d+(?::\d+)?)?$")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, which is the same number as millionths of a dollar per token."""

    input: Decimal
    cache_read: Decimal
    cache_write: Decimal
    output: Decimal
    above: int = 0
    """Input tokens from which the whole request costs more; 0: never."""
    long_input: Decimal = Decimal(1)
    long_output: Decimal = Decimal(1)

    def cost(self, usage: Usage, share: Decimal = Decimal(1)) -> int:
        """Millionths of a US dollar, rounded up."""
        long = bool(self.above) and usage.input > self.above
        fresh = max(usage.input - usage.cache_read - usage.cache_write, 0)
        given = fresh * self.input + usage.cache_read * self.cache_read + usage.cache_write * self.cache_write
        total = given * (self.long_input if long else 1) + usage.output * self.output * (
            self.long_output if long else 1
        )
        return int((total * share).to_integral_value(ROUND_CEILING))

    def most(self, input_tokens: int, output_tokens: int) -> int:
        """The most that so many tokens can cost: everything written to the cache, where that costs more."""
        dearest = Usage(input=input_tokens, cache_write=input_tokens, output=output_tokens)
        return max(self.cost(dearest), self.cost(Usage(input=input_tokens, output=output_tokens)))


@dataclass(frozen=True, slots=True)
class Prices:
    rows: Mapping[str, Price] = field(default_factory=dict[str, Price])
    """By model or `door:model`, case-folded."""
    batch: Decimal = Decimal(1)
    as_of: date = date.min

    @staticmethod
    def read(path: str = "") -> "Prices":
        """Our own table, with what the file at `path` says laid over it. Raises ValueError with a sentence for a mistake."""
        ours = _parsed((files("bot.cost") / "prices.toml").read_text(encoding="utf-8"), "The table of prices")
        if not path:
            return ours
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise ValueError("PRICES must be a TOML file that I can read.") from None
        theirs = _parsed(text, "PRICES", ours)
        return Prices({**ours.rows, **theirs.rows}, theirs.batch, theirs.as_of)

    def of(self, door: str, *names: str) -> Price | None:
        """Of the first of these names that has a price: the model that answered, then the one that was asked."""
        for name in names:
            for key in _keys(door, name):
                if key in self.rows:
                    return self.rows[key]
        return self.rows.get(f"{door}:*")

    def unknown(self, models: Iterable[tuple[str, str]]) -> list[str]:
        """Of these (door, model), those without a price, as `door:model`."""
        return [f"{door}:{model}" for door, model in models if self.of(door, model) is None]


def _keys(door: str, name: str) -> list[str]:
    """`door:name` before `name`, the name as it is before its own name without a cloud's marks and date."""
    written = name.casefold()
    bare = _BARE.search(written)
    plain = _DATED.sub("", bare.group() if bare else written, count=1)
    return [f"{door}:{written}", written, f"{door}:{plain}", plain] if written else []


def _parsed(text: str, where: str, before: Prices | None = None) -> Prices:
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{where} is no TOML: {error}.") from None
    if extra := sorted(table.keys() - _TOP):
        raise ValueError(f"{where}: there is no {extra[0]!r}; what stands at the top is as_of, batch and [models.…].")
    as_of = table.get("as_of")
    if type(as_of) is not date:
        raise ValueError(f"{where} must say of which day its prices are: as_of = 2026-11-22.")
    models = table.get("models", {})
    if not isinstance(models, dict):
        raise ValueError(f'{where}: prices stand in tables, as in [models."gpt-6.2-sol"].')  # noqa: TRY004 -- a mistake in a file, told like all others
    rows = {name.casefold(): _price(f"{where}: {name}", row) for name, row in models.items()}
    batch = _amount(f"{where}: batch", table["batch"]) if "batch" in table else (before or Prices()).batch
    return Prices(rows, batch, as_of)


def _price(where: str, row: Any) -> Price:
    if not isinstance(row, dict) or not {"input", "output"} <= row.keys() <= FIELDS:
        raise ValueError(f"{where} needs input and output, and may have cache_read, cache_write and long.")
    amounts = {name: _amount(f"{where}, {name}", value) for name, value in row.items() if name != "long"}
    long = row.get("long", {"above": 0, "input": 1, "output": 1})
    if not isinstance(long, dict) or long.keys() != _LONG or type(long["above"]) is not int or long["above"] < 0:
        raise ValueError(f"{where}: long is written {{ above = 272000, input = 2, output = 1.5 }}.")
    return Price(
        amounts["input"],
        amounts.get("cache_read", amounts["input"]),
        amounts.get("cache_write", amounts["input"]),
        amounts["output"],
        long["above"],
        _amount(f"{where}, long.input", long["input"]),
        _amount(f"{where}, long.output", long["output"]),
    )


def _amount(where: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"{where} must be a number.")  # noqa: TRY004 -- a mistake in a file, told like all others
    amount = Decimal(value)
    if not amount.is_finite() or not 0 <= amount <= 1_000_000:
        raise ValueError(f"{where} must be a number from 0 on.")
    return amount
