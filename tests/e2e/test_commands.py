"""A new person who reads only the welcome card and `help`: everything in them works as it is shown, in both languages."""

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet, InvalidToken

from bot.context import Person
from infra.local.teams import SeenMessage
from infra.local.teams_activities import place_of
from tests.conftest import fresh_world
from tests.e2e.conftest import patient
from tests.e2e.parley import OAUTH_CARD, Parley, parley_running, said_as

pytestmark = pytest.mark.asyncio(loop_scope="module")
MODELS = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"
LINE = re.compile(r"^- \*\*(?P<say>.+?)\*\*: \S.*?(?:\*(?P<example>[^*]+)\*)?$", re.MULTILINE)
BACK = {"language: German": "language: English", "sprache: Englisch": "sprache: Deutsch"}
"""What takes back an example that changes how the rest is said."""
ASKS = frozenset({"other model", "ask the other model", "anderes modell", "frag das andere modell"})
TWO_HEADS = ("compare:", "review:", "vergleiche:", "prüfe:")
"""What begins so is a question to two models."""
KEY = Fernet.generate_key().decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    folder: Path = tmp_path_factory.mktemp("store")
    world = fresh_world()
    async with parley_running(
        world, folder, door="claude", refine=patient, models=MODELS, encryption_keys=KEY
    ) as running:
        world.state["database"] = folder / "parley.db"
        yield running


async def hears(parley: Parley, person: str, text: str, chat: str = "personal") -> SeenMessage:
    """The whole answer to something that is no question."""
    said = await parley.teams.say(person, text, chat)
    return await parley.teams.answer_to(said, timeout=60, until=lambda m: bool(m.text or m.attachments))


async def presses(parley: Parley, person: str, message: SeenMessage, title: str) -> SeenMessage:
    """A button of a card; the card as it is afterwards."""
    (action,) = [action for action in message.card()["actions"] if action["title"] == title]
    value = {"action": {"type": "Action.Execute", "verb": "", "data": action["data"]}, "trigger": "manual"}
    before = len(message.updates)
    status, body = await parley.teams.invoke(person, "adaptiveCard/action", value, reply_to=message.id)
    assert (status, body["statusCode"]) == (200, 200)
    async with parley.world.changed:
        await parley.world.changed.wait_for(lambda: len(now(parley, message).updates) > before)
    return now(parley, message)


def now(parley: Parley, message: SeenMessage) -> SeenMessage:
    return next(m for m in parley.teams.seen(message.conversation_id) if m.id == message.id)


@pytest.mark.parametrize(
    ("person", "help_", "column"),
    [
        ("Sofia", "help", "example"),
        ("Jonas", "Hilfe", "example"),
        pytest.param("Priya", "help", "say", marks=pytest.mark.slow),
        pytest.param("Katrin", "hilfe", "say", marks=pytest.mark.slow),
    ],
)
async def test_every_line_of_help_works_as_it_is_shown(parley: Parley, person: str, help_: str, column: str) -> None:
    """The names alone are also routed in tests/commands/test_help.py, so the everyday suite types the examples."""
    await parley.sign_in(person)
    await parley.ask(person, "What is the telemetry interval of the HRN-200?")
    shown = LINE.findall((await hears(parley, person, help_)).text)
    assert len(shown) >= 16
    failed = said_as("trouble.failed")
    nobody = (*said_as("answer.nothing_asked"), *said_as("help.unknown"))
    for say, example in shown:
        words = (example or say) if column == "example" else say
        answer = await hears(parley, person, words)
        assert not answer.text.startswith((*failed, *nobody)), words
        assert answer.ai_label == (words in ASKS or words.startswith(TWO_HEADS)), f"{words!r} was taken for a question"
        if words in BACK:
            await hears(parley, person, BACK[words])
        if words in {"sign out", "log me out", "abmelden", "melde mich ab"}:
            parley.signed_in.discard(person)
            assert answer.text in said_as("sign_in.signed_out")
            await parley.sign_in(person)


async def test_the_menus_words_work_with_a_mention_in_a_channel(parley: Parley) -> None:
    """Teams' command menu sends the command's title as a plain message."""
    assert "mention me" in (await hears(parley, "Sofia", "help", "General")).text
    assert (await hears(parley, "Sofia", "my data", "General")).text in said_as("my_data.privately")
    assert (await hears(parley, "Sofia", "new", "General")).text in said_as("new.done")
    assert (await hears(parley, "Sofia", "use GPT for this", "General")).text.startswith("From now on GPT answers")
    status = await hears(parley, "Sofia", "status", "General")
    assert "Signed in" not in json.dumps(status.card())


async def test_installing_greets_once_with_buttons_that_all_work(parley: Parley) -> None:
    teams, chat = parley.teams, place_of(parley.world, parley.world.person("Hiro"), "personal").id
    first, second = await teams.install("Hiro")
    card = await teams.answer_to(first, until=lambda m: bool(m.attachments))
    await teams.post({**first, "action": "add-upgrade", "id": "f:upgrade"})
    await teams.deliver(second, times=2)
    titles = [action["title"] for action in buttons(card)]
    assert titles[-3:] == ["What can you do?", "Something on a schedule", "Sign in"]
    assert len(titles) == 6
    for action in sorted(buttons(card), key=lambda action: action["title"] != "Sign in"):
        said = action["data"]["msteams"]["value"]
        answer = await hears(parley, "Hiro", said)
        if said == "sign in":
            assert (await teams.sso("Hiro", answer.card(OAUTH_CARD)))[0] == 200
        else:
            assert answer.ai_label == (said not in ("help", "digest")), said
    assert len(greetings(parley, chat)) == 1


