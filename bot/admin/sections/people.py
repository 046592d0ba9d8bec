"""What is stored about people: counts, and nothing else."""

import asyncio
from collections.abc import Sequence

from bot.admin.section import Block, Choice, Column, Form, Section, Table, Tile, Tiles, Unusable, View
from bot.signin.claims import GUID
from bot.store.overview import Overview
from bot.store.personal import Personal

NOBODYS_CHAT = "-"
"""We do not ask from anybody's personal chat, and no conversation has this id."""


async def build(view: View) -> Sequence[Block]:
    store, id = Overview(view.database), view.query.get("person", "").strip()
    if id and not GUID.fullmatch(id):
        raise Unusable("A person is looked up by their Entra object id.")
    kept, signed_in = await asyncio.gather(store.kept(), store.signed_in())
    rows = [(kind, count, people or None) for kind, (count, people) in kept.items()]
    blocks: list[Block] = [
        Tiles(
            [
                Tile("People signed in", signed_in, note="the bot may read with their rights"),
                Tile("Rows in all", sum(count for count, _ in kept.values())),
            ]
        ),
        Form([Choice("person", "Person", id, hint="Entra object id")], "Count theirs"),
        Table(
            "Stored in all",
            [Column("What"), Column("Rows", "count"), Column("of so many people", "count")],
            rows,
            wide=not id,
        ),
    ]
    if id:
        counts = await Personal(view.database).counts(id.lower(), NOBODYS_CHAT)
        found = [(id.lower(), kind, count) for kind, count in counts.items()]
        columns = [Column("Person", "person"), Column("What"), Column("Rows", "count")]
        blocks.append(Table("Stored about one person", columns, found))
    return blocks


SECTION = Section(
    "People", 10, build,
    "How much is stored, never what. Everybody sees, exports and erases their own with “my data”.",
    timed=False,
)  # fmt: skip
