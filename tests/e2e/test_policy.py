"""The policy at the vendors' own wires: random policies and requests, and no byte reaches a door that the rules forbid."""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio

from bot.labels import LabelRules
from bot.policy.file import read
from bot.routing.permitted import Permitted
from bot.services import Services
from bot.store.database import Database
from infra.local.company import ids
from infra.local.company.model import Chat
from infra.local.company.people import group_id, person_id
from infra.local.vendors.script import Reply, View
from infra.local.world import Fault, Recorded, World
from tests.conftest import fresh_world
from tests.documents.made import docx, paragraph
from tests.e2e.parley import Parley, parley_running
from tests.e2e.test_labels import file, labelled, says
from tests.policy import oracle
from tests.policy.oracle import Who
from tests.store.effects import all_finished

pytestmark = pytest.mark.asyncio(loop_scope="module")
MODELS = {"claude": "anthropic", "gpt": "openai", "local": "compatible"}
THREE = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6,local=compatible:llama"
PATHS = {"/v1/messages": "claude", "/responses": "gpt", "/chat/completions": "local"}
QUESTION = "What is the Quillstone code word for the harbour gate?"
WORDS = {"Inner": "Hallowmead", "Secret": "Ravelstoke", "": "Larksbourne"}
"""In a file with this label, which all who ask may read."""
GROUP = "Quillstone lunch"
ASKERS = ("sofia", "hiro", "elena")
GROUPS = {"g-finance": "Heron", "g-board": "Kassel Operations"}
CHOICES = ("use gpt", "use local", "model: auto", "always use claude", "use the default model", "new")
REQUESTS = ("thanks", QUESTION, QUESTION, "other model", f"compare: {QUESTION}", f"review: {QUESTION}")
ASK_FIRST = """
[[rules]]
name = "Groups are asked"
groups = ["nobody"]
people = ["nobody@tidewell.example"]
deny = "all"
"""


@dataclass
class Ruled:
    """The running bot, whose policy is another one for each case, as after a restart with another file."""

    parley: Parley
    services: Services
    database: Database
    folder: Path
    build: Literal["whole", "step alone", "unchecked"] = "whole"
    seen: dict[str, int] = field(default_factory=dict[str, int])

    def obey(self, text: str) -> None:
        path = self.folder / "next.toml"
        path.write_text(text, encoding="utf-8")
        policy = read(str(path), doors=sorted(MODELS.values()), models=MODELS)
        nothing = replace(policy, rules=(), otherwise="allow", labels=LabelRules())
        checks = Permitted(nothing if self.build == "unchecked" else policy, self.services.asker)
        steps = tuple(checks if isinstance(step, Permitted) else step for step in self.services.steps)
        assert checks in steps
        object.__setattr__(self.services, "steps", steps)
        object.__setattr__(self.services, "policy", policy if self.build == "whole" else nothing)

    async def says(self, who: str, text: str, chat: str = "personal") -> str:
        """All that was said about it, when nothing is worked on any more."""
        asked = await self.parley.teams.say(who, text, chat)
        await all_finished(self.database, 60)
        seen = await self.parley.teams.answer_to(asked, quiet=0.0)
        return seen.text + str(seen.activity.get("attachments", ""))

    def asked(self, since: int) -> list[tuple[str, Recorded]]:
        """(model, request) of all that reached a vendor."""
        wires = self.parley.received("claude", "openai", since=since)
        return [(name, one) for one in wires for path, name in PATHS.items() if one.path.endswith(path)]


def world() -> World:
    made = fresh_world()
    for label, word in WORDS.items():
        text = labelled(says(word), label) if label else docx(paragraph(says(word)))
        file(made, word, text, f"{label or 'open'}.docx", readers=("hiro", "elena"))
    made.company.chats.append(Chat(ids.group_chat(GROUP), "group", [person_id(key) for key in ASKERS], GROUP))
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ruled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ruled]:
    folder: Path = tmp_path_factory.mktemp("policy")
    first = folder / "policy.toml"
    first.write_text(ASK_FIRST, encoding="utf-8")
    kept: list[Services] = []

    def refined(services: Services) -> Services:
        files = replace(services.sources["files"], optional=False, wanted=None)
        kept.append(replace(services, sources={"files": files}, search_seconds=90.0))
        return kept[0]

    async with AsyncExitStack() as stack:
        running = parley_running(world(), folder, refine=refined, models=THREE, policy=str(first))
        parley = await stack.enter_async_context(running)
        await parley.sign_in(*ASKERS)
        database = kept[0].preferences._database  # which nobody hands out
        yield Ruled(parley, kept[0], database, folder)


