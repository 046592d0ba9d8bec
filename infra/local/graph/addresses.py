"""Addresses that need the company to be understood: `/me` and `/users/{id}`, and every way to name a drive and an item in it."""

from infra.local.company.model import Drive, Item, Person
from infra.local.graph.call import Call, Refused
from infra.local.graph.errors import not_found

OWNERS = {"me", "users", "groups", "sites"}


def resolve(call: Call) -> None:
    """Rewrites `call.segments` to the forms of the route table: `/me/...`, `/drives/{id}/items/{id}/...`. Raises `Refused`."""
    segments = call.segments
    if not segments:
        raise Refused(400, "BadRequest", "Invalid request.")
    if segments[0].lower() == "me":
        call.user = call.me
    elif segments[0].lower() == "users" and len(segments) > 1:
        call.user = _user(call, segments[1])
        call.segments = segments = ["me", *segments[2:]]
    if segments[0].lower() == "sites" and len(segments) > 1:
        call.segments = segments = _site_by_path(call, segments)
    _drive(call, segments)
    if len(call.segments) > 2 and call.segments[0] == "drives":
        _item(call)


def _user(call: Call, name: str) -> Person:
    wanted = name.casefold()
    for person in call.company.people:
        if wanted in {person.id.casefold(), person.mail.casefold()}:
            return person
    for mailbox in call.company.shared_mailboxes:
        if wanted in {mailbox.id.casefold(), mailbox.mail.casefold()}:
            return Person(mailbox.id, "", mailbox.name, "", mailbox.mail, "", "", None)
    raise Refused(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


def _site_by_path(call: Call, segments: list[str]) -> list[str]:
    """`/sites/{host}:/sites/{name}[:/...]` and `/sites/root`."""
    if segments[1].endswith(":"):
        host = segments[1][:-1]
        end = next((at for at in range(2, len(segments)) if segments[at].endswith(":")), len(segments) - 1)
        path = "/".join(segments[2 : end + 1]).rstrip(":")
        for site in call.company.sites:
            if site.web_url.casefold() == f"https://{host}/{path}".casefold():
                return ["sites", site.id, *segments[end + 1 :]]
        raise not_found("files")
    return segments


def _drive(call: Call, segments: list[str]) -> None:
    lowered = [segment.lower() for segment in segments]
    if lowered[0] == "drives" and len(segments) > 1:
        call.segments = ["drives", *segments[1:]]
        return
    owned = 1 if lowered[0] == "me" else 2
    if lowered[0] not in OWNERS or len(segments) <= owned or lowered[owned] != "drive":
        return
    if lowered[0] == "me":
        wanted = [
            drive
            for drive in call.company.drives
            if call.user and drive.owner_id == call.user.id and drive.kind == "business"
        ]
    elif lowered[0] == "groups":
        wanted = [drive for drive in call.company.drives if drive.owner_id == segments[1]]
    else:
        wanted = [drive for drive in call.company.drives if drive.site_id == segments[1]]
    if not wanted:
        raise Refused(
            404,
            "ResourceNotFound",
            "User's mysite not found." if lowered[0] == "me" else "Requested drive could not be found",
        )
    call.segments = ["drives", wanted[0].id, *segments[owned + 1 :]]


def find_drive(call: Call, drive_id: str) -> Drive:
    for drive in call.company.drives:
        if drive.id == drive_id:
            return drive
    raise Refused(
        404, "itemNotFound", "The provided drive id appears to be malformed, or does not represent a valid drive."
    )


def _item(call: Call) -> None:
    """`root`, `items/{id}`, each with `:/path:` behind it, become `items/{id}`; a path that does not exist stays a name in its parent."""
    head, rest = call.segments[:2], call.segments[2:]
    drive = find_drive(call, head[1])
    anchor = rest[0].rstrip(":").lower()
    if anchor == "root":
        start, colon, rest = drive.root_id, rest[0].endswith(":"), rest[1:]
    elif anchor == "items" and len(rest) > 1:
        name = rest[1].rstrip(":")
        start, colon, rest = drive.root_id if name == "root" else name, rest[1].endswith(":"), rest[2:]
    else:
        return
    if not colon:
        call.segments = [*head, "items", start, *rest]
        return
    end = next((at for at, part in enumerate(rest) if part.endswith(":")), len(rest) - 1)
    path = "/".join(rest[: end + 1])
    names = [name for name in path.removesuffix(":").split("/") if name]
    found, missing = walk(call, drive, start, names)
    if missing:
        # Only an upload may name what is not there yet.
        call.segments = [*head, "items", found, "new", missing, *rest[end + 1 :]]
        return
    call.segments = [*head, "items", found, *rest[end + 1 :]]


def walk(call: Call, drive: Drive, start: str, names: list[str]) -> tuple[str, str]:
    """(item id, "") or (parent's id, name of the missing last part). Raises `Refused` when a folder on the way is missing."""
    current = start
    for position, name in enumerate(names):
        child = _child(call, drive, current, name)
        if child is not None:
            current = child.id
        elif position == len(names) - 1:
            return current, name
        else:
            raise not_found("files")
    return current, ""


def _child(call: Call, drive: Drive, parent_id: str, name: str) -> Item | None:
    for item in call.company.items:
        if item.drive_id == drive.id and item.parent_id == parent_id and item.name.casefold() == name.casefold():
            return item if call.caller.app_only or call.access.can_read(call.caller.person_id, item) else None
    return None
