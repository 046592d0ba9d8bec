"""Each kind of digest from a day on which it is known what matters: for one person, and for a channel."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.digests.compose import compose
from bot.digests.kind import kinds
from bot.digests.section import sections
from bot.digests.work import Later, NotNow
from bot.labels import LabelRules, Rule
from bot.policy.rules import Policy
from bot.store.steering import Wish
from bot.texts import Texts, languages
from graph.discover import feeds
from infra.local.company.bundle import moment
from infra.local.company.golden import MORNING, WHOM, plant
from infra.local.company.teams import channel_id
from infra.local.world import Fault
from tests.conftest import fresh_world
from tests.digests.composing import composed, work_for
from tests.e2e.parley import Parley, parley_running

pytestmark = pytest.mark.asyncio(loop_scope="module")

GENERAL = channel_id("heron", "General")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    world = fresh_world()
    plant(world.company)
    async with parley_running(world, tmp_path_factory.mktemp("store")) as running:
        await running.sign_in(WHOM)
        yield running


async def text_of(parley: Parley, kind: str, **more: object) -> str:
    made = await composed(parley, WHOM, kind, MORNING, **more)
    assert made.outgoing is not None
    return made.outgoing.text


async def test_every_kind_has_its_sections_and_its_words() -> None:
    assert {
        "morning",
        "catch_up",
        "week_ahead",
        "channel_report",
        "project",
        "meeting_prep",
        "waiting_on_me",
        "prompt",
    } == set(kinds())
    for name, kind in kinds().items():
        assert set(kind.sections) <= set(sections())
        for language in languages():
            assert kind.make is not None or Texts(language)(f"brief.title_{name}", day="Monday")
    for section in sections().values():
        assert set(section.feeds) <= set(feeds())


async def test_the_week_ahead_has_seven_days(parley: Parley) -> None:
    text = await text_of(parley, "week_ahead")
    assert text.startswith("**Monday 23 November: the week ahead**")
    assert "tomorrow 10:00 [Call with Stadtwerke Marlenbach]" in text
    assert "overlaps with “Budget talk Heron, final”, 10:30–11:00" in text
    assert "Friday all day [Working from Porto]" in text
    assert "Steering meeting" not in text  # of 10 December


async def test_who_waits_is_told_each_time_until_it_is_answered(parley: Parley) -> None:
    first = await composed(parley, WHOM, "waiting_on_me", MORNING)
    again = await composed(parley, WHOM, "waiting_on_me", MORNING + timedelta(days=1), cursors=first.cursors)
    assert first.outgoing is not None
    assert again.outgoing is not None
    for outgoing in (first.outgoing, again.outgoing):
        assert "[Tooling invoice October]" in outgoing.text
        assert "[Two slides for the board]" in outgoing.text
    assert "5 days ago" in first.outgoing.text
    assert "6 days ago" in again.outgoing.text
    assert "Documents" not in first.outgoing.text


async def test_the_next_meeting_is_prepared(parley: Parley) -> None:
    text = await text_of(parley, "meeting_prep")
    assert "1. 09:00 [Heron weekly]" in text
    assert "with Priya Raman, Hiro Tanaka, Elena Marchetti and 3 more" in text
    assert "revised Voltaro offer" in text  # Elena comes
    assert "Two slides" not in text  # Maren does not
    assert "you promised it" in text


async def test_an_absence_is_caught_up_with_on_the_day_after(parley: Parley) -> None:
    before = await composed(parley, WHOM, "catch_up", MORNING)
    assert before.outgoing is None  # she was here
    events = parley.world.company.events
    away = replace(
        next(event for event in events if event.subject == "Dentist"), id="AAMkADaway", subject="Away", is_all_day=True,
        start=moment("2026-11-19 01:00"), end=moment("2026-11-21 01:00"),
    )  # fmt: skip
    events.append(away)
    try:
        text = await text_of(parley, "catch_up")
    finally:
        events.remove(away)
    assert text.startswith("**Monday 23 November: while you were away**")
    assert "Firmware 0.9.5 slips" in text
    assert "[Telemetry interval]" not in text


async def test_automatic_replies_say_it_where_the_calendar_does_not(parley: Parley) -> None:
    away = {"status": "scheduled"} | {
        f"scheduled{end}DateTime": {"dateTime": f"2026-11-{day}T00:00:00.0000000", "timeZone": "UTC"}
        for end, day in (("Start", 19), ("End", 22))
    }
    parley.world.state["replies"] = {parley.world.person(WHOM).id: away}
    assert "Firmware 0.9.5 slips" in await text_of(parley, "catch_up")
    away["status"] = "disabled"
    assert (await composed(parley, WHOM, "catch_up", MORNING)).outgoing is None


async def test_a_project_tells_what_changed_in_its_folder(parley: Parley) -> None:
    item = next(
        one
        for one in parley.world.company.items
        if one.name == "Install checklist.docx" or "checklist" in one.name.lower()
    )
    item.modified = moment("2026-11-22 10:00")
    first = await composed(parley, WHOM, "project", MORNING, options={"about": "Pilot"})
    assert first.outgoing is not None
    assert item.name.partition(".")[0] in first.outgoing.text
    later = MORNING + timedelta(hours=1)
    again = await composed(parley, WHOM, "project", later, options={"about": "Pilot"}, cursors=first.cursors)
    assert again.outgoing is None


async def test_a_channel_gets_what_all_of_its_members_may_read(parley: Parley) -> None:
    said = await parley.teams.say(WHOM, "help", GENERAL)
    await parley.teams.answer_to(said, quiet=0.05)
    text = await text_of(parley, "channel_report", conversation=GENERAL)
    assert text.startswith("**Monday 23 November: what happened here**")
    assert "which version of the checklist" in text
    assert "Action: order the spare seals" in text
    assert "no owner named" in text
    for private in ("Ohio", "invoice", "risk list", "Voltaro", "Two slides", "Dentist", "asks you"):
        assert private not in text, private
    with pytest.raises(NotNow, match="right"):
        await composed(parley, WHOM, "morning", MORNING, conversation=GENERAL)
    with pytest.raises(NotNow, match="right"):
        await composed(parley, "Tomas", "channel_report", MORNING, conversation=GENERAL)  # not a member


async def test_what_its_owner_steers_changes_the_next_one(parley: Parley) -> None:
    work = work_for(parley, WHOM, "morning", MORNING)
    about = {"who": "ben carter", "name": "Ben Carter"}
    await parley.services.steering.save(Wish(work.subscription.id, work.person.id, "mute_sender", about))
    made = await compose(work)
    assert made.outgoing is not None
    assert "Ben Carter" not in made.outgoing.text
    assert "Two slides" in made.outgoing.text
    assert len(made.items) == made.record.items


async def test_a_label_keeps_a_mail_out_of_digests(parley: Parley) -> None:
    mail = next(
        one for one in parley.world.company.mails if one.subject == "Two slides for the board" and one.folder == "inbox"
    )
    mail.label = "Secret"
    work = work_for(parley, WHOM, "morning", MORNING)
    rules = LabelRules.of(("Secret",), {"Secret": Rule(places=("personal",))})
    made = await compose(replace(work, services=replace(work.services, policy=Policy(labels=rules))))
    open_to_digests = LabelRules.of(("Secret",), {"Secret": Rule(places=("personal", "digest"))})
    told = await compose(replace(work, services=replace(work.services, policy=Policy(labels=open_to_digests))))
    mail.label = ""
    assert made.outgoing is not None
    assert told.outgoing is not None
    assert "Two slides" not in made.outgoing.text
    assert "Two slides" in told.outgoing.text
    assert (made.outgoing.label, told.outgoing.label) == ("", "Secret")


async def test_a_source_that_fails_is_named_and_told_of_later(parley: Parley) -> None:
    parley.world.faults.append(Fault("graph", "GET */me/calendarView*", "status", 403, times=50))
    made = await composed(parley, WHOM, "morning", MORNING)
    parley.world.faults.clear()
    assert made.outgoing is not None
    assert made.outgoing.notices == ("Not looked into: calendar, because you have no permission for it.",)
    assert made.record.failed == ("calendar",)
    assert "calendar" not in made.cursors
    assert "Two slides" in made.outgoing.text


async def test_without_graph_there_is_no_digest_yet(parley: Parley) -> None:
    parley.world.faults.append(Fault("graph", "*", "status", 500, times=500))
    with pytest.raises(Later, match="graph"):
        await composed(parley, WHOM, "morning", MORNING)
    parley.world.faults.clear()


async def test_in_german(parley: Parley) -> None:
    text = await text_of(parley, "morning", options={"language": "de"})
    assert text.startswith("**Montag, 23. November: Ihr Tag**")
    assert "Maren Okafor fragt Sie, seit gestern" in text
    assert "(fällig morgen)" in text
