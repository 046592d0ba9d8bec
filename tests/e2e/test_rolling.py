"""Two versions on one database: the one before this one's schema beside this one, and digests that another version began.

The older version is taken from the project's own history; a copy without one has no such test, and says so by not having it.
"""

import asyncio
import io
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from bot.store.migrate import HEAD
from infra.local.connector_state import connector_state
from infra.local.replica import ROOT, Replica
from infra.local.world import World
from tests.e2e.digesters import Digesters
from tests.e2e.replicas import hire, office
from tests.postgres import PostgresServer, postgres_server
from tests.store.effects import all_finished

__all__ = ["postgres_server"]  # a fixture: pytest finds it by this import

READERS = 8
MESSAGES = 24


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout


def _version_before(folder: Path) -> Path:
    """The newest tree with an older schema that can run: between two states that were tried there may be one that can't."""
    changes = _git("log", "--format=%H", "-G", "^HEAD = ", "--", "bot/store/migrate.py").decode().split()
    assert changes, "the history is cut off: fetch it whole"
    for commit in _git("rev-list", "--max-count=40", f"{changes[0]}^").decode().split():
        tree = folder / commit
        with tarfile.open(fileobj=io.BytesIO(_git("archive", commit, "bot", "graph", "providers"))) as archive:
            archive.extractall(tree, filter="data")
        if (
            subprocess.run(
                [sys.executable, "-c", "import bot.app"], cwd=tree, capture_output=True, check=False
            ).returncode
            == 0
        ):
            return tree
    raise AssertionError("no older version runs any more")


if (ROOT / ".git").exists():

    @pytest.mark.slow
    async def test_the_version_before_this_schema_works_beside_this_one_and_alone_after_it(
        world: World, postgres_server: PostgresServer, tmp_path: Path
    ) -> None:
        name, old = "rolling", _version_before(tmp_path)
        (schema,) = re.findall(r'^HEAD = "(\d+)"$', (old / "bot/store/migrate.py").read_text("utf-8"), re.MULTILINE)
        url = postgres_server.create(name)
        async with office(world, url, most=3 * MESSAGES, seed=7, count=1, root=old, revision=schema) as running:
            assert postgres_server.sql("SELECT version_num FROM alembic_version", name).strip() == schema < HEAD
            await running.deliver(running.compose(MESSAGES))
            new = Replica(running.settings)
            try:
                await new.start()
                assert postgres_server.sql("SELECT version_num FROM alembic_version", name).strip() == HEAD
                running.replicas.append(new)
                await running.deliver(running.compose(MESSAGES))
                await all_finished(running.database, 60)
            finally:
                assert await new.stop() == 0
            running.replicas.remove(new)
            await running.deliver(running.compose(MESSAGES))
            await all_finished(running.database, 60)
            found = running.tally()
            assert found.kept, found
            assert found.answered == 3 * MESSAGES
        assert connector_state(world).violations == []


def _changed(file: Path, pattern: str, by: str) -> None:
    text, count = re.subn(pattern, by, file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert count == 1, file
    file.write_text(text, encoding="utf-8")


async def _begun(digests: Digesters) -> None:
    async with asyncio.timeout(60):
        while True:
            states = (await digests.tally()).states
            if states["composing"] or states["delivered"]:
                return
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_digests_that_another_version_began_come_once(
    world: World, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """With other steps, so that nothing of it is replayed: when its time is over (ten minutes; here seconds), each is made from its row."""
    for package in ("bot", "graph", "providers"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    _changed(tmp_path / "bot/digests/engine.py", r'^VERSION = "\d+"$', 'VERSION = "0"')
    _changed(tmp_path / "bot/digests/ticking.py", r"^STUCK_SECONDS = 600\.0$", "STUCK_SECONDS = 8.0")
    people = hire(world, READERS + 1, first=9000)[:READERS]
    async with office(world, postgres_server.create("versions"), most=0, seed=8, count=1, root=tmp_path) as running:
        digests = Digesters(world, running.teams, running.database, people)
        await digests.sign_in()
        await digests.ask()
        await digests.ask()
        await _begun(digests)
        await running.replicas[0].kill()
        assert (await digests.tally()).over < 2 * READERS, "or nothing was under way"
        new = Replica(running.settings)
        try:
            await new.start()
            found = await digests.settled(90)
        finally:
            await new.stop()
        assert found.kept, found
        assert found.states["delivered"] == 2 * READERS, found
