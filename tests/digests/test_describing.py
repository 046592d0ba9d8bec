"""Schedules in words: whatever the phrases make can be said again, and what is said means the same."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.digests.describing import describe, moment
from bot.digests.phrases import Asked, parse
from bot.digests.schedule import Schedule
from bot.texts import Texts
from tests.digests.test_phrases import NOW, ROWS, ZONE

SAID = {
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": ("every weekday at 08:30", "jeden Werktag um 08:30"),
    "FREQ=WEEKLY;BYDAY=MO,WE,TH": (
        "on Mondays, Wednesdays and Thursdays at 08:30",
        "montags, mittwochs und donnerstags um 08:30",
    ),
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR": ("every 2 weeks on Fridays at 08:30", "alle 2 Wochen freitags um 08:30"),
    "FREQ=MONTHLY;BYDAY=-1FR": (
        "on the last Friday of every month at 08:30",
        "am letzten Freitag jedes Monats um 08:30",
    ),
    "FREQ=MONTHLY;BYMONTHDAY=15": ("on day 15 of every month at 08:30", "am 15. jedes Monats um 08:30"),
    "": ("once, on Tuesday 24 November 2026 at 08:30", "einmal, am Dienstag, 24. November 2026 um 08:30"),
}


@pytest.mark.parametrize("rule", SAID)
def test_a_schedule_in_words(rule: str) -> None:
    schedule = Schedule(rule, datetime(2026, 11, 24, 8, 30), ZONE)  # noqa: DTZ001 -- local
    assert (describe(schedule, Texts("en")), describe(schedule, Texts("de"))) == SAID[rule]


def test_a_moment_in_words() -> None:
    assert moment(datetime(2026, 3, 1, 7, 5), Texts("de")) == "Sonntag, 1. März 2026, 07:05"  # noqa: DTZ001 -- local


@pytest.mark.parametrize(("language", "row"), ROWS, ids=[row["phrase"] for _, row in ROWS])
def test_what_was_understood_can_be_said_and_means_the_same(language: str, row: dict[str, str]) -> None:
    asked = parse(row["phrase"], NOW, ZONE, language)
    if not isinstance(asked, Asked):
        assert Texts(language)(
            f"schedule.ask.{asked.key}", words="x", **{k: v for k, v in asked.named.items() if k != "words"}
        )
        return
    again = parse(f"{describe(asked.schedule, Texts(language))} xyz", NOW, ZONE, language)
    assert isinstance(again, Asked)
    after = datetime(2026, 11, 23, 0, 0, tzinfo=ZoneInfo(ZONE))
    assert [slot.at for slot in again.schedule.slots(after, 5)] == [slot.at for slot in asked.schedule.slots(after, 5)]
