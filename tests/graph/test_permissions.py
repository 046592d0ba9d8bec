"""Least privilege: each source works with exactly the permissions it declares, and without any one of them says which is missing."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from graph.base import Document, Query, SourceSpec
from graph.discover import discover, first_scopes
from graph.errors import ConsentRequired, Forbidden, NotFound
from tests.graph.conftest import People


@dataclass(frozen=True)
class Use:
    """Something a source finds for somebody."""

    person: str
    query: Query


PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
USES = {
    "calendar": Use("Sofia", Query(all_of=("budget", "talk"))),
    "channels": Use("Sofia", Query(all_of=("pilot", "starts"))),
    "chats": Use("Sofia", Query(all_of=("Rampe",))),
    "files": Use("Sofia", Query(all_of=("Heron", "budget"))),
    "mail": Use("Sofia", Query(all_of=("Heron", "budget"))),
    "meetings": Use("Sofia", Query(all_of=("foam", "inlay"))),
    "people": Use("Sofia", Query(any_of=("my manager", "controller"))),
    "planner": Use("Jonas", Query(all_of=("calibration",))),
    "retrieval": Use("Sofia", Query(question="Which seal replaces the RS-14?")),
    "shared": Use("Aisha", Query(all_of=("E37",))),
    "sites": Use("Sofia", Query(all_of=("modem", "reset"))),
    "tasks": Use("Sofia", Query(all_of=("passport",))),
}


async def used(people: People, spec: SourceSpec) -> list[Document]:
    """Everything a source can do."""
    use = USES[spec.name]
    source = spec.open(people.of(use.person, ()))
    found = await source.search(use.query, top=5)
    if found:
        await source.readers(found[0].id)
        found = [await source.read(found[0].id), *found]
    return found


def test_every_source_is_used_here() -> None:
    assert USES.keys() == discover().keys()


@pytest.mark.parametrize("spec", discover().values(), ids=lambda spec: spec.name)
async def test_what_it_declares_is_enough_and_each_of_it_is_needed(people: People, spec: SourceSpec) -> None:
    await _enough(people, spec)
    everything = frozenset({*spec.scopes, *spec.also})
    people.granted = everything
    whole = await used(people, spec)
    assert everything <= _asked(people), "a feature's permission is used when it is granted"
    for scope in spec.scopes:
        people.granted = everything - {scope}
        with pytest.raises(ConsentRequired) as raised:
            await used(people, spec)
        assert raised.value.scopes == (scope,), "the person is asked for just that"
        people.granted, people.lost = everything, frozenset({scope})
        assert await _length(people, spec) < sum(len(document.text) for document in whole), scope
        people.lost = frozenset()


async def _enough(people: People, spec: SourceSpec) -> None:
    people.granted = frozenset(spec.scopes)
    assert await used(people, spec)
    assert _asked(people) <= {*spec.scopes, *spec.also}, "a permission that nobody is told of"
    assert set(spec.scopes) <= _asked(people), "a permission that nothing needs"


def _asked(people: People) -> set[str]:
    return {scope for _, scopes, _ in people.asked for scope in scopes}


async def _length(people: People, spec: SourceSpec) -> int:
    """What Graph itself gives for a token without one of the permissions: nothing, or less."""
    try:
        return sum(len(document.text) for document in await used(people, spec))
    except (Forbidden, NotFound):
        return 0


def test_only_mail_and_files_are_asked_for_at_first() -> None:
    assert set(first_scopes(discover())) == {"Mail.Read", "Files.Read.All"}


@pytest.mark.parametrize("spec", discover().values(), ids=lambda spec: spec.name)
def test_the_page_about_permissions_names_them_all(spec: SourceSpec) -> None:
    rows = [row.split("|") for row in PAGE.read_text("utf-8").splitlines() if row.startswith(f"| `{spec.name}`")]
    ((_, _, needs, on_top, _),) = rows
    assert set(re.findall(r"`(\w+\.[\w.]+)`", needs)) == set(spec.scopes)
    assert set(re.findall(r"`(\w+\.[\w.]+)`", on_top)) == set(spec.also)
