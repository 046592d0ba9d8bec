"""A bot that runs forgets within seconds whom another process erased: nothing that its parts hold in memory tells of them."""

import asyncio
import gc
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bot.context import Person
from bot.store.database import Database
from bot.store.erasures import LOOK_SECONDS
from bot.store.personal import Personal
from infra.local.vendors.script import Reply
from tests.conftest import fresh_world
from tests.e2e.parley import parley_running

KEY = Fernet.generate_key().decode()
WORD = "xylograph"
NOT_FOLLOWED = (
    types.ModuleType, types.FunctionType, types.FrameType, types.CoroutineType, types.GeneratorType, type, asyncio.AbstractEventLoop,
    asyncio.Task,
)  # fmt: skip


def held(roots: Iterable[Any], words: Iterable[str]) -> list[str]:
    """Texts with one of these words, of everything that can be reached from `roots` without leaving the bot."""
    wanted = tuple(words)
    seen: set[int] = set()
    queue, found = list(roots), list[str]()
    while queue:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, str | bytes):
            text = one if isinstance(one, str) else one.decode(errors="replace")
            found += [text[:200] for word in wanted if word in text]
        elif not isinstance(one, NOT_FOLLOWED) and not type(one).__module__.startswith(("infra.", "tests.", "_pytest")):
            if isinstance(one, dict):  # its texts that are keys are not among what the collector follows
                queue += list(one)
            closure = getattr(one, "__closure__", None) or ()
            queue += [cell.cell_contents for cell in closure]
            queue += gc.get_referents(one)
    return found


async def test_the_memory_of_a_running_bot(tmp_path: Path) -> None:
    async with parley_running(fresh_world(), tmp_path, door="claude", encryption_keys=KEY) as parley:
        await parley.sign_in("Elena", "Sofia")
        elena, sofia = parley.world.person("Elena"), parley.world.person("Sofia")
        parley.world.state["script"] = [Reply(text=f"The {WORD} is fine.")] * 4
        for person in ("Elena", "Sofia", "Elena"):
            await parley.ask(person, f"How is the {WORD}, says {person}?")
        # The second question reads the first answer, so that it is kept opened.
        bot = parley.services.transcripts._database
        roots = [parley.services, bot, *(getattr(hook, "__self__", hook) for hook in bot.forgetting._all)]
        words = (f"says {elena.name.split()[0]}", "says Elena", elena.id, elena.mail)
        assert held(roots, words), "the search sees what is held"
        sign_in = parley.services.sign_in
        token = await sign_in.graph_token(Person(elena.id, elena.name, parley.world.company.tenant_id), ("User.Read",))
        assert held([sign_in._people], [token])

        other = await Database.open(f"sqlite:///{(tmp_path / 'parley.db').as_posix()}", [KEY])
        await Personal(other).erase(elena.id, gone=True)
        await other.aclose()
        await asyncio.sleep(2 * LOOK_SECONDS + 1)

        gc.collect()
        assert held(roots, words) == []
        assert held(roots, [token]) == []
        assert held([sign_in._people], [sofia.id]), "nobody else is forgotten"
        again = await parley.ask("Sofia", f"How is the {WORD} now?")
        assert WORD in again.text
