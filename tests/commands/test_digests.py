"""The digests somebody has: theirs alone to change, each with what became of it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.context import Outgoing, Person, Place, Reference
from bot.digests.due import first_due
from bot.digests.schedule import Schedule
from bot.digests.service import run_now
from bot.store.run import Record
from bot.store.steering import Wish
from bot.store.subscriptions import Subscription
from providers.base import Usage
from tests.commands.cards import actions, words
from tests.commands.desk import NOW, PERSONAL, SOFIA, Desk

OTHER = Person("oskar-id", "Oskar", "tenant-1", "29:oskar")
CHANNEL = "19:ops@thread.tacv2"


async def kept(desk: Desk, prompt: str, owner: str = SOFIA.id, conversation_id: str = PERSONAL.id) -> Subscription:
    schedule = Schedule("FREQ=DAILY", NOW.replace(tzinfo=None, hour=8, minute=30), "UTC")
    due = first_due(schedule, NOW.timestamp())
    asked = Subscription(
        owner, "tenant-1", conversation_id, "morning", schedule.to_json(), prompt, name="Sofia", next_due=due
    )
    return await desk.services.subscriptions.save(asked)


def opening(shown: Outgoing) -> list[dict[str, Any]]:
    """The buttons in the list's rows."""
    assert shown.card is not None
    rows = [part for part in shown.card["content"]["body"] if part["type"] == "ColumnSet"]
    return [row["columns"][1]["items"][0]["actions"][0] for row in rows if len(row["columns"]) > 1]


async def test_the_list_opens_each_and_each_can_be_paused_resumed_and_deleted(desk: Desk) -> None:
    assert "nothing I do for you on a schedule" in words(await desk.says("my digests"))
    first, second = await kept(desk, "my mail"), await kept(desk, "the Heron news")
    listed = await desk.says("digests")
    assert "every day at 08:30; next on Monday 23 November 2026, 08:30" in str(listed.card)
    one = await desk.presses(opening(listed)[1])
    assert "the Heron news" in str(one.card)
    paused = await desk.presses(actions(one)["Pause"])
    assert "State: paused: you wanted it so." in words(paused)
    after = await desk.services.subscriptions.get(second.id)
    assert after is not None
    assert (after.state, after.next_due) == ("paused", None)
    resumed = await desk.presses(actions(paused)["Resume"])
    assert "It runs again." in words(resumed)
    again = await desk.services.subscriptions.get(second.id)
    assert again is not None
    assert (again.state, again.next_due) == ("active", second.next_due)
    asking = await desk.presses(actions(resumed)["Delete…"])
    assert "It runs again" not in words(await desk.presses(actions(asking)["Keep it"]))
    assert "Deleted." in words(await desk.presses(actions(asking)["Delete"]))
    assert [one.id for one in await desk.services.subscriptions.of_owner(SOFIA.id)] == [first.id]
    assert "not there any more" in words(await desk.presses(actions(asking)["Delete"]))


async def test_orders_can_be_typed(desk: Desk) -> None:
    first, second = await kept(desk, "my mail"), await kept(desk, "the Heron news")
    assert "paused" in words(await desk.says("pause digest 2"))
    assert [one.state for one in await desk.services.subscriptions.of_owner(SOFIA.id)] == ["active", "paused"]
    assert "Paused: 1 digest." in words(await desk.says("stop all digests"))
    assert "Run again: 2 digests." in words(await desk.says("resume my digests"))
    assert "I have no such one" in words(await desk.says("digests: delete 9"))
    assert "Delete" in actions(await desk.says("digests: delete 1"))
    assert "It was not due yet." in words(await desk.says("history of digest 1"))
    desk.reference = replace(PERSONAL, locale="de-DE")
    assert "Angehalten: 2 Berichte." in words(await desk.says("alle berichte anhalten"))
    assert {first.id, second.id} == {one.id for one in await desk.services.subscriptions.of_owner(SOFIA.id)}


async def test_only_the_owner_opens_what_is_sent_to_a_shared_place(desk: Desk) -> None:
    mine = await kept(desk, "my mail")
    await kept(desk, "Ops report", owner=OTHER.id, conversation_id=CHANNEL)
    here = replace(PERSONAL, id=f"{CHANNEL};messageid=1", place=Place.CHANNEL)
    desk.reference = here
    listed = await desk.says("digests")
    assert "Ops report" in str(listed.card)
    assert "my mail" not in str(listed.card)
    assert not opening(listed)
    desk.reference = PERSONAL
    button = opening(await desk.says("digests"))[0]
    await desk.services.subscriptions.save(replace(mine, owner=OTHER.id))
    assert "not yours" in words(await desk.presses(button))


