"""Who may read what: inheritance, groups, links and guests, against a slow and obvious second opinion."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from infra.local.company.access import Access, can_read, channel_members, members_of, readers
from infra.local.company.model import Channel, Chat, Company, Grant, Group, Item, Person, Team

_WHEN = datetime(2026, 11, 20, tzinfo=UTC)
_PEOPLE = ("ann", "bob", "guest")


def _person(id: str) -> Person:
    return Person(id, f"29:{id}", id, "X", f"{id}@a.example", "", "", None, is_guest=id == "guest")


def _item(id: str, parent: str, grants: list[Grant], broken: bool = False) -> Item:
    return Item(id, "drive", parent, id, _WHEN, _WHEN, "ann", "ann", True, grants=grants, break_inheritance=broken)


def _company(items: list[Item]) -> Company:
    group = Group("group", "Group", "g@a.example", ["ann", "guest"], ["bob"])
    return Company("t", "A", "a.example", _WHEN, people=[_person(id) for id in _PEOPLE], groups=[group], items=items)


_grants = st.lists(
    st.one_of(
        st.sampled_from([*_PEOPLE, "stranger"]).map(lambda id: Grant("g", person_id=id)),
        st.sampled_from(["group", "unknown"]).map(lambda id: Grant("g", group_id=id)),
        st.just(Grant("g", link_scope="organization")),
        st.just(Grant("g", link_scope="anonymous")),
        st.sampled_from(_PEOPLE).map(lambda id: Grant("g", person_id=id, link_scope="users")),
    ),
    max_size=3,
)


def _opens(grant: Grant, person: str) -> bool:
    return (
        grant.person_id == person
        or grant.group_id == "group"
        or grant.link_scope == "anonymous"
        or (grant.link_scope == "organization" and person != "guest")
    )


@given(st.lists(st.tuples(_grants, st.booleans()), min_size=1, max_size=5))
def test_a_person_reads_what_a_grant_on_the_way_up_opens(chain: list[tuple[list[Grant], bool]]) -> None:
    items = [_item(str(n), str(n - 1) if n else "", grants, broken) for n, (grants, broken) in enumerate(chain)]
    company = _company(items)
    start = max((n for n, (_, broken) in enumerate(chain) if broken), default=0)
    counting = [grant for grants, _ in chain[start:] for grant in grants]
    expected = {person for person in _PEOPLE if any(_opens(grant, person) for grant in counting)}
    assert readers(company, items[-1]) == expected
    assert {person for person in _PEOPLE if can_read(company, person, items[-1])} == expected
    assert Access(company).readers(items[-1]) <= set(_PEOPLE)


def test_nobody_reads_what_nobody_was_given() -> None:
    assert readers(_company([_item("root", "", [])]), _item("lost", "nowhere", [])) == frozenset()


def test_a_private_channel_has_its_own_members() -> None:
    company = _company([])
    team = Team("19:a@thread.tacv2", "group", "A")
    company.teams.append(team)
    standard = Channel("19:b@thread.tacv2", team.id, "B")
    private = Channel("19:c@thread.tacv2", team.id, "C", "private", ["bob"])
    assert channel_members(company, standard) == members_of(company, team) == {"ann", "bob", "guest"}
    assert channel_members(company, private) == members_of(company, private) == {"bob"}
    assert members_of(company, Chat("19:d@thread.v2", "group", ["ann"])) == {"ann"}
