"""Shared mailboxes as a source: those the installation names, for those who have access."""

import pytest

from graph.base import Query
from graph.discover import available
from graph.errors import GraphError, NotFound
from graph.options import Options
from graph.shared import SharedMailboxes
from infra.local.world import Fault, World
from tests.graph.conftest import People

CODE = Query(all_of=("E37",))


def shared(people: People, name: str = "Aisha") -> SharedMailboxes:
    return SharedMailboxes(people.of(name))


async def test_a_mail_of_the_team_is_found_whole(people: People) -> None:
    (found,) = await shared(people).search(CODE, top=5)
    assert found.title == "Alarm text missing on the display"
    assert found.author.startswith("Sean Doyle")
    assert found.place == "support@tidewell.example"
    assert found.complete
    assert (await shared(people).read(found.id)).text == found.text
    assert await shared(people).readers(found.id) is None


async def test_who_has_no_access_finds_nothing_and_is_told_nothing(tenant: World, people: People) -> None:
    (found,) = await shared(people).search(CODE, top=5)
    source = shared(people, "Sofia")
    assert not await source.search(CODE, top=5)
    asked = len(tenant.record)
    assert not await source.search(CODE, top=5)
    assert len(tenant.record) == asked
    with pytest.raises(GraphError):
        await source.read(found.id)


async def test_only_mailboxes_that_are_named_are_opened(tenant: World, people: People) -> None:
    letter = next(m for m in tenant.company.mails if m.mailbox == tenant.person("Katrin").id)
    with pytest.raises(NotFound):
        await shared(people).read(f"shared:katrin.vogel@tidewell.example/{letter.id}")
    assert not tenant.record
    assert not await shared(people).search(Query(all_of=("E37",), place="the sales mailbox"), top=5)
    assert await shared(people).search(Query(all_of=("E37",), place="the support mailbox"), top=5)


async def test_a_mailbox_that_fails_is_named(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", "GET /v1.0/users/*", status=500, times=9))
    with pytest.raises(GraphError):
        await shared(people).search(CODE, top=5)


def test_it_is_off_unless_mailboxes_are_named() -> None:
    assert "shared" not in available(Options())
    assert "shared" in available(Options(shared_mailboxes=("a@b.example",)))
