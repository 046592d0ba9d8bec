"""Databases that do not answer, cannot be written, or are of another version."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.doctor.finding import State
from bot.store.database import Database
from bot.store.migrate import HEAD
from infra.local.postgres import PostgresServer, free_port
from tests.doctor.site import Site, told
from tests.store.prepared import sqlite_in


def path_of(site: Site) -> Path:
    return Path(str(site.values["database_url"]).removeprefix("sqlite:///"))


def version(site: Site, revision: str) -> str:
    """Another database with this in its table of versions."""
    file = site.folder / "version.db"
    file.write_bytes(Path(sqlite_in(site.folder / "fresh").removeprefix("sqlite:///")).read_bytes())
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()
    return f"sqlite:///{file}"


async def test_made_by_a_newer_version(site: Site) -> None:
    """Ours runs on it, so that updates roll."""
    await site.finds("store", "9999", "docs/upgrading.md", state=State.WARNING, database_url=version(site, "9999"))


async def test_made_by_an_older_version(site: Site) -> None:
    url = version(site, "0004")
    await site.finds("store", "0004", "python -m bot migrate", state=State.WARNING, database_url=url)
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0004",)


async def test_nothing_is_made_before_the_first_start(site: Site) -> None:
    folder = site.folder / "new" / "er"
    found = await site.examined("store", "keys", "digests", "disk", database_url=f"sqlite:///{folder}/parley.db")
    assert {one.state for one in found} == {State.OK}, told(found)
    assert not (site.folder / "new").exists()


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """For whoever runs the tests: `root` may write anywhere, so for the while it is nobody."""
    folder.chmod(0o555)
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        for above in [folder, *folder.parents]:
            if above.stat().st_uid == 0 and above.stat().st_mode & 0o005 != 0o005:
                above.chmod(above.stat().st_mode | 0o055)
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


@pytest.mark.parametrize("there", [True, False], ids=["file", "no file"])
async def test_a_folder_that_cannot_be_written(site: Site, there: bool) -> None:
    folder = site.folder / "locked"
    folder.mkdir()
    if there:
        shutil.copy(path_of(site), folder / "parley.db")
        (folder / "parley.db").chmod(0o444)
    found = await site.examined(database_url=f"sqlite:///{folder}/parley.db")
    with read_only(folder):
        found = await site.examined("store", "keys", "digests", database_url=f"sqlite:///{folder}/parley.db")
    states = {one.name: one.state for one in found}
    assert states["store"] is State.WRONG, told(found)
    assert [name for name, state in states.items() if state in {State.WRONG, State.WARNING}] == ["store"], told(found)
    assert "DATABASE_URL" in told(found)


async def test_no_database_at_all(site: Site) -> None:
    file = site.folder / "text.db"
    file.write_text("Dear diary, " * 100, encoding="utf-8")
    await site.finds("store", "no database of ours", "DATABASE_URL", database_url=f"sqlite:///{file}")


async def test_no_address(site: Site) -> None:
    await site.finds("store", "DATABASE_URL", database_url="mysql://somewhere/parley")


async def test_postgresql_that_is_not_running(site: Site) -> None:
    url = f"postgresql://parley:secret@127.0.0.1:{free_port()}/parley"
    await site.finds("store", "does not answer", "DATABASE_URL", database_url=url)


async def test_postgresql_in_order_and_then_not(site: Site, postgres_server: PostgresServer) -> None:
    url = postgres_server.create(f"doctor_{os.getpid()}")
    await (await Database.open(url, [site.key])).aclose()
    found = await site.examined("store", "keys", "digests", "disk", database_url=url)
    assert {one.state for one in found} == {State.OK}, told(found)
    assert f"its schema is {HEAD}" in next(one for one in found if one.name == "store").findings[0].what
    postgres_server.sql(f'ALTER DATABASE "doctor_{os.getpid()}" SET default_transaction_read_only = on')
    await site.finds("store", "read", "DATABASE_URL", database_url=url)
    await site.finds("store", "does not answer", "DATABASE_URL", database_url=f"{url}_gone")
    await asyncio.to_thread(postgres_server.drop, f"doctor_{os.getpid()}")
