"""The company's sites, drives, folders and files, from the texts under `texts/files/`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from infra.local.company import ids
from infra.local.company.bundle import Section, moment, sections
from infra.local.company.model import Drive, Grant, Item, Person, Site
from infra.local.company.people import DOMAIN, group_id, person_id
from infra.local.company.render import render

HOST = f"sharepoint.{DOMAIN}"
MY_HOST = f"my.sharepoint.{DOMAIN}"
KEYS = frozenset({"by", "only", "read", "grant", "link", "label", "special"})
_FOUNDED = "2026-05-25 08:00"


@dataclass(frozen=True, slots=True)
class Library:
    """One document library and who may open its root."""

    key: str
    """Also the name of its text file."""
    title: str
    group: str = ""
    """The group that writes here."""
    people: tuple[str, ...] = ()
    """People who write here without a group: a private channel, the CEO in Finance."""
    readers: str = ""
    """A group that reads here."""


HERON_PRICING = ("sofia", "priya", "dana")
SHIFT_PLANNING = ("jonas", "katrin", "oskar")
LIBRARIES = (
    Library("heron", "Heron", group="Heron"),
    Library("heron_pricing", "Heron-Pricing", people=HERON_PRICING),
    Library("operations", "Kassel Operations", group="Kassel Operations"),
    Library("operations_shifts", "Kassel Operations-Shift planning", people=SHIFT_PLANNING),
    Library("company", "Company", group="Executive", readers="All Staff"),
    Library("finance", "Finance", group="Finance", people=("maren",)),
    Library("hr", "HR", group="Human Resources", people=("maren",)),
)


@dataclass(slots=True)
class Storage:
    sites: list[Site] = field(default_factory=list[Site])
    drives: list[Drive] = field(default_factory=list[Drive])
    items: list[Item] = field(default_factory=list[Item])


def storage(people: list[Person]) -> Storage:
    """Every library, and a OneDrive for everybody who works here."""
    built = Storage()
    for library in LIBRARIES:
        _library(built, library)
    private: dict[str, list[Section]] = {}
    for section in sections("files/onedrive.txt", KEYS):
        owner, _, section.title = section.title.partition("/")
        private.setdefault(owner, []).append(section)
    for person in people:
        if not person.is_guest:
            _onedrive(built, person, private.get(person.given_name.lower(), []))
    return built


def drive_of(key: str) -> str:
    """Drive id of a library, or of a person's OneDrive, by key."""
    return ids.drive(key)


def item_at(key: str, path: str) -> str:
    """Item id by the drive's key and the path below its root."""
    return ids.item(f"{key}:{path}")


def more_files(name: str) -> list[Item]:
    """Further files of OneDrives, into the folder `Documents`, from a file of `texts/`."""
    found: list[Item] = []
    for section in sections(name, KEYS):
        owner, _, path = section.title.partition("/")
        by, changed_by, created, modified = _history(section.fields["by"])
        folder, _, file = path.rpartition("/")
        item = Item(
            item_at(owner, path), drive_of(owner), item_at(owner, folder), file, created, modified, person_id(by),
            person_id(changed_by),
        )  # fmt: skip
        _permit(item, section)
        done = render(file, section.body, author=changed_by.title(), modified=modified, special="")
        item.data, item.text, item.mime = done.data, done.text, done.mime
        found.append(item)
    return found


def _library(built: Storage, library: Library) -> None:
    slug = library.title.replace(" ", "")
    site = Site(
        id=ids.site(HOST, library.key),
        name=slug,
        display_name=library.title,
        web_url=f"https://{HOST}/sites/{slug}",
        group_id=group_id(library.group) if library.group else "",
    )
    grants = [_grant(f"{library.key}:{key}", person=key, role="write") for key in library.people]
    if library.group:
        grants.append(Grant(ids.grant(f"{library.key}:owners"), group_id=group_id(library.group), role="write"))
    if library.readers:
        grants.append(Grant(ids.grant(f"{library.key}:readers"), group_id=group_id(library.readers)))
    drive = Drive(
        id=ids.drive(library.key),
        name="Documents",
        kind="documentLibrary",
        owner_id=site.group_id,
        root_id=item_at(library.key, ""),
        web_url=f"{site.web_url}/Shared%20Documents",
        site_id=site.id,
    )
    built.sites.append(site)
    owner = library.people[0] if library.people else "nils"
    _fill(built, drive, library.key, grants, owner, list(sections(f"files/{library.key}.txt", KEYS)))


