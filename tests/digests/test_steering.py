"""What the buttons under a digest do to the next one, and no more than that."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests.item import Item, Link
from bot.digests.steering import concerns, item_from_json, item_to_json, steered, topic, wish_for
from bot.store.steering import KINDS, Kind, Wish

WHEN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NOW = WHEN.timestamp()
ANA = Item(
    "waiting:t1", "waiting", "RE: Heron budget", "Ana asks you", (Link("RE: Heron budget", "https://x.example", "mail", "m1"),),
    when=WHEN, who="Ana Ribeiro", due=date(2026, 11, 27), quote="Can you approve it?", text="all of it", thread="t1", urgency=0.6,
)  # fmt: skip
BEN = replace(ANA, id="waiting:t2", title="Travel", who="Ben", thread="t2", urgency=0.4)
FILE = replace(ANA, id="document:d1", kind="document", title="Plan.docx", who="", thread="", urgency=0.2)
ITEMS = [ANA, BEN, FILE]


def wish(kind: Kind, item: Item, until: float | None = None) -> Wish:
    made = wish_for(kind, item, "s1", "ida", until)
    assert made is not None
    return made


def ids(items: list[Item]) -> list[str]:
    return [item.id for item in items]


def test_without_wishes_nothing_changes() -> None:
    assert steered(ITEMS, [], NOW, None) == ITEMS


def test_a_muted_sender_and_a_muted_topic_are_left_out_however_they_are_written() -> None:
    assert ids(steered(ITEMS, [wish("mute_sender", replace(ANA, who="ANA  ribeiro"))], NOW, None)) == [BEN.id, FILE.id]
    again = replace(ANA, id="waiting:t9", thread="t9", title="AW: Re: heron  Budget", who="Cleo")
    assert ids(steered([again, BEN], [wish("mute_topic", ANA)], NOW, None)) == [BEN.id]
    assert wish_for("mute_sender", FILE, "s1", "ida") is None


def test_done_holds_until_something_new_happens() -> None:
    done = [wish("done", ANA)]
    assert ids(steered(ITEMS, done, NOW, None)) == [BEN.id, FILE.id]
    newer = replace(ANA, when=WHEN.replace(hour=9))
    assert ids(steered([newer], done, NOW, None)) == [ANA.id]


def test_snoozed_is_away_until_its_day_and_comes_back_once() -> None:
    until = NOW + 86400
    snoozed = [wish("snooze", ANA, until)]
    assert ids(steered(ITEMS, snoozed, NOW, None)) == [BEN.id, FILE.id]
    (back,) = steered([], snoozed, until + 60, NOW)
    assert back == replace(ANA, text="")
    assert steered([], snoozed, until + 120, until + 60) == [], "it was told"
    assert ids(steered([ANA], snoozed, until + 60, NOW)) == [ANA.id], "once, should it be new as well"
    assert steered([], snoozed, until + 60, NOW, shared=True) == [], "who may see it then is not known"


def test_more_and_less_move_what_is_alike() -> None:
    more, less = steered(ITEMS, [wish("more", BEN)], NOW, None), steered(ITEMS, [wish("less", ANA)], NOW, None)
    assert next(item for item in more if item.id == BEN.id).urgency == pytest.approx(0.7)
    assert next(item for item in less if item.id == ANA.id).urgency == pytest.approx(0.3)
    assert ids(steered(ITEMS, [wish("less", FILE)], NOW, None)) == [ANA.id, BEN.id], "only what is urgent all the same"


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(KINDS))
def test_any_item_survives_its_way_into_the_store(title: str, who: str, kind: Kind) -> None:
    item = replace(ANA, title=title, who=who, when=None, due=None)
    assert item_from_json(item_to_json(item)) == replace(item, text="")
    made = wish_for(kind, item, "s1", "ida", NOW)
    assert made is None or concerns(made, item) or not (who.strip() or title.strip())
    assert topic(f"Re: {title}") == topic(title)