def people(parley: Parley) -> Sequence[Who]:
    members = {name: {*_group(parley, of)} for name, of in GROUPS.items()}
    found = [parley.world.person(key) for key in ASKERS]
    return [Who(p.id, p.mail, frozenset(name for name in GROUPS if p.id in members[name])) for p in found]


def _group(parley: Parley, name: str) -> list[str]:
    found = next(group for group in parley.world.company.groups if group.id == group_id(name))
    return [*found.members, *found.owners]


def real(text: str) -> str:
    """The file with the groups' real ids."""
    for name, of in GROUPS.items():
        text = text.replace(name, group_id(of))
    return text


def telling(view: View) -> Reply:
    """Everything the model was given goes into its answer, so that history carries it to the next question."""
    return Reply(text=" ".join(["So:", *(word for word in WORDS.values() if word in str(view.blocks)), "that is it."]))


def broken(ruled: Ruled, made: Mapping[str, Any], who: Who, place: str, since: int) -> list[str]:
    """What reached a door that a rule forbids it to."""
    found: list[str] = []
    for model, request in ruled.asked(since):
        body = str(request.body)
        labels = ["", *(label for label, word in WORDS.items() if label and word in body)]
        rules = [oracle.forbids(made, who, place, MODELS[model], model, label) for label in labels]
        found += [f"{model} in {place}: {rule}" for rule in rules if rule]
        ruled.seen["sent"] = ruled.seen.get("sent", 0) + 1
    return found


async def tried(ruled: Ruled, seed: int, *, choices: float = 0.3) -> list[str]:
    """One random policy and request: what was sent against the rules. With a vendor that is down, now and then.

    `choices`: how often a model is chosen before.
    """
    dice, parley = random.Random(seed), ruled.parley
    everybody = people(parley)
    made = oracle.policy(dice, MODELS, everybody)
    ruled.obey(real(oracle.toml(made)))
    who, chat = dice.choice(everybody), dice.choice(("personal", "personal", GROUP, "General"))
    place = {"personal": "personal", GROUP: "group"}.get(chat, "channel")
    parley.world.state["script"] = [telling] * 8
    parley.world.faults.clear()
    if dice.random() < 0.3:
        parley.world.faults.append(Fault(dice.choice(("claude", "openai")), kind="status", status=529, times=6))
    since = len(parley.world.record)
    said = await ruled.says(who.id, dice.choice(CHOICES), chat) if dice.random() < choices else ""
    said += await ruled.says(who.id, dice.choice(REQUESTS), chat)
    for rule in ("otherwise", *(str(rule["name"]) for rule in made["rules"])):
        if rule in said:
            ruled.seen["named"] = ruled.seen.get("named", 0) + 1
    ruled.seen["refused"] = ruled.seen.get("refused", 0) + ("forbids it" in said)
    parley.world.faults.clear()
    return broken(ruled, made, who, place, since)


async def test_no_byte_reaches_a_forbidden_door(ruled: Ruled) -> None:
    for seed in range(40):
        assert await tried(ruled, seed) == [], seed
    assert ruled.seen["sent"] > 10
    assert ruled.seen["named"] > 5


@pytest.mark.slow
async def test_no_byte_reaches_a_forbidden_door_in_200_cases(ruled: Ruled) -> None:
    for seed in range(1000, 1200):
        assert await tried(ruled, seed, choices=0.7) == [], seed


async def test_the_one_place_is_enough(ruled: Ruled) -> None:
    """Whatever else asks the policy, for a better choice or sentence, is told here that all is allowed."""
    ruled.build = "step alone"
    refused = ruled.seen.get("refused", 0)
    for seed in range(500, 512):
        assert await tried(ruled, seed) == [], seed
    assert ruled.seen["refused"] > refused


async def test_a_build_without_the_check_is_found_out(ruled: Ruled) -> None:
    ruled.build = "unchecked"
    assert [rule for seed in range(500, 512) for rule in await tried(ruled, seed)]
