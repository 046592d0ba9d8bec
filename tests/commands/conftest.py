"""The desk every command is tried at: a real store, a source with what the test puts there, a model that says what it is told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.agent.history import History
from bot.cards.seal import CardSeal
from bot.routing.ledger import Ledger
from bot.services import Services, Turn
from bot.store.answers import Answers
from bot.store.database import Database
from bot.store.feedback import Feedback
from bot.store.heard import Heard
from bot.store.leavers import Leavers
from bot.store.memories import Memories
from bot.store.personal import Personal
from bot.store.preferences import Preferences
from bot.store.runs import Runs
from bot.store.steering import Steering
from bot.store.subscriptions import Subscriptions
from bot.store.summaries import Summaries
from bot.store.transcripts import Transcripts
from graph.client import GraphClient
from graph.errors import SignInNeeded
from tests.agent.fakes import ScriptedProvider
from tests.commands.desk import NOW, Desk, Shelf, SignedIn, as_sign_in
from tests.store.prepared import sqlite_in


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    database = await Database.open(sqlite_in(tmp_path), [Fernet.generate_key().decode()])
    graph = GraphClient("http://127.0.0.1:9/v1.0", patience=0.1)  # nobody is there, and nobody waits for them
    provider, shelf, sign_in, asked = (
        ScriptedProvider([]),
        Shelf(),
        SignedIn(),
        list[tuple[Turn, SignInNeeded | None]](),
    )

    async def ask_to_sign_in(turn: Turn, needed: SignInNeeded | None) -> None:
        asked.append((turn, needed))

    services = Services(
        models={"scripted": provider},
        sources={"files": shelf.spec()},
        tools={},
        graph=graph,
        sign_in=as_sign_in(sign_in),
        transcripts=Transcripts(database),
        now=lambda: NOW,
        ask_to_sign_in=ask_to_sign_in,
        search_seconds=0.5,
        seal=CardSeal([Fernet.generate_key().decode()], now=NOW.timestamp),
        preferences=Preferences(database),
        personal=Personal(database),
        leavers=Leavers(database),
        history=History(Transcripts(database), Summaries(database)),
        memories=Memories(database),
        answers=Answers(database),
        feedback=Feedback(database),
        heard=Heard(database),
        subscriptions=Subscriptions(database),
        runs=Runs(database),
        steering=Steering(database),
        ledger=Ledger.of(database, [provider], lambda: NOW),
    )
    yield Desk(services, provider, shelf, sign_in, asked)
    await graph.aclose()
    await database.aclose()