def _onedrive(built: Storage, person: Person, files: list[Section]) -> None:
    key = person.given_name.lower()
    drive = Drive(
        id=ids.drive(key),
        name="OneDrive",
        kind="business",
        owner_id=person.id,
        root_id=item_at(key, ""),
        web_url=f"https://{MY_HOST}/personal/{person.mail.replace('@', '_').replace('.', '_')}/Documents",
    )
    _fill(built, drive, key, [_grant(f"{key}:owner", person=key, role="owner")], key, files)


def _fill(built: Storage, drive: Drive, key: str, grants: list[Grant], owner: str, files: list[Section]) -> None:
    """The root, then each file with the folders above it; a folder may be named first to give it its own permissions."""
    founded = moment(_FOUNDED)
    root = Item(
        drive.root_id, drive.id, "", "root", founded, founded, person_id(owner), person_id(owner), True, grants=grants
    )
    built.drives.append(drive)
    built.items.append(root)
    known = {"": root}
    for section in files:
        path = section.title.removesuffix("/")
        by, changed_by, created, modified = _history(section.fields["by"])
        folder, _, name = path.rpartition("/")
        parent = _folder(built, known, key, folder, created, by)
        item = Item(
            id=item_at(key, path),
            drive_id=drive.id,
            parent_id=parent.id,
            name=name,
            created=created,
            modified=modified,
            created_by=person_id(by),
            modified_by=person_id(changed_by),
            is_folder=section.title.endswith("/"),
            label=section.fields.get("label", ""),
        )
        _permit(item, section)
        if item.is_folder:
            known[path] = item
        else:
            special = section.fields.get("special", "")
            done = render(name, section.body, author=changed_by.title(), modified=modified, special=special)
            item.data, item.text, item.mime = done.data, done.text, done.mime
        built.items.append(item)


def _folder(built: Storage, known: dict[str, Item], key: str, path: str, created: datetime, by: str) -> Item:
    if path not in known:
        above, _, name = path.rpartition("/")
        parent = _folder(built, known, key, above, created, by)
        known[path] = Item(
            item_at(key, path), parent.drive_id, parent.id, name, created, created, person_id(by), person_id(by), True
        )
        built.items.append(known[path])
    return known[path]


def _history(text: str) -> tuple[str, str, datetime, datetime]:
    """`sofia 2026-06-09 10:00, ben 2026-07-01 09:00`: who made it, and who changed it last."""
    entries = [entry.partition(" ") for entry in text.split(", ")]
    (by, _, created), (changed_by, _, modified) = entries[0], entries[-1]
    return by, changed_by, moment(created), moment(modified)


def _permit(item: Item, section: Section) -> None:
    """`only:` breaks inheritance, `read:` and `grant: write` add people, `link:` shares with a scope and people."""
    fields = section.fields
    if "only" in fields:
        item.break_inheritance = True
        item.grants += [_grant(f"{item.id}:only:{key}", person=key, role="write") for key in fields["only"].split(", ")]
    for key in filter(None, fields.get("read", "").split(", ")):
        item.grants.append(_grant(f"{item.id}:read:{key}", person=key))
    if "grant" in fields:
        role, _, key = fields["grant"].partition(" ")
        item.grants.append(_grant(f"{item.id}:grant:{key}", person=key, role="write" if role == "write" else "read"))
    if "link" in fields:
        scope, _, people = fields["link"].partition(" ")
        if scope == "organization":
            item.grants.append(Grant(ids.grant(f"{item.id}:link"), link_scope="organization"))
        for key in filter(None, people.split(", ")):
            grant = _grant(f"{item.id}:link:{key}", person=key)
            grant.link_scope = "users"
            item.grants.append(grant)


def _grant(name: str, *, person: str, role: Literal["read", "write", "owner"] = "read") -> Grant:
    return Grant(ids.grant(name), person_id=person_id(person), role=role)
