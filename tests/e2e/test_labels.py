"""The administrator's rules for sensitivity labels, on every path to a model: what is forbidden is in no request, at the wire."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from infra.local import teams_files
from infra.local.company import ids
from infra.local.company.drives import item_at
from infra.local.company.model import Attachment, Chat, Grant, Item, Mail
from infra.local.company.people import person_id
from infra.local.vendors.script import Call, Reply, View
from infra.local.world import World
from tests.conftest import fresh_world
from tests.documents.made import docx, paragraph, scan
from tests.documents.test_labels import package, properties
from tests.e2e.matrix import thorough
from tests.e2e.parley import Parley, citing, parley_running

pytestmark = pytest.mark.asyncio(loop_scope="module")
RULES = """
order = ["General", "Claude only", "Inner", "Secret"]

[labels.Secret]
doors = []

[labels."Claude only"]
doors = ["anthropic"]

[labels.Inner]
places = ["personal"]
"""
TWO = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"
QUESTION = "What is the Quillstone code word for the harbour gate?"
NEVER = ("Nettlecombe", "Dunmallow", "Ravelstoke", "Foxhanger", "Wrenmarsh", "Coldharrow", "Skellfield")
"""In what is labelled Secret: inbox, sent, draft, attached to a Secret mail, a labelled attachment, a labelled file, a sent file."""
CLAUDE, INNER, OPEN = "Brindlecote", "Hallowmead", "Larksbourne"
GROUP = "Quillstone lunch"
ID = "87ba5c36-b7cf-4793-bbc2-bd5b3a9f95ca"


def says(word: str) -> str:
    return f"The Quillstone code word for the harbour gate is {word}."


def labelled(text: str, label: str) -> bytes:
    """A Word file with the label inside, as Office writes it."""
    custom = properties((f"MSIP_Label_{ID}_Enabled", "true"), (f"MSIP_Label_{ID}_Name", label))
    return package(custom, docx(paragraph(text)))


def mail(
    world: World, word: str, *, label: str = "", folder: str = "inbox", attached: Attachment | None = None
) -> None:
    sofia, hiro = world.person("Sofia"), world.person("Hiro")
    text = says(word) if attached is None else "The Quillstone code word for the harbour gate is attached."
    world.company.mails.append(
        Mail(
            ids.mail(f"label {word}"), sofia.id, folder, f"<{word}@labels.example>", ids.conversation(f"label {word}"),
            "Quillstone code word for the harbour gate", hiro.name, hiro.mail, [(sofia.name, sofia.mail)], [],
            world.clock.now() - timedelta(days=2), f"<html><body><p>{text}</p></body></html>", text, text,
            attachments=[attached] if attached else [], label=label,
        )
    )  # fmt: skip


def file(world: World, word: str, data: bytes, name: str, *, label: str = "", readers: tuple[str, ...] = ()) -> None:
    at, owner = world.clock.now() - timedelta(days=2), person_id("sofia")
    grants = [Grant(ids.grant(f"label {word} {key}"), person_id=person_id(key)) for key in ("sofia", *readers)]
    world.company.items.append(
        Item(
            ids.item(f"label {word}"), ids.drive("sofia"), item_at("sofia", ""), f"Quillstone code word {name}", at, at,
            owner, owner, data=data, text=says(word), grants=grants, break_inheritance=True, label=label,
        )
    )  # fmt: skip


def planted() -> World:
    world = fresh_world()
    inbox, sent, draft, under, inside, graph, _ = NEVER
    mail(world, inbox, label="Secret")
    mail(world, sent, label="Secret", folder="sentitems")
    mail(world, draft, label="Secret", folder="drafts")
    plain = Attachment(ids.attachment("under"), "Code word.txt", "text/plain", says(under).encode(), text=says(under))
    mail(world, under, label="Secret", attached=plain)
    hidden = labelled(says(inside), "Secret")
    mail(
        world,
        inside,
        attached=Attachment(ids.attachment("inside"), "Code word.docx", "application/octet-stream", hidden),
    )
    file(world, graph, labelled(says(graph), "Secret"), "gate.docx")
    mail(world, CLAUDE, label="Claude only")
    file(world, INNER, labelled(says(INNER), "Inner"), "inner.docx", readers=("hiro",))
    file(world, OPEN, docx(paragraph(says(OPEN))), "open.docx", readers=("hiro",))
    world.company.chats.append(Chat(ids.group_chat(GROUP), "group", [person_id("sofia"), person_id("hiro")], GROUP))
    return world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ruled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    folder: Path = tmp_path_factory.mktemp("labels")
    rules = folder / "policy.toml"
    rules.write_text(RULES, encoding="utf-8")
    async with parley_running(planted(), folder, refine=thorough, models=TWO, policy=str(rules)) as parley:
        await parley.sign_in("Sofia")
        yield parley


def given(parley: Parley, *wires: str, since: int = 0) -> str:
    bodies = [request.body for request in parley.received(*(wires or ("claude", "openai")), since=since)]
    return json.dumps(bodies, ensure_ascii=False)


def nothing_forbidden(parley: Parley) -> None:
    assert [word for word in NEVER if word in given(parley)] == []
    assert CLAUDE not in given(parley, "openai")


async def said(parley: Parley, text: str, chat: str = "personal") -> str:
    asked = await parley.teams.say("Sofia", text, chat)
    return (await parley.teams.answer_to(asked, 60, quiet=0.2)).text


async def test_search_and_reading_on_give_what_the_rules_allow(ruled: Parley) -> None:
    every = [Call("read", {"id": f"S{number}"}) for number in range(1, 9)]
    ruled.world.state["script"] = [Reply(calls=every), citing("It is Brindlecote.", CLAUDE)]
    answer = await ruled.ask("Sofia", QUESTION)
    nothing_forbidden(ruled)
    assert all(word in given(ruled, "claude") for word in (CLAUDE, INNER, OPEN))
    assert not [word for word in NEVER if word in str(answer.activity)]
    assert "a rule of your organisation for “Secret”" in answer.text
    assert answer.root["usageInfo"]["name"] == "Claude only"
    assert [cited["usageInfo"]["name"] for cited in answer.citations] == ["Claude only"]


async def test_the_highest_label_of_what_is_cited_stands_on_the_answer(ruled: Parley) -> None:
    def three(view: View) -> Reply:
        return Reply(text=" ".join(citing("So.", word)(view).text for word in (OPEN, CLAUDE, INNER)))

    ruled.world.state["script"] = [three]
    answer = await ruled.ask("Sofia", QUESTION)
    assert answer.root["usageInfo"]["name"] == "Inner"
    shown = [cited.get("usageInfo", {}).get("name") for cited in answer.citations]
    assert shown == [None, None, "Inner"], "Teams takes one label a message; only what has it shows it"


async def test_what_is_sent_into_the_chat_is_under_the_rules_too(ruled: Parley) -> None:
    secret = NEVER[-1]
    sent = teams_files.file(ruled.world, "Sofia", "Gate plan.docx", labelled(says(secret), "Secret"))
    page = scan(1) + f"\n<< /MSIP_Label_{ID}_Enabled (true) /MSIP_Label_{ID}_Name (Secret) >>\n".encode()
    pictured = teams_files.file(ruled.world, "Sofia", "Scanned plan.pdf", page)
    since = len(ruled.world.record)
    answer = await ruled.ask("Sofia", "What does the gate plan say?", attachments=[sent, pictured])
    assert '"type": "image"' not in given(ruled, since=since)
    assert "a rule of your organisation for “Secret”" in answer.text
    nothing_forbidden(ruled)


async def test_another_vendor_gets_no_earlier_answer_that_only_one_may_read(ruled: Parley) -> None:
    """Not as history, not as a pin, not as the answer it is asked to try again, and not after that."""
    ruled.world.state["script"] = [citing(f"It is {CLAUDE}.", CLAUDE)]
    await ruled.ask("Sofia", QUESTION)
    await said(ruled, "pin that")
    since = len(ruled.world.record)
    other = await ruled.teams.say("Sofia", "other model")
    await ruled.teams.answer_to(other, 60, until=lambda message: message.ai_label)
    await said(ruled, "model gpt")
    await ruled.ask("Sofia", "And who chose the code word for the harbour gate?")
    assert OPEN in given(ruled, "openai", since=since)
    nothing_forbidden(ruled)
    await said(ruled, "model claude")
    since = len(ruled.world.record)
    await ruled.ask("Sofia", "And who chose the code word for the harbour gate?")
    assert f"It is {CLAUDE}." in given(ruled, "claude", since=since), "the vendor that may read it still knows it"


async def test_a_model_that_takes_over_gets_nothing_that_only_the_first_may_read(ruled: Parley) -> None:
    """Not the passage, not what the first said of it, not what it looked for, not the conversation; what is open it gets."""
    ruled.services.circuits._circuits.clear()
    await said(ruled, "model claude")
    ruled.world.state["script"] = [citing(f"It is {CLAUDE}.", CLAUDE)]
    await ruled.ask("Sofia", QUESTION)
    looks = [Call("search_files", {"query": f"{CLAUDE} harbour gate"}), Call("read", {"id": "S1"})]
    for broken in (
        Reply(error=529, wire="claude"),
        Reply(text=f"I think {CLAUDE} " * 9, cut=9, delay=0.03, wire="claude"),
    ):
        since = len(ruled.world.record)
        looking = Reply(text=f"{CLAUDE} it seems.", calls=looks, wire="claude")
        ruled.world.state["script"] = [looking, broken, Reply(text="It is Larksbourne.", wire="openai")]
        answer = await ruled.ask("Sofia", QUESTION)
        assert CLAUDE in given(ruled, "claude", since=since)
        assert OPEN in given(ruled, "openai", since=since)
        assert CLAUDE not in answer.text
        assert "GPT answered" in answer.text
        assert "a rule of your organisation for “Claude only”" in answer.text
        nothing_forbidden(ruled)
    ruled.services.circuits._circuits.clear()


async def test_what_is_for_private_answers_only_stays_out_of_a_group(ruled: Parley) -> None:
    ruled.world.state["script"] = []
    since = len(ruled.world.record)
    answer = await ruled.ask("Sofia", QUESTION, GROUP)
    assert OPEN in given(ruled, since=since)
    assert INNER not in given(ruled, since=since)
    assert INNER not in str(ruled.sent_to_teams(since))
    assert "a rule of your organisation for “Inner”" in answer.text
    nothing_forbidden(ruled)


async def test_nothing_forbidden_is_written_into_any_message(ruled: Parley) -> None:
    assert [word for word in NEVER if word in str(ruled.sent_to_teams())] == []
