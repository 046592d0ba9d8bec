"""An engine whose file is broken, or whose schema it may not make."""

import asyncio
import os
from pathlib import Path

from bot.doctor.finding import State
from bot.store.database import Database
from infra.local.postgres import PostgresServer
from tests.doctor.site import Site


async def test_a_broken_file(site: Site) -> None:
    file = Path(str(site.values["database_url"]).removeprefix("sqlite:///"))
    file.with_name(f"{file.stem}-dbos{file.suffix}").write_bytes(b"broken" * 1000)
    await site.finds("digests", "-dbos.db", "remove that file")
    assert (await site.examined("digests", digests=False))[0].state is State.OK


async def test_a_schema_that_may_not_be_made(site: Site, postgres_server: PostgresServer) -> None:
    name = f"engine_{os.getpid()}"
    url = postgres_server.create(name)
    await (await Database.open(url, [site.key])).aclose()
    postgres_server.sql("CREATE ROLE guest LOGIN IN ROLE pg_read_all_data, pg_write_all_data")
    await site.finds("digests", "GRANT CREATE", database_url=url.replace("parley@", "guest@"))
    await asyncio.to_thread(postgres_server.drop, name)
    postgres_server.sql("DROP ROLE guest")
