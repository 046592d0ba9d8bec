"""Microsoft's Agents Playground in a real browser: what people see of a conversation, each thing with its picture.

The pictures go to var/pictures; those in docs/pictures are copies. What the Playground can't show is proven at the wire:
files, pasted images and forwarded messages (tests/e2e/test_sent.py), single sign-on (test_sign_in.py), targeted messages
(test_sharing.py, tests/teams/test_private.py), edited and deleted questions (test_changes.py), the two-minute cap, Stop and
errors (test_stop.py, test_trouble.py, test_random_conversations.py), prompt starters pressed on the welcome card
(tests/events), message extensions (test_compose.py). It shows suggestions beside an answer only with our help:
infra/local/playground_connector.py.
"""

import re

import pytest
from playwright.async_api import expect

from infra.local.vendors.script import Reply, View
from infra.local.world import Fault
from tests.browser.seat import PATIENCE, PICTURES, Seat
from tests.e2e.parley import citing

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


async def test_the_question_that_waited_is_answered_with_citation_and_label(seat: Seat) -> None:
    await seat.sees("Tomas Lindgren approved it")
    assert await seat.page.locator("strong", has_text="485,000 EUR").count() == 1
    await seat.sees("AI generated")
    await seat.sees("Answered by claude-sonnet-5")
    await expect(seat.page.get_by_role("button", name="Sources")).to_be_visible(timeout=PATIENCE)
    await seat.picture("playground", whole=True)
    await seat.page.get_by_text("1", exact=True).last.hover()
    await seat.sees("Heron: budget for the project")
    await seat.page.screenshot(path=PICTURES / "citation.png", animations="disabled")


async def test_the_status_and_then_the_growing_text_are_seen(seat: Seat) -> None:
    def slow(view: View) -> Reply:
        told = citing(
            "It costs 27,400 EUR. " + "The offer of Brenta says so. " * 12 + "That was the last word", "27,400"
        )(view)
        return Reply(text=told.text, delay=0.12)

    seat.world.state["script"] = [slow]
    # Where Microsoft is quick, the first words come before anybody would need to be told what is being done.
    seat.world.faults.append(Fault("graph", kind="late", seconds=2.0, times=500))
    await seat.say("What does the casting tool from Brenta cost?")
    await seat.sees(re.compile("Searching your mail|Reading \\d+ source"))
    await seat.picture("streaming-status")
    seat.world.faults.clear()
    await seat.page.wait_for_function(
        "() => { const t = document.body.innerText; return t.includes('It costs 27,400') && !t.includes('the last word') }",
        timeout=PATIENCE,
    )
    await seat.picture("streaming-text")
    await seat.sees("That was the last word")
    assert await seat.times("It costs 27,400") == 1, "one message, never a second"


async def test_a_follow_up_that_is_pressed_is_answered(seat: Seat) -> None:
    question = seat.page.get_by_role("button", name=re.compile("^(What does “|Who |Summarize “)")).last
    await expect(question).to_be_visible(timeout=PATIENCE)
    await seat.picture("follow-ups")
    asked = await question.inner_text()
    seat.world.state["script"] = [Reply(text="The follow-up has its answer.")]
    await question.click()
    await seat.sees("The follow-up has its answer.")
    assert await seat.times(asked[:20]) >= 1, "what was pressed is said in the person's name"


async def test_a_thumb_with_its_reason_is_kept_and_the_other_model_asked(seat: Seat) -> None:
    await seat.page.get_by_label("Dislike").last.click(timeout=PATIENCE)
    await seat.page.get_by_role("dialog").get_by_role("textbox").fill("The year is missing.")
    await seat.picture("feedback")
    await seat.press("Submit")
    await seat.press("Close")
    await expect(seat.page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
    await seat.sees("Shall GPT try?")
    await seat.picture("other-model-offered")
    seat.world.state["script"] = [Reply(text="GPT sees it this way.", wire="openai")]
    await seat.press("Try with GPT")
    await seat.sees("GPT sees it this way.")
    await seat.sees("Answered by gpt-5.6")
    await seat.say("my data: export")
    await seat.sees("The year is missing.")


async def test_cards_are_shown_and_their_buttons_do_what_they_say(seat: Seat) -> None:
    await seat.say("help")
    await seat.sees("says more about one of them")
    await seat.picture("help")
    await seat.say("sources")
    await seat.sees("Sources of my answer")
    await seat.picture("sources")
    await seat.say("remember: I prefer short answers")
    await seat.sees("I'll remember: I prefer short answers")
    await seat.say("memory")
    await seat.sees("You asked me to remember:")
    await seat.picture("memory")
    await seat.press(re.compile("Forget"))
    await seat.sees("You have not asked me to remember anything")
    await seat.say("model")
    await seat.sees("Choose another one")
    await seat.picture("model")
    await seat.press("GPT here")
    await seat.sees(re.compile("GPT answers here"))


async def test_a_channel_thread_stays_one_thread(seat: Seat) -> None:
    await seat.go("Heron - General")
    seat.world.state["script"] = [
        citing("The seal failed after 412 hours", "412"),
        Reply(text="The target is 1,000 hours."),
    ]
    await seat.say("After how many hours did the RS-14 seal fail?", mention=True)
    await seat.sees("The seal failed after 412 hours")
    await seat.sees("AI generated")
    await seat.sees(re.compile("Answered by"))
    # The boxes: a new post, then the newest thread's reply.
    await seat.say("And what is the target?", mention=True, box=seat.page.locator("[contenteditable=true]").nth(1))
    await seat.sees("The target is 1,000 hours.")
    assert await seat.page.locator("[contenteditable=true]").count() == 3, "the new post, this thread, our greeting"
    await seat.picture("channel-thread")


async def test_a_group_chat_hears_what_everybody_may_read(seat: Seat) -> None:
    await seat.go("Heron pilot logistics")
    seat.world.state["script"] = [citing("The housing is RAL 5018", "RAL 5018")]
    await seat.say("Which colour does the Heron housing have?", mention=True)
    await seat.sees("The housing is RAL 5018")
    await seat.sees("AI generated")
    await seat.sees(re.compile("Answered by"))
    await seat.picture("group-chat")


async def test_german(seat: Seat) -> None:
    await seat.go("Personal Chat")
    await seat.say("language: German")
    await seat.sees(re.compile("Deutsch"))
    await seat.say("hilfe")
    await seat.sees("sagt mehr über einen Befehl")
    await seat.picture("help-german")
    await seat.say("modell")
    await seat.sees(re.compile("Wählen Sie ein anderes"))
    await seat.picture("model-german")
