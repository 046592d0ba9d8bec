"""Files as a source: found, read whatever their format, with those who may open them."""

import json
from typing import Any

import pytest

from graph.base import Query
from graph.errors import Forbidden, ForeignLink, GraphError, NotFound, Unreadable
from graph.extract.reasons import PASSWORD, SCAN
from graph.files import Files, _identities
from graph.files import document_of as _document
from graph.wire.download import is_public
from infra.local.company.model import Item
from infra.local.world import Fault, World
from tests.graph.conftest import People
from tests.graph.test_mail import EXAMPLES, examples


def files(people: People, name: str = "Sofia") -> Files:
    return Files(people.of(name))


def item(world: World, name: str) -> Item:
    return next(entry for entry in world.company.items if entry.name == name)


def id_of(world: World, name: str) -> str:
    found = item(world, name)
    return f"files:{found.drive_id}/{found.id}"


async def test_a_search_finds_files_with_the_matching_passage(people: People) -> None:
    found = await files(people).search(Query(all_of=("Heron", "budget")), top=10)
    document = next(d for d in found if d.title == "Heron budget.xlsx")
    assert document.kind == "excel"
    assert document.link.startswith("http")
    assert "<c0>" not in "".join(d.text for d in found)
    assert all(d.kind != "other" or "." in d.title for d in found)


async def test_people_find_only_what_they_may_open(people: People) -> None:
    salary = Query(any_of=("salary", "salaries"))
    assert any("Salar" in d.title for d in await files(people, "Katrin").search(salary, top=25))
    assert not any("Salar" in d.title for d in await files(people, "Jonas").search(salary, top=25))


@pytest.mark.parametrize(
    ("name", "kind", "holds"),
    [
        ("Heron budget.xlsx", "excel", "24560"),
        ("Casting supplier decision.docx", "word", "5 weeks"),
        ("Heron go-to-market.pptx", "powerpoint", "1,690"),
        ("Endurance test report RS-14.pdf", "pdf", "RS-14"),
        ("Decision log.md", "text", "13 April 2027"),
        ("Competitor overview.html", "web", ""),
        ("HRN-200 alarm codes.csv", "text", "E42"),
    ],
)
async def test_each_format_is_read(tenant: World, people: People, name: str, kind: str, holds: str) -> None:
    document = await files(people).read(id_of(tenant, name))
    assert document.kind == kind
    assert holds in document.text
    assert document.title == name


@pytest.mark.parametrize(("name", "reason"), [("Lieferschein 88412.pdf", SCAN), ("Bonus letters.pdf", PASSWORD)])
async def test_unreadable_files_say_why(tenant: World, people: People, name: str, reason: str) -> None:
    reader = "Katrin" if name.startswith("Bonus") else "Jonas"
    with pytest.raises(Unreadable) as raised:
        await files(people, reader).read(id_of(tenant, name))
    assert raised.value.reason == reason


async def test_a_download_carries_no_token(tenant: World, people: People) -> None:
    await files(people).read(id_of(tenant, "Decision log.md"))
    downloads = [r for r in tenant.record if "/download/" in r.path]
    assert downloads
    assert all("Authorization" not in r.headers for r in downloads)


@pytest.mark.parametrize(
    "location",
    [
        "https://tidewell.sharepoint.com.evil.example/x",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:9/x",
        "http://[::1]:9/x",
        "https://evil.example@127.0.0.1/x",
        "file:///etc/passwd",
        "https://10.0.0.1/x",
        "",
    ],
)
async def test_a_download_to_another_host_is_not_followed(tenant: World, people: People, location: str) -> None:
    tenant.faults.append(Fault("graph", "*/content", status=302, body={}, headers={"Location": location}))
    with pytest.raises(ForeignLink):
        await people.of("Sofia").content("/me/drive/items/x/content", max_bytes=100)


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "::ffff:10.0.0.1",
        "fe80::1",
        "fd00::1",
        "64:ff9b::a00:1",
        "0.0.0.0",
        "2002:a00:1::",
        "224.0.0.1",
        "x",
    ],
)
def test_private_addresses_are_refused(address: str) -> None:
    assert not is_public(address, loopback=True)


def test_loopback_is_for_configured_loopback_only() -> None:
    assert is_public("127.0.0.1", loopback=True)
    assert not is_public("127.0.0.1", loopback=False)
    assert is_public("52.96.0.1", loopback=False)


async def test_a_file_larger_than_allowed_is_refused(tenant: World, people: People) -> None:
    found = item(tenant, "TW-300 service manual.pdf")
    path = f"/drives/{found.drive_id}/items/{found.id}/content"
    with pytest.raises(Unreadable):
        await people.of("Jonas", ("Files.Read.All",)).content(path, max_bytes=1000)


