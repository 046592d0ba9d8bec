"""Where people talk to Parley, how much, and how many they are."""

import asyncio
from collections.abc import Sequence

from bot.admin.section import Block, Column, Section, Table, Tile, Tiles, View
from bot.admin.sections.overview import PLACES
from bot.admin.tables import by_day
from bot.store.figures import Figures
from bot.store.overview import Overview

SHOWN = {"personal": "personal chats", "group": "group chats", "channel": "channels and their threads"}


async def build(view: View) -> Sequence[Block]:
    figures, period = Figures(view.database), view.period
    asked, active, people, places = await asyncio.gather(
        figures.asked(period.since, period.until),
        figures.active(period.since, period.until),
        figures.people(period.since, period.until),
        Overview(view.database).places(),
    )
    questions = {place: sum(one.questions for one in asked if one.place == place) for place in PLACES}
    busiest = max(active.values(), default=0)
    return [
        Tiles(
            [
                Tile("Questions answered", sum(questions.values())),
                Tile("People who asked", people, note=f"at most {busiest:,} a day"),
                Tile("Conversations known", sum(places.values()), note="since the beginning"),
            ]
        ),
        by_day("Questions answered by place", period, ((a.day, a.place, a.questions) for a in asked), order=PLACES),
        by_day("People who asked", period, ((day, "people", count) for day, count in active.items()), look="lines"),
        by_day(
            "Conversations with questions", period, ((a.day, a.place, a.conversations) for a in asked), order=PLACES
        ),
        Table(
            "By place",
            [Column("Place"), Column("Conversations known", "count"), Column("Questions answered", "count")],
            [(SHOWN[place], places.get(place, 0), questions[place]) for place in PLACES],
        ),
    ]


SECTION = Section(
    "Conversations",
    1,
    build,
    "Questions that got an answer from a model. A private question in a shared place counts as personal.",
)
