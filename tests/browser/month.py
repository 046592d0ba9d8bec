"""A month behind a company that began today: rows of the audit and runs of digests, as its people would have left them."""

import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import insert

from bot.store.audit import Row, values
from bot.store.database import Database
from bot.store.figures import DAY
from bot.store.run import Record, Run, State, record_to_json, to_row
from infra.local.world import World
from providers.base import Usage

MODELS = (
    ("claude", "claude-sonnet-5-5", "anthropic", 0.62),
    ("gpt", "gpt-6.1-terra", "openai", 0.3),
    ("small", "gpt-6-luna", "openai", 0.08),
)
PLACES = (("personal", 0.68), ("channel", 0.2), ("group", 0.12))
TROUBLE = ("overloaded", "rate_limited", "timed_out", "over_budget", "length")
PRICES = {"claude": (3.0, 15.0), "gpt": (1.25, 10.0), "small": (0.25, 2.0)}
"""Dollars a million tokens, read and written."""


async def month(database: Database, world: World) -> None:
    """The twenty-nine days before today."""
    dice = random.Random(7)
    today = time.time() // DAY
    rows = [row for day in range(1, 30) for row in _day(dice, today - day, world)]
    rows.sort(key=lambda row: row.at)
    async with database.write() as connection:
        await connection.execute(insert(database.tables.audit), [values(row) for row in rows])
    runs = [run for day in range(1, 30) for run in _runs(dice, today - day, world)]
    async with database.write() as connection:
        await connection.execute(insert(database.tables.digests.runs), runs)


def _runs(dice: random.Random, day: float, world: World) -> Iterator[dict[str, Any]]:
    for number in range(9 if _works(day) else 2):
        state, why = _ended(dice)
        due, owner = day * DAY + 8.5 * 3600, world.company.people[number % 9].id
        tenant = world.company.tenant_id
        run = Run(
            uuid.uuid4().hex, f"{due:.0f}", owner, tenant, "a:1", due, state=state, why=why, finished=due, cost=4200
        )
        read = {source: dice.randrange(1, 30) for source in ("mail", "calendar", "chats", "files")} if not why else {}
        record = Record(
            read, ("channels",) if dice.random() < 0.03 else (), "claude-sonnet-5-5", Usage(5000, 0, 0, 400)
        )
        yield to_row(run) | {"record": record_to_json(record)}


def _ended(dice: random.Random) -> tuple[State, str]:
    return dice.choices([("delivered", ""), ("empty", ""), ("skipped", "outage"), ("failed", "graph")], [84, 11, 3, 2])[
        0
    ]  # type: ignore[return-value]  # -- pairs of literals


def _works(day: float) -> bool:
    return int(day + 3) % 7 < 5  # 1970 began on a Thursday


def _day(dice: random.Random, day: float, world: World) -> Iterator[Row]:
    people = world.company.people
    bad = dice.random() < 0.12
    for _ in range(dice.randrange(60, 95) if _works(day) else dice.randrange(4, 14)):
        at = day * DAY + min(max(dice.gauss(13, 3.2), 0.5), 23.4) * 3600
        name, asked, door, _ = dice.choices(MODELS, [model[-1] for model in MODELS])[0]
        place = dice.choices([place for place, _ in PLACES], [share for _, share in PLACES])[0]
        person = dice.choices(people, [1 / (number + 1.5) for number in range(len(people))])[0]
        outcome = dice.choices(TROUBLE, [5, 3, 2, 1, 1])[0] if dice.random() < (0.11 if bad else 0.012) else "answered"
        yield _call(dice, at, name, asked, door, place, person.id, world.company.tenant_id, outcome)
        if outcome in TROUBLE[:3]:
            other = MODELS[1] if name == "claude" else MODELS[0]
            last = _call(dice, at + 2, *other[:3], place, person.id, world.company.tenant_id, "answered")
            yield replace(last, question_id=f"{at:.3f}")


def _call(
    dice: random.Random, at: float, name: str, asked: str, door: str, place: str, person: str, tenant: str, outcome: str
) -> Row:
    worked = outcome in {"answered", "length"}
    usage = Usage(dice.randrange(3000, 16_000), 0, 0, dice.randrange(150, 900)) if worked else Usage()
    usage = replace(usage, cache_read=int(usage.input * dice.uniform(0.2, 0.7)))
    read, wrote = PRICES[name]
    first = round(dice.lognormvariate({"claude": 6.45, "gpt": 6.6, "small": 5.7}[name], 0.38)) if worked else None
    return Row(
        at=at, person_id=person, tenant=tenant, conversation_id=f"a:{person}", place=place, question_id=f"{at:.3f}",
        purpose="answer", name=name, asked=asked, answered=asked if worked else "", door=door, usage=usage, estimated=False,
        cost=round(usage.input * read + usage.output * wrote), first_ms=first, total_ms=(first or 1500) + dice.randrange(900, 6000),
        outcome=outcome, evidence=tuple(f"{dice.getrandbits(64):016x}" for _ in range(dice.randrange(1, 9))) if worked else (),
    )  # fmt: skip