async def test_a_pasted_link_opens_the_file(people: People) -> None:
    source = files(people)
    (found, *_) = await source.search(Query(all_of=("Decision", "log")), top=1)
    document, data = await source.open_file(found.link)
    assert document.title == found.title
    assert data
    with pytest.raises(GraphError):
        await source.open_file("javascript:alert(1)")


async def test_readers_are_named_people_and_members_of_groups(tenant: World, people: People) -> None:
    readers = await files(people).readers(id_of(tenant, "Decision log.md"))
    assert readers is not None
    assert tenant.person("Sofia").id in readers
    assert tenant.person("Katrin").id not in readers or any(
        tenant.person("Katrin").id in group.members for group in tenant.company.groups
    )


async def test_readers_without_a_look_into_groups_stay_a_subset(tenant: World, people: People) -> None:
    every = await files(people).readers(id_of(tenant, "Decision log.md")) or frozenset()
    tenant.faults.append(Fault("graph", "GET /v1.0/groups/*", status=403, times=99))
    fewer = await files(people).readers(id_of(tenant, "Decision log.md")) or frozenset()
    assert fewer <= every


async def test_readers_are_unknown_when_permissions_are_refused(tenant: World, people: People) -> None:
    tenant.faults.append(Fault("graph", "*/permissions", status=403))
    assert await files(people).readers(id_of(tenant, "Decision log.md")) is None


async def test_a_file_one_may_not_open(tenant: World, people: People) -> None:
    with pytest.raises((NotFound, Forbidden)):
        await files(people, "Jonas").read(id_of(tenant, "Salaries 2026.xlsx"))


@pytest.mark.parametrize(
    "id", ["", "files:", "files:a", "files:a/", "files:a/b/c", "mail:x", "files:../..", "files:%2e%2e/%2e%2e"]
)
async def test_made_up_ids_lead_nowhere(tenant: World, people: People, id: str) -> None:
    with pytest.raises(GraphError):
        await files(people).read(id)
    assert not tenant.record


def test_links_for_anybody_name_nobody() -> None:
    anybody = {"link": {"scope": "anonymous"}, "roles": ["read"], "grantedToIdentitiesV2": [{"user": {"id": "u"}}]}
    assert _identities(anybody) == []
    assert _identities({"roles": ["read"], "grantedToV2": {"user": {"id": "u"}}}) == [{"user": {"id": "u"}}]


@pytest.mark.parametrize("body", examples("driveItem"), ids=lambda body: str(body["id"])[-12:])
def test_microsofts_example_items_lose_nothing_we_use(body: dict[str, Any]) -> None:
    document = _document(body, text="")
    if "driveId" not in body.get("parentReference", {}):
        assert document is None
        return
    assert document is not None
    assert document.title == body["name"]
    assert document.link == body.get("webUrl", "")


def test_microsofts_example_permissions_name_their_people() -> None:
    named: list[str] = []
    for line in EXAMPLES.read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry["type"] == "permission":
            for body in entry["body"].get("value", [entry["body"]]):
                named += [identity["user"]["id"] for identity in _identities(body) if "id" in identity.get("user", {})]
    assert named


async def test_a_folder_named_in_the_question_narrows_the_search(tenant: World, people: People) -> None:
    found = await files(people).search(Query(any_of=("Heron",), place="in the Budget folder"), top=10)
    assert [document.title for document in found] == ["Heron budget.xlsx"]
    asked = [r.body["requests"][0]["query"]["queryString"] for r in tenant.record if r.path == "/v1.0/search/query"]
    assert "isContainer:true" in asked[0]
    assert "path:" in asked[1]


async def test_a_site_named_in_the_question_narrows_by_address(people: People) -> None:
    found = await files(people, "Katrin").search(Query(any_of=("salaries", "shift", "audit"), place="HR site"), top=25)
    assert found
    assert all("/sites/HR/" in document.link for document in found)


async def test_a_place_that_is_nowhere_holds_nothing(people: People) -> None:
    assert not await files(people).search(Query(any_of=("Heron",), place="the Xyzzyx folder"), top=10)


async def test_what_others_shared_with_me_is_in_their_onedrive(tenant: World, people: People) -> None:
    found = await files(people).search(Query(place="shared with me"), top=25)
    assert "Voltaro call notes.md" in {document.title for document in found}
    own = next(drive.id for drive in tenant.company.drives if drive.owner_id == tenant.person("Sofia").id)
    assert not [document for document in found if own in document.id]


async def test_without_words_the_newest_of_a_type_come_first(people: People) -> None:
    found = await files(people).search(Query(file_types=("xlsx",)), top=5)
    assert found
    assert [document.modified for document in found] == sorted((d.modified for d in found), reverse=True)
