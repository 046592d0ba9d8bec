"""What stands first, what is left out, and how a line reads: whatever somebody called their mail, it is words and no markup."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests.item import Item, Link
from bot.digests.ranking import FIRST, MOST, chosen, due_counted
from bot.digests.writing import day_said, failed_notice, message, written
from bot.teams.gate import render
from bot.teams.messages import links_of
from bot.texts import Texts

EN, TODAY = Texts("en"), date(2026, 11, 23)
LISBON = ZoneInfo("Europe/Lisbon")


def item(n: int, **more: Any) -> Item:
    link = Link(f"Mail {n}", f"https://outlook.example/{n}", "mail", f"mail:{n}")
    base = Item(
        f"waiting:{n}", "waiting", f"Mail {n}", "Ben asks you", (link,), when=datetime(2026, 11, 20, tzinfo=UTC)
    )
    return replace(base, **more)


def text_of(*items: Item, order: tuple[str, ...] = ("calendar", "waiting")) -> str:
    return written(chosen(items, order), "Monday: your day", TODAY, LISBON, EN)


def test_a_short_one_has_no_top_and_a_long_one_three_to_five() -> None:
    few = chosen([item(n) for n in range(FIRST)], ("waiting",))
    assert few.first == ()
    calm = chosen([item(n, urgency=0.1) for n in range(9)], ("waiting",))
    assert len(calm.first) == 3
    busy = chosen([item(n, urgency=0.9) for n in range(9)], ("waiting",))
    assert len(busy.first) == FIRST


def test_what_matters_least_is_left_out_and_counted() -> None:
    items = [item(n, urgency=n / 100) for n in range(MOST + 7)]
    best = chosen(items, ("waiting",))
    assert best.left == 7
    assert {one.id for one in best.items} == {one.id for one in items[7:]}
    assert written(best, "T", TODAY, LISBON, EN).endswith("and 7 more")


def test_what_is_due_soon_comes_first() -> None:
    soon, later, never = due_counted(
        [item(1, due=TODAY, urgency=0.4), item(2, due=date(2026, 12, 20), urgency=0.4), item(3, urgency=0.4)], TODAY
    )
    assert soon.urgency > later.urgency == never.urgency


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 23), "today"),
        (date(2026, 11, 24), "tomorrow"),
        (date(2026, 11, 27), "Friday"),
        (date(2026, 12, 1), "Tuesday 1 December"),
        (date(2026, 11, 22), "Sunday 22 November"),
    ],
)
def test_a_day_is_said_as_near_as_it_is(day: date, said: str) -> None:
    assert day_said(day, TODAY, EN) == said


def test_a_line_has_its_reason_its_day_and_each_place() -> None:
    chat = Link("Chat", "https://teams.example/1", "chats", "chats:1")
    one = item(1, due=date(2026, 11, 24), quote="Can you confirm it?")
    text = text_of(replace(one, links=(*one.links, chat)))
    assert text.splitlines()[-1] == (
        "- [Mail 1](https://outlook.example/1) — Ben asks you: “Can you confirm it?” (due tomorrow)"
        " · [chats](https://teams.example/1)"
    )


def test_a_meeting_has_its_hour_and_a_whole_day_none() -> None:
    meeting = item(1, kind="event", when=datetime(2026, 11, 25, 9, tzinfo=UTC))
    whole = replace(meeting, id="event:2", when=datetime(2026, 11, 25, tzinfo=LISBON), all_day=True)
    assert "- Wednesday 09:00 [Mail 1]" in text_of(meeting)
    assert "- Wednesday all day [Mail 1]" in text_of(whole)


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_title_makes_no_link_and_no_line_of_its_own(title: str, quote: str) -> None:
    one = item(1, title=title, quote=quote)
    text = text_of(one)
    outgoing = message(text, chosen([one], ("waiting",)), EN, notices=(), label="")
    assert len([line for line in text.splitlines() if line.startswith("- ")]) == 1
    shown = render(outgoing.text, links_of(outgoing))
    assert shown.count("](http") <= 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "data:text/html,x", "//evil.example"])
def test_what_is_no_web_address_is_no_link(url: str) -> None:
    assert "](" not in text_of(item(1, links=(Link("Mail 1", url, "mail", "mail:1"),)))


def test_sources_that_failed_alike_are_told_together() -> None:
    failed = {
        "mail": "it did not answer in time",
        "chats": "it did not answer in time",
        "files": "you have no permission for it",
    }
    assert failed_notice(failed, EN) == [
        "Not looked into: mail and chats, because it did not answer in time.",
        "Not looked into: files, because you have no permission for it.",
    ]
