"""Sign-in on the real, encrypted token cache: two replicas on one database file."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.store.database import Database
from bot.store.token_cache import TokenCache
from graph.errors import SignInNeeded
from infra.local.entra_state import entra_state, revoke
from tests.signin.conftest import SCOPES, Stack


async def test_two_replicas_on_one_database(stack: Stack, tmp_path: Path) -> None:
    entra_state(stack.world).single_use_refresh = True
    database = await Database.open(f"sqlite:///{tmp_path / 'parley.db'}", [Fernet.generate_key().decode()])
    store: Any = TokenCache(database)
    stack.store = store
    one, other = stack.replica(), stack.replica()
    person = stack.person(stack.world.company.people[0].given_name)
    await one.exchange(person, stack.assertion(person))
    for _ in range(3):
        stack.world.clock.advance(3400)
        # The loser of a race may be told to sign in only if the winner's grant is not there; it is, so nobody is.
        await asyncio.gather(one.graph_token(person, SCOPES), other.graph_token(person, SCOPES))
    code = await one.once.new_code(person.id)
    await other.verify(person, code)
    with pytest.raises(SignInNeeded):
        await one.verify(person, code)
    secrets = [token.encode() for token in entra_state(stack.world).refresh]
    for name, content in await asyncio.to_thread(lambda: [(f.name, f.read_bytes()) for f in tmp_path.iterdir()]):
        assert not [secret for secret in secrets if secret in content], name
    revoke(stack.world, person.id, end_session=True)
    stack.world.clock.advance(3400)
    with pytest.raises(SignInNeeded):
        await one.graph_token(person, SCOPES)
    assert not await other.signed_in(person)
    stack.world.clock.advance(5)
    await other.exchange(person, stack.assertion(person))
    assert await one.graph_token(person, SCOPES)
    await other.sign_out(person)
    assert not await one.signed_in(person)
    assert (await store.load(f"signin:{person.id}"))[1] == 0
    await one.aclose()
    await other.aclose()
    await database.aclose()
