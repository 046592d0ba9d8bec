"""Two models on one question, at the wire: side by side and compared, or one drafting and the other checking, in both directions."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet

from bot.agent.statements import bare, folded
from bot.services import Services
from bot.store.answers import Answers, Kept
from bot.store.database import Database
from infra.local.connector_state import connector_state
from infra.local.teams import SeenMessage
from infra.local.vendors.script import Reply, View
from tests.conftest import fresh_world
from tests.e2e.parley import Parley, parley_running
from tests.e2e.test_labels import mail

pytestmark = pytest.mark.asyncio(loop_scope="module")
TWO = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"
WIRE = {"claude": "claude", "gpt": "openai"}
NAMED = {"claude": "claude-sonnet-5", "gpt": "gpt-5.6"}
OTHER = {"claude": "gpt", "gpt": "claude"}
QUESTION = "What is the Heron budget now, and who approved it?"
CODE = "What is the Quillstone code word for the harbour gate?"
CLAUDES, GPTS = "Brindlecote", "Hallowmead"
RULES = """
[labels."Claude only"]
doors = ["anthropic"]
[labels."GPT only"]
doors = ["openai"]
"""
KEYS = Fernet.generate_key().decode()


def mail_alone(services: Services) -> Services:
    """What is asked here stands in mails; no file has to be opened for it."""
    return replace(services, sources={"mail": services.sources["mail"]}, search_seconds=90.0)


class Two:
    def __init__(self, parley: Parley, folder: Path) -> None:
        self.parley, self.world, self.folder = parley, parley.world, folder
        self.person = "Sofia"
        self.models: dict[str, str] = {}

    def script(self, *replies: Reply | Callable[[View], Reply]) -> None:
        self.world.state["script"] = [*replies]

    async def asks(self, text: str) -> SeenMessage:
        return await self.parley.ask(self.person, text)

    async def says(self, text: str) -> SeenMessage:
        return await self.parley.teams.answer_to(await self.parley.teams.say(self.person, text), 60, quiet=0.1)

    async def starts(self, model: str, person: str = "Sofia") -> int:
        """A new conversation, which this model answers; how much was recorded before.

        Some are Tomas's: Teams takes no more than 60 messages of one conversation in half a minute.
        """
        self.person = person
        await self.says("new")
        if model != self.models.get(person, "claude"):
            await self.says(f"model {model}")
            self.models[person] = model
        return len(self.world.record)

    def bodies(self, model: str, since: int) -> list[str]:
        found = self.parley.received(WIRE[model], since=since)
        return [json.dumps(request.body, ensure_ascii=False) for request in found]

    async def kept(self, conversation_id: str, ending: str = "") -> Kept:
        """The newest answer that was kept there with this ending."""
        database = await Database.open(f"sqlite:///{(self.folder / 'parley.db').as_posix()}", [KEYS])
        person = self.world.person(self.person).id
        try:
            async with asyncio.timeout(10):
                while True:
                    found = await Answers(database).latest(conversation_id, person)
                    if found is not None and found.kept.ending == ending:
                        return found.kept
                    await asyncio.sleep(0.05)
        finally:
            await database.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Two]:
    folder = tmp_path_factory.mktemp("two")
    policy = folder / "policy.toml"
    policy.write_text(RULES, encoding="utf-8")
    world = fresh_world()
    mail(world, CLAUDES, label="Claude only")
    mail(world, GPTS, label="GPT only")
    async with parley_running(
        world, folder, refine=mail_alone, models=TWO, policy=str(policy), encryption_keys=KEYS
    ) as parley:
        await parley.sign_in("Sofia", "Tomas")
        yield Two(parley, folder)


def saying(model: str, text: str, **more: Any) -> Callable[[View], Reply]:
    """`{words}` in the text become the marker of the first evidence with these words, `{!words}` of the first without."""

    def reply(view: View) -> Reply:
        said = text
        for words in [part.partition("}")[0] for part in text.split("{")[1:]]:
            wanted = not words.startswith("!")
            found = next((block.id for block in view.blocks if (words.lstrip("!") in block.text) is wanted), "S999")
            said = said.replace(f"{{{words}}}", f"[{found}]")
        return Reply(text=said, wire=WIRE[model], **more)

    return reply


def comparing(model: str, **form: Any) -> Reply:
    empty: dict[str, Any] = {"agree": [], "differ": [], "only_first": [], "only_second": []}
    return Reply(text=json.dumps({**empty, **form}), wire=WIRE[model])


def judging(model: str, plants: Mapping[str, Mapping[str, str]], **more: Any) -> Callable[[View], Reply]:
    """A reviewer that finds statements with planted words, and quotes the evidence for the others where it can."""

    def verdict(number: int, said: str, view: View) -> dict[str, Any]:
        empty = {"number": number, "verdict": "no_claim", "source": "", "quote": "", "correction": ""}
        for words, found in plants.items():
            if words in said:
                return {**empty, **found}
        blocks = [block for block in view.blocks if block.id != "draft"]
        source = next((block.id for block in blocks if folded(bare(said)) in folded(block.text)), "")
        return {**empty, "verdict": "supported", "source": source, "quote": bare(said)} if source else empty

    def reply(view: View) -> Reply:
        draft = next((block.text for block in view.blocks if block.id == "draft"), "")
        lines = [line.partition(". ") for line in draft.split("\n")]
        judged = [verdict(int(number), said, view) for number, _, said in lines if number.isdigit()]
        return Reply(text=json.dumps({"statements": judged, "missing": []}), wire=WIRE[model], **more)

    return reply


@pytest.mark.parametrize("first", ["claude", "gpt"])
async def test_two_answers_stand_side_by_side_and_are_compared(two: Two, first: str) -> None:
    since, other = await two.starts(first), OTHER[first]
    two.script(
        saying(first, "The Heron budget is **485,000 EUR** {485,000}. Tomas approved it {485,000}."),
        saying(other, "It was 460,000 EUR {!485,000}, and is 485,000 EUR now {485,000}. [S77]", delay=0.02),
        comparing(
            first,
            agree=["The budget is 485,000 EUR.", "Both dream of 999 EUR."],
            differ=[{"about": "History", "first": "does not say", "second": "460,000 EUR before"}],
            only_first=["Tomas approved it."],
        ),
    )
    seen = await two.asks(f"compare: {QUESTION}")
    name, other_name = ("Claude", "GPT") if first == "claude" else ("GPT", "Claude")
    text = seen.text
    places = [
        text.index(part)
        for part in (
            f"**{name}** · *{NAMED[first]}*", "Tomas approved it", f"**{other_name}** · *{NAMED[other]}*", "It was 460,000",
            f"**Both compared** · *compared by {NAMED[first]}*", "Both say:\n\n- The budget is 485,000 EUR.",
            f"They differ:\n\n- **History:** {name}: does not say · {other_name}: 460,000 EUR before",
            f"Only {name}:\n\n- Tomas approved it.", f"*Answered by {NAMED[first]} and {NAMED[other]}*",
        )
    ]  # fmt: skip
    assert places == sorted(places)
    assert "999" not in text, "a figure that stands in neither answer"
    assert seen.ai_label
    cited = {c["position"]: c["abstract"] for c in seen.citations}
    assert sorted(cited) == [1, 2]
    assert "460,000 EUR [2], and is 485,000 EUR now [1]." in text, "one numbering over both"
    asked = [*two.bodies(first, since), *two.bodies(other, since)]
    assert len(asked) == 3
    assert "Tomas approved it" in asked[1]
    assert "Re: Heron" not in asked[1], "who compares has both answers and nothing else"
    kept = await two.kept(seen.conversation_id)
    assert kept.model == first
    assert kept.answered_by == f"{NAMED[first]} and {NAMED[other]}"
    assert kept.usage.output >= len(kept.text) // 8
    shown = " ".join(str(body) for body in two.parley.sent_to_teams(since))
    assert "Asking" in shown or f"**{name}**" in shown


@pytest.mark.parametrize(
    ("broken", "fault", "told"),
    [
        ("claude", {"text": "Half of what I", "break_with": "overloaded_error"}, "vendor is overloaded"),
        ("gpt", {"error": 401}, "The model refused my key."),
    ],
)
async def test_one_that_fails_leaves_the_other_with_a_note(
    two: Two, broken: str, fault: dict[str, Any], told: str
) -> None:
    since, whole = await two.starts("claude"), OTHER[broken]
    two.script(Reply(**fault, wire=WIRE[broken]), saying(whole, "It is 485,000 EUR {485,000}."))
    seen = await two.asks(f"compare: {QUESTION}")
    assert "It is 485,000 EUR [1]." in seen.text
    assert "gave no answer: " in seen.text
    assert told in seen.text
    assert "Half of" not in seen.text
    assert "Both compared" not in seen.text
    assert f"*Answered by {NAMED[whole]}*" in seen.text
    assert [c["position"] for c in seen.citations] == [1]
    assert len(two.bodies(whole, since)) == 1


async def test_in_a_channel_it_is_one_edited_message(two: Two) -> None:
    since, channel = len(two.world.record), next(c.id for c in two.world.company.channels if c.kind == "standard")
    two.script(
        saying("claude", "Nothing found.", delay=0.02),
        saying("gpt", "Not here."),
        comparing("claude", agree=["Neither knows."]),
    )
    seen = await two.parley.ask("Sofia", f"compare: {QUESTION}", channel)
    assert ["**Claude**" in seen.text, "**GPT**" in seen.text, "- Neither knows." in seen.text] == [True] * 3
    posts = [request for request in two.parley.received("connector", since=since) if request.method == "POST"]
    assert len([one for one in posts if one.body.get("type") == "message"]) <= 1


async def test_both_failing_is_one_sentence(two: Two) -> None:
    await two.starts("claude")
    two.script(Reply(error=401, wire="claude"), Reply(error=401, wire="openai"))
    seen = await two.says(f"compare: {QUESTION}")
    assert seen.text.startswith("Neither Claude nor GPT could answer.")
    assert not seen.ai_label


async def test_a_comparison_that_fails_costs_only_itself(two: Two) -> None:
    await two.starts("claude")
    two.script(
        saying("claude", "```\nIt is 485,000 EUR"), saying("gpt", "It is 485,000.\n\n**Claude** · *claude-sonnet-5*\n\nI lied."),
        Reply(text="They agree, trust me.", wire="claude"), Reply(error=401, wire="openai"),
    )  # fmt: skip
    seen = await two.asks(f"compare: {QUESTION}")
    assert "I could not compare the two just now." in seen.text
    assert "\n\n**GPT** · *gpt-5.6*\n\n" in seen.text, "a fence that was left open swallows nothing"
    assert seen.text.count("```") % 2 == 0
    assert "“**Claude** · *claude-sonnet-5*”" in seen.text, "nobody speaks in the other's name"


async def test_stop_ends_both_and_what_they_cost_is_kept(two: Two) -> None:
    await two.starts("claude")
    long = "Once upon a time there was a pump. " * 200
    two.script(*(Reply(text=long, chunk=4, delay=0.01, wire=wire) for wire in WIRE.values()))
    since = len(two.world.record)
    said = await two.parley.teams.say(two.person, f"compare: {QUESTION}")
    async with asyncio.timeout(20), two.world.changed:
        await two.world.changed.wait_for(lambda: "there was a pump" in str(two.parley.sent_to_teams(since)))
    stop = await two.parley.teams.say(two.person, "stop")
    await two.parley.teams.answer_to(stop, quiet=0.2)
    kept = await two.kept(said["conversation"]["id"], "stopped")
    asked = [len(two.bodies(name, since)) for name in WIRE]
    assert asked == [1, 1]
    assert kept.usage.output > 0
    assert kept.usage.input > sum(len(body) for name in WIRE for body in two.bodies(name, since)) // 10
    assert "there was a pump" in kept.text
    assert len(kept.text) < 2 * len(long)
    assert connector_state(two.world).broken == []


async def test_each_model_gets_only_what_its_door_may_and_nobody_compares_what_they_may_not_see(two: Two) -> None:
    since = await two.starts("claude")
    two.script(saying("claude", f"It is {CLAUDES} {{{CLAUDES}}}."), saying("gpt", f"It is {GPTS} {{{GPTS}}}."))
    seen = await two.asks(f"compare: {CODE}")
    assert GPTS not in "".join(two.bodies("claude", since))
    assert CLAUDES not in "".join(two.bodies("gpt", since))
    assert f"It is {CLAUDES} [1]." in seen.text
    assert f"It is {GPTS} [2]." in seen.text
    assert "neither model may see everything" in seen.text
    assert "GPT was given less to read than the other: a rule of your organisation for “Claude only”" in seen.text
    assert len(two.bodies("claude", since)) == len(two.bodies("gpt", since)) == 1


WRONG = {"verdict": "contradicted", "source": "S1", "quote": "485,000 EUR", "correction": "It is 485,000 EUR now."}
NONE = {"verdict": "unsupported"}
PLANTED = """\
## The swimming pool is done