async def test_whoever_installs_again_is_greeted_again_with_questions_of_their_own(parley: Parley) -> None:
    teams, chat = parley.teams, place_of(parley.world, parley.world.person("Hiro"), "personal").id
    hiro, sign_in = speaker(parley, "Hiro"), parley.services.sign_in
    assert await sign_in.signed_in(hiro)
    await teams.install("Hiro", added=False)
    for _ in range(100):
        if not await sign_in.signed_in(hiro):
            break
        await asyncio.sleep(0.05)
    assert not await sign_in.signed_in(hiro), "what they had granted goes with the app"
    parley.signed_in.discard("Hiro")
    await parley.sign_in("Hiro")
    first, _ = await teams.install("Hiro")
    card = await teams.answer_to(first, until=lambda m: m.id in {one.id for one in greetings(parley, chat)})
    assert len(greetings(parley, chat)) == 2
    titles = [action["title"] for action in buttons(card)]
    assert "Sign in" not in titles
    assert any(
        re.match(r"What did .+ write to me last\?|What are the main points of “.+”\?", title) for title in titles
    )
    for title in titles[:2]:
        assert (await hears(parley, "Hiro", title)).ai_label


async def test_a_team_is_told_how_to_mention_and_who_speaks_first_is_answered_only(parley: Parley) -> None:
    first, _ = await parley.teams.install("Jonas", "General")
    general = place_of(parley.world, parley.world.person("Jonas"), "General")

    def told() -> list[str]:
        texts = [str(message.activity.get("text")) for message in general.messages if message.author == "bot"]
        return [text for text in texts if text in said_as("welcome.shared")]

    async with parley.world.changed:
        await parley.world.changed.wait_for(told)
    assert [text[:5] for text in told()] == ["Hallo"]
    assert first["conversation"]["id"] == general.id
    await parley.sign_in("Oskar")
    await parley.ask("Oskar", "What does error E42 mean and how is it reset?")
    await parley.teams.install("Oskar")
    answer = await hears(parley, "Oskar", "Hilfe")  # a conversation's turns run one by one
    assert not greetings(parley, answer.conversation_id)


async def test_forgetting_everything_leaves_no_word_in_the_database(parley: Parley) -> None:
    """Every cell is opened with the key: what somebody said is in none of them any more."""
    await parley.sign_in("Elena")
    canary = "zanderfilet"
    await hears(parley, "Elena", f"remember: my code word is {canary}")
    await parley.ask("Elena", f"What does the tool from Brenta cost, {canary}?")
    await parley.ask("Elena", f"What is the telemetry interval, {canary}?", "General")
    assert canary in opened(parley)
    exported = await hears(parley, "Elena", "my data: export")
    assert canary in exported.text
    question = await hears(parley, "Elena", "forget everything about me")
    done = await presses(parley, "Elena", question, "Delete everything")
    assert done.card()["fallbackText"] in said_as("my_data.deleted")
    assert "actions" not in done.card()
    parley.signed_in.discard("Elena")
    await hears(parley, "Elena", "help")  # the turn that erased is over, its row included
    assert canary not in opened(parley)
    again = await parley.teams.say("Elena", "What does the tool from Brenta cost?")
    assert (await parley.teams.answer_to(again, until=lambda m: bool(m.attachments))).card(OAUTH_CARD)


async def test_a_chosen_language_reaches_cards_toasts_and_apologies(parley: Parley) -> None:
    card = await hears(parley, "Nils", "language")
    now_english = await presses(parley, "Nils", card, "English")
    assert "From now on I speak English with you." in now_english.card()["fallbackText"]
    assert (await hears(parley, "Nils", "/frobnicate")).text.startswith("I don't know */frobnicate*")
    sign_in = await hears(parley, "Nils", "sign in")
    assert sign_in.card(OAUTH_CARD)["buttons"][0]["title"] == "Sign in"


def buttons(message: SeenMessage) -> list[dict[str, Any]]:
    card = message.card()
    rows = [element["actions"] for element in card["body"] if element["type"] == "ActionSet"]
    return [action for row in [*rows, card["actions"]] for action in row]


def speaker(parley: Parley, name: str) -> Person:
    known = parley.world.person(name)
    return Person(known.id, known.name, parley.world.company.tenant_id)


def greetings(parley: Parley, chat: str) -> list[SeenMessage]:
    return [m for m in parley.teams.seen(chat) if any(t in json.dumps(m.activity) for t in said_as("welcome.title"))]


def opened(parley: Parley) -> str:
    """All cells of all tables, encrypted ones in the clear: under our key, or a person's, which is under ours."""
    fernet, found = Fernet(KEY), list[str]()
    with closing(sqlite3.connect(parley.world.state["database"])) as connection:
        keys = "SELECT key_id, wrapped FROM person_keys WHERE wrapped IS NOT NULL AND person_id IS NOT NULL"
        people = {id: Fernet(fernet.decrypt(wrapped)) for id, wrapped in connection.execute(keys)}
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                found += [_clear(fernet, people, cell) for cell in row]
    return "\n".join(found)


def _clear(fernet: Fernet, people: dict[str, Fernet], cell: object) -> str:
    if not isinstance(cell, bytes):
        return str(cell)
    kind, *rest = cell.split(b":", 2)
    try:
        if kind == b"p1":
            return people[rest[0].decode()].decrypt(rest[1]).decode()
        return fernet.decrypt(cell).decode(errors="replace")
    except (InvalidToken, KeyError):
        return repr(cell)
