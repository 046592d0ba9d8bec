"""What every test may rely on: a fresh company, a running local tenant, no network but loopback, and an environment without settings."""

import functools
import gc
import ipaddress
import os
import sys
from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import fields, is_dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, cast

import hypothesis
import pytest

from bot.settings import VENDOR_PREFIXES, Settings
from infra.local.company.model import Company
from infra.local.company.seed import company
from infra.local.tenant import running
from infra.local.world import SigningKey, World

OUTSIDE = frozenset({"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"})
"""The machine's own trust and proxies, which would decide what a test trusts."""
NOBODY = Path(__file__).parent / "data" / "nobody.pem"
"""The machine's authorities in every test: one whose key nobody has. Reading two hundred takes longer than most tests."""

# Machines are noisy, so no example has a deadline; half the usual examples keep the everyday suite short.
# The same ones each time: a change is judged by what it changed, and `make test-slow` looks for new ones.
hypothesis.settings.register_profile("everyday", deadline=None, max_examples=50, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=500)
hypothesis.settings.load_profile("everyday")


def _clean(environ: Any) -> None:
    ours = {name.upper() for name in Settings.model_fields}
    for name in list(environ):
        if name in ours | OUTSIDE or name.startswith(VENDOR_PREFIXES) or name.upper().endswith("_PROXY"):
            del environ[name]


def _refuse_foreign_sockets(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: it also sees what SDKs do deep inside, and nothing has to be patched."""
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not _is_loopback(arguments[1][0]):
        raise RuntimeError("A test tried to connect to another machine.")
    if event == "socket.getaddrinfo" and arguments[0] and not _is_loopback(arguments[0]):
        raise RuntimeError("A test tried to look up another machine's name.")


def _is_loopback(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in {"localhost", "0.0.0.0", "::", ""}:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


_clean(os.environ)  # noqa: TID251 -- the suite must not see the settings of the person who runs it
os.environ["SSL_CERT_FILE"] = str(NOBODY)  # noqa: TID251 -- OpenSSL's own name, for the programs that tests start too
sys.addaudithook(_refuse_foreign_sockets)


def pytest_collection_finish() -> None:
    """What stands by now stays to the end: looking through it again and again for garbage is a tenth of the suite."""
    gc.collect()
    gc.freeze()


@functools.cache
def _company() -> Company:
    return company()


@functools.cache
def _keys() -> tuple[SigningKey, SigningKey]:
    """Making RSA keys is slow; tests that roll or publish keys change the world's lists, never these."""
    return SigningKey.new(["msteams", "webchat"]), SigningKey.new()


@functools.cache
def _parts(kind: Hashable) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]] | None:
    """How an object of plain data is taken apart; None for what cannot change."""
    if not isinstance(kind, type) or not is_dataclass(kind):
        return None
    names = tuple(item.name for item in fields(kind))
    return names, attrgetter(*names, names[0])  # with one name alone it would not be a tuple


def copied(value: Any) -> Any:
    """A deep copy of plain data that shares what cannot change: the company's files are many megabytes."""
    kind = type(value)
    if kind is list:
        return [copied(part) for part in value]
    parts = _parts(cast("Hashable", kind))
    if parts is None:
        return value
    names, values = parts
    clone = object.__new__(kind)
    for name, part in zip(names, values(value), strict=False):
        object.__setattr__(clone, name, part if type(part) in UNCHANGING else copied(part))
    return clone


UNCHANGING = frozenset({str, int, bool, bytes, float, type(None), tuple, frozenset, datetime})


def fresh_world() -> World:
    """The seeded company, nobody else's. Its clock is the real one, so that SDKs with a clock of their own agree."""
    bot, entra = _keys()
    return World(cast("Company", copied(_company())), bot_keys=[bot], entra_keys=[entra])


@pytest.fixture
def world() -> World:
    """This test's own."""
    return fresh_world()


@pytest.fixture
async def tenant(world: World) -> AsyncIterator[World]:
    """The same world with every wire listening (`tenant.urls`, `infra.local.tenant.environment(tenant)`)."""
    async with running(world):
        yield world
