"""The mailbox as a source: found with the right words, whole, without quoted history, and nobody else's."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph.base import Document, Query
from graph.errors import GraphError, NotFound, Throttled
from graph.mail import MAX_HITS, SOURCE, Mail
from graph.mail import letter as _document
from infra.local.company.model import Mail as Letter
from infra.local.world import Fault, World
from tests.graph.conftest import People

EXAMPLES = Path(__file__).parent.parent / "data" / "graph_answers" / "answers.jsonl"


def mail(people: People, name: str = "Sofia") -> Mail:
    return Mail(people.of(name))


def with_file(world: World, ending: str) -> Letter:
    return next(
        m for m in world.company.mails if any(a.name.endswith(ending) and not a.is_inline for a in m.attachments)
    )


async def test_a_search_finds_the_mail_with_its_own_text(people: People) -> None:
    found = await mail(people).search(Query(all_of=("Heron", "budget")), top=10)
    titles = [document.title for document in found]
    assert "Re: Heron: budget for the project" in titles
    answer = found[titles.index("Re: Heron: budget for the project")]
    read = await mail(people).read_many([document.id for document in found])
    assert "485,000" in " ".join(document.text for document in read if isinstance(document, Document))
    assert answer.kind == "mail"
    assert answer.author.endswith(">")
    assert answer.link.startswith("http")
    assert answer.thread
    assert answer.modified.year == 2026


async def test_words_of_which_one_must_match_are_joined_by_or(people: People) -> None:
    assert not await mail(people).search(Query(all_of=("budget", "xyzzyx")), top=5)
    assert await mail(people).search(Query(any_of=("budget", "xyzzyx")), top=5)


async def test_everything_found_is_in_the_askers_own_mailbox(tenant: World, people: People) -> None:
    for name in ("Sofia", "Ben", "Dana"):
        own = {m.subject for m in tenant.company.mails if m.mailbox == tenant.person(name).id}
        found = await mail(people, name).search(Query(any_of=("Heron", "salary", "budget")), top=25)
        assert found
        assert {document.title for document in found} <= own


async def test_a_search_is_one_call_and_reading_all_of_it_another(tenant: World, people: People) -> None:
    source = mail(people)
    found = await source.search(Query(any_of=("Heron",)), top=9)
    assert len(await source.read_many([document.id for document in found])) == len(found) == 9
    assert [(r.method, r.path) for r in tenant.record] == [("POST", "/v1.0/search/query"), ("POST", "/v1.0/$batch")]
    assert tenant.record[0].body["requests"][0]["size"] <= MAX_HITS


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_refused_search_falls_back_to_the_mailboxs_own(tenant: World, people: People, status: int) -> None:
    tenant.faults.append(Fault("graph", "POST /v1.0/search/query", status=status))
    found = await mail(people).search(Query(all_of=("Heron",), any_of=("budget", "next year")), top=5)
    assert any("budget" in document.title for document in found)
    assert tenant.record[-1].path == "/v1.0/me/messages"


async def test_a_throttled_search_is_not_hidden_by_the_fallback(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", "POST /v1.0/search/query", status=429, headers={"Retry-After": "300"}, times=9))
    with pytest.raises(Throttled):
        await mail(people).search(Query(all_of=("Heron",)), top=5)


async def test_a_whole_mail_names_its_files_and_each_can_be_read(tenant: World, people: People) -> None:
    letter = with_file(tenant, ".docx")
    owner = tenant.person(letter.mailbox)
    source = mail(people, owner.given_name)
    found = await source.search(Query(all_of=(f'"{letter.subject}"',)), top=5)
    document = await source.read(next(d.id for d in found if d.title == letter.subject))
    name = next(a.name for a in letter.attachments if a.name.endswith(".docx"))
    assert f"- {name}" in document.text
    attached = next(a for a in [await source.read(id) for id in document.attachments] if a.title == name)
    assert attached.kind == "word"
    assert attached.attachment_of == document.id
    assert attached.thread == document.thread
    assert len(attached.text) > 50


@pytest.mark.parametrize(
    "id", ["", "mail:", "mail:a/b", "mail:a/att/", "files:x", "mail:../../users", "mail:%2e%2e", "mail:a/att/b/c"]
)
async def test_made_up_ids_lead_nowhere(tenant: World, people: People, id: str) -> None:
    with pytest.raises(GraphError):
        await mail(people).read(id)
    assert all(r.path.startswith("/v1.0/me/messages/") for r in tenant.record)


async def test_another_persons_mail_is_not_there(tenant: World, people: People) -> None:
    theirs = next(m for m in tenant.company.mails if m.mailbox == tenant.person("Katrin").id)
    with pytest.raises(NotFound):
        await mail(people).read(f"mail:{theirs.id}")


async def test_a_mailbox_is_private(people: People) -> None:
    assert await mail(people).readers("mail:x") is None
    assert SOURCE.scopes == ("Mail.Read",)


def examples(kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for line in EXAMPLES.read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry["type"] == kind:
            found += entry["body"]["value"] if "value" in entry["body"] else [entry["body"]]
    return [body for body in found if body.get("id")]


@pytest.mark.parametrize("body", examples("message"), ids=lambda body: str(body["id"])[-8:])
async def test_microsofts_example_messages_lose_nothing_we_use(body: dict[str, Any]) -> None:
    document = await _document(body)
    assert body["id"] in document.id.replace("%2F", "/")
    assert document.title == (body.get("subject") or "(no subject)").strip()
    if "from" in body:
        assert body["from"]["emailAddress"]["address"] in document.author
    if "body" in body or "bodyPreview" in body:
        assert document.text
    assert "<" not in document.text[:20]
    assert document.thread == body.get("conversationId", "")


@pytest.mark.parametrize(
    "body",
    [{}, {"id": 1, "from": [], "body": "x", "subject": None}, {"receivedDateTime": "soon", "webLink": "javascript:x"}],
)
async def test_a_message_of_any_shape_is_no_crash(body: dict[str, Any]) -> None:
    document = await _document(body)
    assert document.title == "(no subject)"
    assert document.link == ""


async def test_the_other_mails_of_a_conversation_come_newest_first_and_once(tenant: World, people: People) -> None:
    source = mail(people)
    found = [d for d in await source.search(Query(all_of=("Heron", "budget")), top=9) if "budget for" in d.title][:1]
    others = await source.around(found)
    assert others
    assert {document.thread for document in others} == {found[0].thread}
    assert found[0].id not in {document.id for document in others}
    moments = [document.modified for document in others]
    assert moments == sorted(moments, reverse=True)
    assert not await source.around(found)
    tenant.faults.append(Fault("graph", "GET /v1.0/me/messages", status=500, times=9))
    (another, *_) = await source.search(Query(all_of=("pilot",)), top=1)
    with pytest.raises(GraphError):
        await source.around([another])


async def test_senders_recipients_and_days_narrow_the_search(tenant: World, people: People) -> None:
    query = Query(
        any_of=("Heron",),
        people=("Tomas",),
        recipients=("Sofia",),
        after=datetime(2026, 10, 1, tzinfo=UTC),
        before=datetime(2026, 11, 30, tzinfo=UTC),
    )
    found = await mail(people).search(query, top=25)
    assert found
    assert all(document.author.startswith("Tomas Lindgren") and document.modified.month > 9 for document in found)
    kql = tenant.record[0].body["requests"][0]["query"]["queryString"]
    assert kql == "Heron AND from:Tomas AND to:Sofia AND received>=2026-10-01 AND received<=2026-11-30"
