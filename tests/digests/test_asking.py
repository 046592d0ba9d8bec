"""What is a wish for something on a schedule, and what is a question that only names a time: doubtful ones are questions."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests.asking import Draft, answered, asks_for_one, understood
from bot.digests.phrases import Ask

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MODELS = {"gpt": "gpt", "claude": "claude"}
WISHES = """
every weekday at 8:30 a digest of my mail and calendar
on the first Monday, what changed in the Phoenix folder, in the Ops channel
on the first Monday at 9, what changed in the Phoenix folder, in the Ops channel
tomorrow at 5 summarise this thread
every day at 9 compare: what is new about Heron?
every Friday at 16:00 with gpt: summarise the week
send me a morning brief every weekday at 8
biweekly a report
every month a summary of invoices
remind me tomorrow at 5pm to call Ana
Could you send me a digest of my mail every Monday at 8?
jeden Werktag um halb neun eine Zusammenfassung meiner Mails
jeden Montag um 8 Uhr, was sich im Ordner Phoenix geändert hat
Schick mir jeden Freitag um 16 Uhr einen Bericht
morgen um 17 Uhr fass diesen Thread zusammen
Kannst du mir jeden Morgen um 8 Uhr eine Übersicht schicken?
"""
QUESTIONS = """
What happened every Monday at 8 in the Ops channel?
Tomorrow at 5 I have a meeting with Ana, what should I prepare
What is due on Friday at 9?
I met Ana on Friday at 9 and she sent the budget
What changed in the Phoenix folder?
Summarise the mails from Friday at 9
Which mails still wait for my answer?
Every Monday we meet in the Ops room
the report of last Monday at 9 says what about Heron
What does the daily report say
Show me what Ana sent on Friday at 9
Am Montag um 9 hat Ana geschrieben
Was steht jeden Montag um 9 an
every two weeks the pump fails, why
who gets the weekly report
thanks!
"""


@pytest.mark.parametrize("language", ["en", "de"])
def test_wishes_are_told_from_questions_whatever_language_the_bot_speaks(language: str) -> None:
    assert [said for said in WISHES.split("\n") if said and not asks_for_one(said, NOW, language)] == []
    assert [said for said in QUESTIONS.split("\n") if said and asks_for_one(said, NOW, language)] == []


@pytest.mark.parametrize(
    ("said", "what", "options"),
    [
        ("every day at 9 compare: what is new?", "what is new?", {"mode": "compare"}),
        ("jeden Tag um 9 Uhr prüfe: was ist neu?", "was ist neu?", {"mode": "review"}),
        ("every Friday at 16:00 with gpt: summarise the week", "summarise the week", {"model": "gpt"}),
        ("every Friday at 16:00 summarise the week with claude", "summarise the week", {"model": "claude"}),
        ("every Friday at 16:00 the talks with Ana", "talks with Ana", {}),
        ("every Friday at 16:00 Heron: what is new?", "Heron: what is new?", {}),
    ],
)
def test_how_it_is_answered_is_no_part_of_what_is_asked(said: str, what: str, options: dict[str, str]) -> None:
    found = understood(said, NOW, "Europe/Berlin", "en", MODELS)
    assert isinstance(found, Draft)
    assert (found.what, found.options) == (what, options)


def test_an_answer_takes_the_place_of_what_was_unclear() -> None:
    assert (
        answered("Biweekly a report", Ask("unclear", {"words": "biweekly"}), "every Monday") == "every Monday a report"
    )
    whole = answered("every day a report", Ask("what_time", {"words": "every day"}), "at 8:00")
    assert whole == "at 8:00 every day a report"


def test_an_unknown_zone_is_utc() -> None:
    found = understood("every day at 9:00 the news", NOW, "Mars/Phobos", "en", MODELS)
    assert isinstance(found, Draft)
    assert found.schedule.zone == "UTC"


@given(st.text(max_size=450), st.sampled_from(["en", "de", "xx"]))
def test_no_message_breaks_it_and_a_draft_survives_its_card(text: str, language: str) -> None:
    asks_for_one(text, NOW, language)
    found = understood(f"every day at 9:00 {text}", NOW, "Europe/Berlin", language, MODELS)
    if isinstance(found, Draft):
        back = Draft.from_json(found.to_json())
        assert (back.what, back.schedule, back.options, back.id) == (
            found.what,
            found.schedule,
            found.options,
            found.id,
        )
