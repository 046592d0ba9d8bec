"""People and groups of the directory."""

from typing import Any

from infra.local.company.model import Group, Person
from infra.local.graph.call import Answer, Call, Refused
from infra.local.graph.errors import bad_request, not_found
from infra.local.graph.index import normalise, words
from infra.local.graph.odata import follow
from infra.local.graph.paging import Listing, chosen, listed, of_json, single

DEFAULT = [
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
]
"""What a user shows without $select (user-get)."""


def user_json(person: Person, *, full: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "businessPhones": [],
        "displayName": person.name,
        "givenName": person.given_name,
        "jobTitle": person.job_title or None,
        "mail": person.mail,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": person.locale,
        "surname": person.surname,
        "userPrincipalName": person.mail,
        "id": person.id,
    }
    if not full:
        return shown
    return shown | {
        "department": person.department or None,
        "userType": "Guest" if person.is_guest else "Member",
        "accountEnabled": True,
        "mailNickname": person.mail.partition("@")[0],
        "otherMails": [],
        "proxyAddresses": [f"SMTP:{person.mail}"],
        "postalCode": None,
        "companyName": None,
        "usageLocation": None,
        "assignedLicenses": [],
        "identities": [
            {
                "signInType": "userPrincipalName",
                "issuer": person.mail.partition("@")[2],
                "issuerAssignedId": person.mail,
            }
        ],
        "mailboxSettings": {"timeZone": person.timezone, "language": {"locale": person.locale}},
    }


def mailbox_settings(call: Call) -> Answer:
    """With the automatic replies a test has set: `world.state["replies"]`, by person id (user-get-mailboxsettings)."""
    owner = call.owner
    replies = call.world.state.get("replies", {}).get(owner.id, {"status": "disabled"})
    shown = {
        "automaticRepliesSetting": replies,
        "timeZone": owner.timezone,
        "language": {"locale": owner.locale, "displayName": owner.locale},
        "userPurpose": "user",
    }
    return single(call, shown, f"users('{owner.id}')/mailboxSettings")


def _render(person: Person, select: list[str]) -> dict[str, Any]:
    return chosen(user_json(person, full=True), select) if select else user_json(person)


def _listing() -> Listing:
    return Listing(_render, lambda person, name: follow(user_json(person, full=True), (name,)), 100, 999)


def get_user(call: Call) -> Answer:
    if call.user is None:
        raise not_found("directory")
    person = call.user
    if person.id != call.caller.person_id and not call.has(*OTHERS):
        raise Refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    _guest_limit(call, person)
    shown = _render(person, call.select())
    if "manager" in call.query.get("expand", "").lower():
        shown["manager"] = _managers(call, person, levels=20 if "levels" in call.query["expand"] else 1)
    return Answer({"@odata.context": f"{call.base}/$metadata#users/$entity", **shown})


def _managers(call: Call, person: Person, *, levels: int) -> dict[str, Any] | None:
    boss = call.people.get(person.manager_id or "")
    if boss is None or levels == 0:
        return None
    above = _managers(call, boss, levels=levels - 1)
    return {"@odata.type": "#microsoft.graph.user", **user_json(boss), **({"manager": above} if above else {})}


OTHERS = ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All")


def _guest_limit(call: Call, person: Person | None = None) -> None:
    if not call.caller.app_only and call.me.is_guest and (person is None or person.id != call.me.id):
        raise Refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def list_users(call: Call) -> Answer:
    _guest_limit(call)
    rows = sorted(call.company.people, key=lambda person: person.name)
    if "search" in call.query:
        if call.headers.get("consistencylevel", "").lower() != "eventual":
            text = "Request with $search query parameter only works with a special request header: 'ConsistencyLevel: eventual'"
            raise Refused(400, "Request_UnsupportedQuery", text)
        rows = [person for person in rows if _found(person, call.query["search"])]
    return listed(call, rows, _listing(), context="users")


def _found(person: Person, search: str) -> bool:
    """`"displayName:ana"`, joined by AND or OR; each word matches the beginning of a word of the property."""
    shown = user_json(person, full=True)

    def clause(text: str) -> bool:
        name, colon, value = text.strip().strip('"').partition(":")
        if not colon:
            raise bad_request(f"Syntax error: character ':' expected in '{text.strip()}'.", "Request_BadRequest")
        prepared = normalise(str(follow(shown, (name,)) or ""))
        return all(f" {word}" in prepared for word in words(value))

    return any(all(clause(part) for part in either.split(" AND ")) for either in search.split(" OR "))


