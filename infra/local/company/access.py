"""Who may read what in the company: the one rule that Graph's answers, the tests and the canaries all go by."""

from infra.local.company.model import Channel, Chat, Company, Grant, Item, Team

Place = Team | Channel | Chat


class Access:
    """Answers for one state of a company; make a new one after changing items, grants, groups or people."""

    def __init__(self, company: Company) -> None:
        self._items = {item.id: item for item in company.items}
        self._groups = {group.id: frozenset(group.members) | frozenset(group.owners) for group in company.groups}
        self._everyone = frozenset(person.id for person in company.people)
        self._staff = frozenset(person.id for person in company.people if not person.is_guest)
        self._readers: dict[str, frozenset[str]] = {}

    def readers(self, item: Item) -> frozenset[str]:
        """Person ids: the item's own grants and, unless inheritance is broken, those of every folder above it."""
        known = self._readers.get(item.id)
        if known is None:
            known = frozenset[str]().union(*(self._of_grant(grant) for grant in item.grants))
            parent = None if item.break_inheritance else self._items.get(item.parent_id)
            if parent is not None:
                known |= self.readers(parent)
            self._readers[item.id] = known
        return known

    def can_read(self, person_id: str, item: Item) -> bool:
        return person_id in self.readers(item)

    def _of_grant(self, grant: Grant) -> frozenset[str]:
        people = self._groups.get(grant.group_id, frozenset())
        if grant.person_id in self._everyone:
            people |= {grant.person_id}
        if grant.link_scope == "anonymous":
            people |= self._everyone
        if grant.link_scope == "organization":
            # A link for people in the organisation does not work for its guests.
            people |= self._staff
        return people


def readers(company: Company, item: Item) -> frozenset[str]:
    """Person ids. Reads the company afresh; for many items keep an `Access`."""
    return Access(company).readers(item)


def can_read(company: Company, person_id: str, item: Item) -> bool:
    """Reads the company afresh; for many items keep an `Access`."""
    return Access(company).can_read(person_id, item)


def members_of(company: Company, place: Place) -> frozenset[str]:
    """Person ids of a team, a channel or a chat."""
    if isinstance(place, Chat):
        return frozenset(place.members)
    if isinstance(place, Channel):
        return channel_members(company, place)
    group = next((group for group in company.groups if group.id == place.group_id), None)
    return frozenset(group.members) | frozenset(group.owners) if group else frozenset()


def channel_members(company: Company, channel: Channel) -> frozenset[str]:
    """Person ids: a standard channel has its team's members, a private or shared one its own."""
    if channel.kind != "standard":
        return frozenset(channel.members)
    return members_of(company, next(team for team in company.teams if team.id == channel.team_id))