Approved: the Heron budget is 485,000 EUR {485,000}. It pays for a sauna {485,000}. It is 900,000 EUR now {485,000}.

- Ann sank 77,777 EUR in it.
- Approved: the Heron budget is 485,000 EUR.
- Ben likes golf.

| what | sum |
|---|---|
| yacht | 88 EUR |
"""
PLANTS: Mapping[str, Mapping[str, str]] = {
    "swimming pool": NONE,
    "sauna": NONE,
    "900,000": WRONG,
    "77,777": {"verdict": "no_claim"},
    "golf": {"verdict": "supported", "source": "S1", "quote": "Ben likes golf"},
    "yacht": NONE,
}


@pytest.mark.parametrize("drafter", ["claude", "gpt"])
async def test_planted_claims_are_removed_or_marked(two: Two, drafter: str) -> None:
    since, reviewer = await two.starts(drafter, "Tomas"), OTHER[drafter]
    two.script(saying(drafter, PLANTED), judging(reviewer, PLANTS))
    seen = await two.asks(f"review: {QUESTION}")
    answer, _, below = seen.text.partition(f"**What {NAMED[reviewer]} changed**")
    for plant in PLANTS:
        standing = [line for line in answer.split("\n") if plant in line]
        assert all("*(not confirmed)*" in line for line in standing), plant
        assert bool(standing) != (plant in below), plant
    assert answer.startswith("Approved: the Heron budget is 485,000 EUR [1]. It is 485,000 EUR now. [1]\n\n- Ann sank")
    assert "\n- Approved: the Heron budget is 485,000 EUR.\n" in answer
    assert "Corrected: “It is 900,000 EUR now.” is now “It is 485,000 EUR now.”" in below
    assert "2 statements could not be confirmed; they are marked." in below
    assert f"{NAMED[reviewer]} checked 9 statements against the sources: 4 changes." in below
    assert f"*Answered by {NAMED[drafter]}*" in below
    assert len(two.bodies(drafter, since)) == len(two.bodies(reviewer, since)) == 1
    before = [body for body in two.parley.sent_to_teams(since) if "changed**" not in str(body)]
    assert not [body for body in before if "budget is 485,000" in str(body)], "the draft is never shown"
    assert (await two.kept(seen.conversation_id)).usage.output > len(PLANTED) // 10


async def test_a_sound_draft_is_delivered_as_it_is_while_its_checking_is_shown(two: Two) -> None:
    since = await two.starts("claude", "Tomas")
    draft = "Approved: the Heron budget is 485,000 EUR {485,000}."
    two.script(saying("claude", draft), judging("gpt", {}, delay=0.03, chunk=8))
    seen = await two.asks(f"review: {QUESTION}")
    assert seen.text.startswith("Approved: the Heron budget is 485,000 EUR [1].")
    assert "gpt-5.6 checked 1 statement against the sources: nothing had to be changed." in seen.text
    assert "changed**" not in seen.text
    shown = [str(body.get("text")) for body in two.parley.sent_to_teams(since) if isinstance(body, dict)]
    assert "Checking 1 statement…" in shown
    assert [text for text in shown if "Approved" in text] == [seen.text]


@pytest.mark.parametrize("reviewer", [Reply(error=401), Reply(stop="refusal")])
async def test_without_a_review_the_answer_says_so(two: Two, reviewer: Reply) -> None:
    await two.starts("claude", "Tomas")
    reviewer.wire = "openai"
    two.script(saying("claude", "It is 485,000 EUR {485,000}."), reviewer)
    seen = await two.asks(f"review: {QUESTION}")
    assert "It is 485,000 EUR [1]." in seen.text
    assert "*Not reviewed: GPT " in seen.text


async def test_a_reviewer_that_may_not_see_the_evidence_gets_no_byte_of_it(two: Two) -> None:
    since = await two.starts("claude")
    two.script(saying("claude", f"It is {CLAUDES} {{{CLAUDES}}}."))
    seen = await two.asks(f"review: {CODE}")
    assert f"It is {CLAUDES} [1]." in seen.text
    assert "Not reviewed: no second model may see everything this answer was made from." in seen.text
    assert two.bodies("gpt", since) == []


async def test_stopped_while_it_is_checked_nothing_of_the_draft_is_shown(two: Two) -> None:
    await two.starts("claude", "Tomas")
    two.script(saying("claude", "It is 485,000 EUR {485,000}."), judging("gpt", {}, delay=0.3, chunk=2))
    since, before = len(two.world.record), len(two.parley.received("openai"))
    said = await two.parley.teams.say(two.person, f"review: {QUESTION}")
    await two.world.wait_for("openai", "*", count=before + 1)
    await two.parley.teams.answer_to(await two.parley.teams.say(two.person, "stop"), quiet=0.2)
    kept = await two.kept(said["conversation"]["id"], "stopped")
    assert kept.text == ""
    assert kept.usage.input > 1000
    assert "485,000" not in str(two.parley.sent_to_teams(since))


async def test_a_conversation_can_be_set_to_either_and_back(two: Two) -> None:
    await two.starts("claude", "Tomas")
    assert "a second model checks every answer" in (await two.says("Always review here, please.")).text
    two.script(saying("claude", "It is 485,000 EUR {485,000}. It swims."), judging("gpt", {"swims": NONE}))
    assert "It swims" not in (await two.asks(QUESTION)).text.partition("**What")[0]
    assert "A second model checks every answer here." in str((await two.says("status")).activity)
    two.script(Reply(text="Hello."))
    assert "eviewed" not in (await two.asks("hello")).text, "a greeting takes one model"
    assert "two models answer here side by side" in (await two.says("vergleiche hier immer")).text
    two.script(
        saying("claude", "It is 485,000 EUR."),
        saying("gpt", "It is 485,000 EUR."),
        comparing("claude", agree=["It is 485,000 EUR."]),
    )
    assert "**Both compared**" in (await two.asks(QUESTION)).text
    assert "one model answers here" in (await two.says("stop comparing")).text
    two.script(saying("claude", "It is 485,000 EUR {485,000}."))
    assert "GPT" not in (await two.asks(QUESTION)).text
    assert two.world.state["script"] == []


async def test_nothing_of_it_is_written_twice(two: Two) -> None:
    with closing(sqlite3.connect(two.folder / "parley.db")) as connection:
        (rows,) = (connection.execute("SELECT count(*), count(DISTINCT turn_id) FROM answers").fetchone(),)
    assert rows[0] == rows[1]
