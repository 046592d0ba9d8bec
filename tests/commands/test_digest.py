"""Asking for a digest: what was understood is shown before anything is kept, and what is unclear is asked."""

from dataclasses import replace

import pytest

from bot.context import Outgoing, Place, Reference
from bot.cost.caps import Caps
from bot.store.subscriptions import Subscription
from tests.agent.fakes import ScriptedProvider, says
from tests.commands.cards import actions, words
from tests.commands.desk import PERSONAL, SOFIA, Desk

BERLIN = replace(PERSONAL, timezone="Europe/Berlin")
WISH = "every weekday at 8:30 a digest of my mail and calendar"


@pytest.fixture(autouse=True)
def _in_berlin(desk: Desk) -> None:
    desk.reference = BERLIN


async def only(desk: Desk) -> Subscription:
    (found,) = await desk.services.subscriptions.of_owner(SOFIA.id)
    return found


async def filled(desk: Desk, shown: Outgoing, title: str, **inputs: str) -> Outgoing:
    action = actions(shown)[title]
    return await desk.presses({**action, "data": {**action["data"], **inputs}})


async def test_plain_words_are_shown_as_they_were_understood_and_saved_once(desk: Desk) -> None:
    shown = await desk.says(WISH)
    said = words(shown)
    assert "When: every weekday at 08:30" in said
    assert "Monday 23 November 2026, 08:30\n\nTuesday 24 November 2026, 08:30\n\nWednesday 25" in said
    assert "Where: only to you, in our personal chat" in said
    assert not await desk.services.subscriptions.of_owner(SOFIA.id)
    saved = await desk.presses(actions(shown)["Save"])
    assert "Saved" in words(saved)
    asked = await only(desk)
    assert (asked.kind, asked.conversation_id, asked.prompt) == ("morning", BERLIN.id, "digest of my mail and calendar")
    assert asked.schedule == {
        "rule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "start": asked.schedule["start"],
        "zone": "Europe/Berlin",
    }
    assert asked.next_due == 1795419000.0
    assert "Saved" in words(await desk.presses(actions(shown)["Save"]))
    assert await only(desk) == asked


async def test_german_is_understood_and_answered(desk: Desk) -> None:
    desk.reference = replace(BERLIN, locale="de-DE")
    shown = await desk.says("Schick mir jeden Werktag um halb neun eine Zusammenfassung meiner Mails")
    assert "Wann: jeden Werktag um 08:30" in words(shown)
    assert "Gespeichert" in words(await desk.presses(actions(shown)["Speichern"]))
    assert (await only(desk)).kind == "morning"


@pytest.mark.parametrize(
    ("said", "asked", "button", "then"),
    [
        ("every weekday a digest of my mail", "At what time?", "at 8:00", "every weekday at 08:00"),
        ("digest: a summary of invoices, every month at 9:00", "On which day?", "every Monday", "on Mondays at 09:00"),
        ("digest: invoices, biweekly at 9:00", "two things", "every Monday and Thursday", "on Mondays and Thursdays at 09:00"),
        ("digest: the news of Heron", "When shall I do that?", "every weekday at 8:00", "every weekday at 08:00"),
        ("digest: hourly what is new", "more often", "every day at 9:00", "every day at 09:00"),
    ],
)  # fmt: skip
async def test_the_unclear_is_asked_and_a_press_is_enough(
    desk: Desk, said: str, asked: str, button: str, then: str
) -> None:
    question = await desk.says(said)
    assert asked in words(question)
    assert f"When: {then}" in words(await desk.presses(actions(question)[button]))
    assert f"When: {then}" in words(await filled(desk, question, "OK", answer=button))


async def test_only_times_are_asked_what_for(desk: Desk) -> None:
    question = await desk.says("digest: every Monday at 9:00")
    assert "What shall I do then?" in words(question)
    confirmed = await filled(desk, question, "OK", answer="What is new about Heron?")
    assert "When: on Mondays at 09:00" in words(confirmed)
    await desk.presses(actions(confirmed)["Save"])
    assert "Heron" in (await only(desk)).prompt


async def test_a_bare_hour_offers_its_other_reading(desk: Desk) -> None:
    shown = await desk.says("tomorrow at 5 summarise the Heron mails")
    assert "once, on Monday 23 November 2026 at 17:00" in words(shown)
    assert "at 05:00" in words(await desk.presses(actions(shown)["I meant 05:00"]))


