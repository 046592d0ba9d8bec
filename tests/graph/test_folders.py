"""A link to a folder: what lies in it, its newest files, and nothing for those who may not open it."""

import pytest

from graph.errors import Forbidden, IsFolder, NotFound
from graph.files import Files
from graph.folders import folder_at
from infra.local.company.model import Item
from infra.local.teams_files import address
from infra.local.world import World
from tests.graph.conftest import People


def general(world: World) -> Item:
    """The folder of the Heron team's files that holds the folder `Budget`."""
    budget = next(item for item in world.company.items if item.name == "Budget" and item.is_folder)
    return next(
        item for item in world.company.items if item.id == budget.parent_id and item.drive_id == budget.drive_id
    )


async def test_a_folder_is_listed_with_its_newest_files_first(tenant: World, people: People) -> None:
    folder = await folder_at(people.of("Sofia"), address(tenant, general(tenant)))
    inside = [item for item in tenant.company.items if item.parent_id == general(tenant).id]
    assert "- Budget (folder)" in folder.document.text
    assert {file.title for file in folder.files} == {item.name for item in inside if not item.is_folder}
    assert [file.modified for file in folder.files] == sorted((file.modified for file in folder.files), reverse=True)
    assert all(f"- {file.title} (changed " in folder.document.text for file in folder.files)
    assert folder.document.complete
    assert await Files(people.of("Sofia")).readers(folder.document.id)


async def test_one_call_says_it_all(tenant: World, people: People) -> None:
    await folder_at(people.of("Sofia"), address(tenant, general(tenant)))
    assert len(people.calls) == 1


async def test_a_folder_is_no_file_and_a_file_no_folder(tenant: World, people: People) -> None:
    with pytest.raises(IsFolder):
        await Files(people.of("Sofia")).open_file(address(tenant, general(tenant)))
    file = next(item for item in tenant.company.items if item.name == "Heron budget.xlsx")
    with pytest.raises(NotFound):
        await folder_at(people.of("Sofia"), address(tenant, file))


async def test_nobody_sees_into_a_folder_that_is_not_theirs(tenant: World, people: People) -> None:
    salaries = next(item for item in tenant.company.items if item.name.startswith("Salar"))
    locked = next(
        item for item in tenant.company.items if item.id == salaries.parent_id and item.drive_id == salaries.drive_id
    )
    with pytest.raises((Forbidden, NotFound)):
        await folder_at(people.of("Jonas"), address(tenant, locked))