async def test_run_now_and_preview_go_to_the_owner_alone(desk: Desk) -> None:
    async def personal(_: Reference) -> Reference:
        return PERSONAL

    desk.services = replace(desk.services, personal_chat=personal)
    asked = await kept(desk, "Ops report", conversation_id=CHANNEL)
    one = await desk.says("digests: open 1")
    shown = await desk.presses(actions(one)["Preview"])
    assert "preview; it comes to our personal chat" in words(shown)
    (run,) = await desk.services.runs.of_subscription(asked.id, 9)
    assert (run.conversation_id, run.preview, run.state) == (PERSONAL.id, True, "due")
    await desk.presses(actions(one)["Run now"])
    assert len(await desk.services.runs.of_subscription(asked.id, 9)) == 1, "one at a time"


async def test_history_says_what_was_done_and_flags_what_did_nothing(desk: Desk) -> None:
    asked, runs = await kept(desk, "my mail"), desk.services.runs
    for record, delivers in (
        (Record({"mail": 12, "calendar": 3}, ("chats",), "gpt-5.6", Usage(1000, 0, 0, 200, 0), 4), True),
        (Record(), False),
    ):
        run = await run_now(desk.services, asked, PERSONAL.id)
        begun = await runs.begin(asked.id, run.slot, NOW.timestamp())
        assert begun is not None
        if delivers:
            await runs.ready(begun, {}, record, 1200)
            await runs.delivered(begun, {}, NOW.timestamp() + 60)
            desk.services = replace(desk.services, now=lambda: NOW.replace(hour=10))
        else:
            await runs.empty(begun, {}, record, 0, NOW.timestamp() + 5)
    shown = str((await desk.says("digests: history 1")).card)
    for said in (
        "delivered, 4 items",
        "mail 12",
        "calendar 3",
        "did not answer: ",
        "gpt-5.6",
        "1200 tokens",
        "Nothing was read for it",
        "made from 09:30 to 09:31",
    ):
        assert said in shown, said


async def test_changes_are_listed_and_taken_back(desk: Desk) -> None:
    asked = await kept(desk, "my mail")
    await desk.services.steering.save(Wish(asked.id, SOFIA.id, "mute_sender", {"who": "ana", "name": "Ana"}))
    one = await desk.says("digests: open 1")
    wishes = await desk.presses(actions(one)["Your changes (1)"])
    assert "nothing from Ana" in str(wishes.card)
    assert "Nothing is changed any more" in words(await desk.presses(opening(wishes)[0]))
    assert not await desk.services.steering.of(asked.id)


async def test_edit_keeps_what_is_not_touched(desk: Desk) -> None:
    asked = await kept(desk, "my mail")
    form = await desk.presses(actions(await desk.says("digests: open 1"))["Edit…"])
    action = actions(form)["Go on"]
    confirmed = await desk.presses(
        {**action, "data": {**action["data"], "when": "every Friday at 15:00", "empty": "line"}}
    )
    saved = await desk.presses(actions(confirmed)["Save"])
    assert "Changed." in words(saved)
    after = await desk.services.subscriptions.get(asked.id)
    assert after is not None
    assert (after.schedule["rule"], after.options["empty"], after.prompt, after.created) == (
        "FREQ=WEEKLY;BYDAY=FR", "line", "my mail", asked.created,
    )  # fmt: skip
    assert "It stays as it was" in words(await desk.presses(actions(confirmed)["Cancel"]))


@pytest.mark.parametrize("place", [Place.PERSONAL, Place.CHANNEL])
async def test_who_has_no_account_is_told(desk: Desk, place: Place) -> None:
    desk.reference = replace(PERSONAL, person=Person("", "Guest", "t"), place=place)
    for said in ("digests", "digest"):
        assert "guest without an account" in (await desk.says(said)).text


async def test_other_commands_know_of_them(desk: Desk) -> None:
    assert "Digests: none" in words(await desk.says("status"))
    assert "digest" not in (await desk.says("stop")).text
    await kept(desk, "my mail")
    assert "Digests: 1 runs; next on Monday 23 November 2026, 08:30" in words(await desk.says("status"))
    assert "1 digest goes on: say *digests* to pause it." in (await desk.says("stop")).text
    await kept(desk, "Ops report", owner=OTHER.id, conversation_id=CHANNEL)
    desk.reference = replace(PERSONAL, id=f"{CHANNEL};messageid=1", place=Place.CHANNEL)
    assert "1 digest goes on" in (await desk.says("quiet")).text