async def test_how_it_is_answered_is_heard_and_can_be_changed(desk: Desk) -> None:
    other = ScriptedProvider([], model="gpt-9")
    desk.services = replace(desk.services, models={"scripted": desk.provider, "gpt": other})
    shown = await desk.says("every Friday at 16:00 compare: what is new about Heron?")
    assert "Who answers: two models, compared" in words(shown)
    form = await desk.presses(actions(shown)["Change…"])
    changed = await filled(
        desk, form, "Go on", what="What is new?", when="every Monday at 7:15", model="gpt", mode="review"
    )
    said = words(changed)
    assert "on Mondays at 07:15" in said
    assert "GPT, checked by a second model" in said
    await desk.presses(actions(changed)["Save"])
    asked = await only(desk)
    assert (asked.prompt, asked.options["model"], asked.options["mode"]) == ("What is new?", "gpt", "review")
    hostile = await filled(
        desk, form, "Go on", model="evil", mode="drop table", where="19:other@thread", zone="Mars/Phobos"
    )
    assert "Who answers: two models, compared" in words(hostile)
    assert "At what time?" in words(await filled(desk, form, "Go on", when="every Monday"))


async def test_cancel_keeps_nothing(desk: Desk) -> None:
    shown = await desk.says(WISH)
    assert "Nothing was kept" in words(await desk.presses(actions(shown)["Cancel"]))
    assert not await desk.services.subscriptions.of_owner(SOFIA.id)


async def test_administrators_cap_number_interval_and_cost(desk: Desk) -> None:
    desk.services = replace(desk.services, caps=Caps(most=1))
    await desk.presses(actions(await desk.says(WISH))["Save"])
    assert "allows 1 digest" in (await desk.says("every Monday at 9:00 the news of Heron")).text
    desk.services = replace(desk.services, caps=Caps(hours=48))
    assert "every 48 hours" in (await desk.says("every day at 9:00 the news of Heron")).text
    assert actions(await desk.says("every Monday at 9:00 the news of Heron"))["Save"]


async def test_a_question_that_names_a_time_stays_a_question(desk: Desk) -> None:
    desk.shelf.put("Heron", "The Heron budget is 485,000 EUR.")
    for question in ("What is due on Friday at 9?", "Every Monday we meet at 8 in Porto. Who leads it?"):
        desk.provider.replies.append(says("Nothing [S1]."))
        assert (await desk.says(question)).card is None


async def test_in_a_shared_place_a_private_digest_goes_to_its_person(desk: Desk) -> None:
    here = replace(BERLIN, id="19:ops@thread.tacv2;messageid=7", place=Place.CHANNEL)
    desk.reference, desk.members = here, frozenset({SOFIA.id})

    async def personal(_: Reference) -> Reference:
        return BERLIN

    desk.services = replace(desk.services, personal_chat=personal)
    shown = await desk.says(f"{WISH}, here")
    assert "only you may read" in words(shown)
    await desk.presses(actions(shown)["Save"])
    assert (await only(desk)).conversation_id == BERLIN.id
    asked = await desk.says("every Friday at 15:00 list the open questions here")
    assert "in this channel, in a new thread each time" in words(asked)
    fixed = await desk.says("tomorrow at 17:00 summarise this thread")
    assert "in this thread" in words(fixed)
    await desk.presses(actions(fixed)["Save"])
    targets = {one.conversation_id for one in await desk.services.subscriptions.of_owner(SOFIA.id)}
    assert targets == {BERLIN.id, here.id}


async def test_the_starters_are_what_there_is(desk: Desk) -> None:
    shown = await desk.says("digest")
    assert shown.card is not None
    said = [
        action["data"]["msteams"]["value"]
        for part in shown.card["content"]["body"]
        for action in part.get("actions", [])
    ]
    assert "every weekday at 8:00 a morning brief" in said
    for wish in said:
        offered = await desk.says(wish)
        if "Which folder" in words(offered):
            offered = await filled(desk, offered, "OK", answer="Phoenix")
            assert "what changed in the Phoenix folder" in str(offered.card)
        assert "Save" in actions(offered), wish