def get_manager(call: Call) -> Answer:
    manager = call.people.get(call.user.manager_id or "") if call.user else None
    if manager is None:
        raise not_found("directory")
    shown = {"@odata.type": "#microsoft.graph.user", **user_json(manager)}
    return Answer({"@odata.context": f"{call.base}/$metadata#directoryObjects/$entity", **chosen(shown, call.select())})


def direct_reports(call: Call) -> Answer:
    reports = [person for person in call.company.people if call.user and person.manager_id == call.user.id]
    rows = [{"@odata.type": "#microsoft.graph.user", **user_json(person)} for person in reports]
    return of_json(rows, call, context="directoryObjects")


def photo(call: Call) -> Answer:
    raise Refused(
        404,
        "ImageNotFound",
        "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.",
    )


def list_people(call: Call) -> Answer:
    """Colleagues by relevance: those one writes with most, then one's department."""
    owner = call.owner
    counted: dict[str, int] = {}
    for mail in call.company.mails:
        if mail.mailbox == owner.id:
            for _, address in [(mail.sender_name, mail.sender_address), *mail.to]:
                counted[address.casefold()] = counted.get(address.casefold(), 0) + 1
    others = [person for person in call.company.people if person.id != owner.id]
    others.sort(
        key=lambda person: (-counted.get(person.mail.casefold(), 0), person.department != owner.department, person.name)
    )
    wanted = words(call.query.get("search", "").strip('"'))
    rows = [
        person_json(person, rank)
        for rank, person in enumerate(others)
        if all(_in_name(person, word) for word in wanted)
    ]
    return of_json(rows, call, context=f"users('{owner.id}')/people", top=10)


def _in_name(person: Person, word: str) -> bool:
    return f" {word}" in normalise(f"{person.name} {person.mail}")


def person_json(person: Person, rank: int = 0) -> dict[str, Any]:
    return {
        "id": person.id,
        "displayName": person.name,
        "givenName": person.given_name,
        "surname": person.surname,
        "birthday": "",
        "personNotes": "",
        "isFavorite": False,
        "jobTitle": person.job_title or None,
        "companyName": None,
        "yomiCompany": "",
        "department": person.department or None,
        "officeLocation": None,
        "profession": "",
        "userPrincipalName": person.mail,
        "imAddress": f"sip:{person.mail}",
        "scoredEmailAddresses": [
            {"address": person.mail, "relevanceScore": float(max(1, 30 - rank)), "selectionLikelihood": "notSpecified"}
        ],
        "phones": [],
        "postalAddresses": [],
        "websites": [],
        "personType": {"class": "Person", "subclass": "Guest" if person.is_guest else "OrganizationUser"},
    }


def find_group(call: Call, group_id: str) -> Group:
    for group in call.company.groups:
        if group.id == group_id:
            return group
    raise not_found("directory")


UNSET_OF_GROUP = (
    "createdDateTime",
    "expirationDateTime",
    "isAssignableToRole",
    "membershipRule",
    "membershipRuleProcessingState",
    "onPremisesDomainName",
    "onPremisesLastSyncDateTime",
    "onPremisesNetBiosName",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "preferredDataLocation",
    "preferredLanguage",
    "renewedDateTime",
    "securityIdentifier",
    "theme",
)


def group_json(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "deletedDateTime": None,
        "classification": None,
        "description": None,
        "displayName": group.name,
        "groupTypes": ["Unified"],
        "mail": group.mail,
        "mailEnabled": True,
        "mailNickname": group.mail.partition("@")[0],
        "creationOptions": [],
        "proxyAddresses": [f"SMTP:{group.mail}"],
        "resourceBehaviorOptions": [],
        "resourceProvisioningOptions": ["Team"],
        "onPremisesProvisioningErrors": [],
        **dict.fromkeys(UNSET_OF_GROUP),
        "securityEnabled": False,
        "visibility": "Private",
    }


def get_group(call: Call, group: str) -> Answer:
    return single(call, group_json(find_group(call, group)), "groups")


def list_groups(call: Call) -> Answer:
    return of_json([group_json(group) for group in call.company.groups], call, context="groups")


def group_members(call: Call, group: str) -> Answer:
    return _members(call, [*find_group(call, group).members])


def group_owners(call: Call, group: str) -> Answer:
    return _members(call, find_group(call, group).owners)


def _members(call: Call, ids: list[str]) -> Answer:
    people = [call.people[person_id] for person_id in dict.fromkeys(ids) if person_id in call.people]
    rows = [{"@odata.type": "#microsoft.graph.user", **user_json(person)} for person in people]
    return of_json(rows, call, context="directoryObjects", max_top=999)
