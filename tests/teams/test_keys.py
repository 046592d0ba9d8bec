"""Key rollover, and a metadata endpoint that is slow, down or wrong."""

import asyncio
from typing import Any

import pytest

from tests.teams.wires import FIRST_KEY, Bench, Key, message

SECOND, THIRD = Key(), Key()


async def status(endpoint: Bench, key: Key = FIRST_KEY) -> int:
    return (await endpoint.post(message(endpoint.service_url), token=endpoint.token(key)))[0]


async def test_a_new_key_is_accepted_at_once(endpoint: Bench) -> None:
    assert await status(endpoint) == 202
    endpoint.openid.keys.append(SECOND.jwk())
    assert await status(endpoint, SECOND) == 202
    assert await status(endpoint) == 202
    assert endpoint.openid.fetches == 2


async def test_unknown_keys_cause_one_fetch_a_minute(endpoint: Bench) -> None:
    assert await status(endpoint) == 202
    endpoint.clock.at += 61
    before = endpoint.openid.fetches
    forged = [Key(kid=f"unknown{i}", private=SECOND.private) for i in range(200)]
    assert set(await asyncio.gather(*(status(endpoint, key) for key in forged))) == {401}
    assert endpoint.openid.fetches == before + 1
    endpoint.clock.at += 30
    assert await status(endpoint, forged[0]) == 401
    assert endpoint.openid.fetches == before + 1
    endpoint.clock.at += 31
    assert await status(endpoint, forged[0]) == 401
    assert endpoint.openid.fetches == before + 2


async def test_known_keys_are_served_while_metadata_hangs(endpoint: Bench) -> None:
    assert await status(endpoint) == 202
    endpoint.clock.at += 61
    endpoint.openid.gate = asyncio.Event()
    endpoint.openid.asked.clear()
    waiting = asyncio.create_task(status(endpoint, SECOND))
    await endpoint.openid.asked.wait()
    assert await status(endpoint) == 202
    assert not waiting.done()
    endpoint.openid.keys.append(SECOND.jwk())
    endpoint.openid.gate.set()
    assert await waiting == 202


async def test_keys_outlive_metadata_that_is_down(endpoint: Bench) -> None:
    assert await status(endpoint) == 202
    endpoint.openid.status = 500
    for _ in range(5):
        endpoint.clock.at += 20 * 3600
        assert await status(endpoint) == 202
    endpoint.openid.status = 200
    endpoint.clock.at += 61
    assert await status(endpoint) == 202


async def test_renewal_after_a_day_keeps_nobody_waiting(endpoint: Bench) -> None:
    assert await status(endpoint) == 202
    endpoint.clock.at += 24 * 3600 + 1
    endpoint.openid.gate = asyncio.Event()
    endpoint.openid.asked.clear()
    endpoint.openid.keys = [FIRST_KEY.jwk(), THIRD.jwk()]
    assert await status(endpoint) == 202
    await endpoint.openid.asked.wait()
    endpoint.openid.gate.set()
    assert await status(endpoint, THIRD) == 202
    assert endpoint.openid.fetches == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"keys": []},
        {"status": 500},
        {"status": 302},
        {"status": 404},
        {"body": b"{"},
        {"body": b"[]"},
        {"body": b'{"keys":{}}'},
        {"body": b'{"keys":[1,null,{}]}'},
        {"body": b"[" * 100_000},
        {"body": b'{"keys":[' + b" " * 2_000_000 + b"]}"},
        {"jwks_uri": "http://127.0.0.1:9/keys"},
        {"jwks_uri": "https://evil.example/keys"},
    ],
    ids=lambda broken: str(broken)[:40],
)
async def test_a_broken_key_set_replaces_nothing_and_recovers_in_seconds(
    endpoint: Bench, broken: dict[str, Any]
) -> None:
    good = {name: getattr(endpoint.openid, name) for name in broken}
    assert await status(endpoint) == 202
    endpoint.clock.at += 61
    for name, value in broken.items():
        setattr(endpoint.openid, name, value)
    assert await status(endpoint, SECOND) == 401
    assert await status(endpoint) == 202
    for name, value in good.items():
        setattr(endpoint.openid, name, value)
    endpoint.openid.keys = [FIRST_KEY.jwk(), SECOND.jwk()]
    endpoint.clock.at += 6
    assert await status(endpoint, SECOND) == 202


async def test_no_keys_at_start_recovers_in_seconds(endpoint: Bench) -> None:
    endpoint.openid.keys = []
    assert await endpoint.keys.start() is False
    assert await status(endpoint) == 401
    endpoint.openid.keys = [FIRST_KEY.jwk()]
    endpoint.clock.at += 6
    assert await status(endpoint) == 202


async def test_start_loads_the_keys_once(endpoint: Bench) -> None:
    assert await endpoint.keys.start() is True
    assert await status(endpoint) == 202
    assert endpoint.openid.fetches == 1
