"""The people of Tidewell Pumps and the groups they are in; everything else in the company hangs on them."""

from infra.local.company import ids
from infra.local.company.model import Group, Person

NAME = "Tidewell Pumps"
DOMAIN = "tidewell.example"
TENANT_ID = ids.guid("tenant", DOMAIN)

# key, given name, surname, job title, department, manager's key, time zone, locale
_STAFF = (
    ("maren", "Maren", "Okafor", "Chief Executive Officer", "Executive", "", "Europe/London", "en-GB"),
    ("tomas", "Tomas", "Lindgren", "Chief Financial Officer", "Finance", "maren", "Europe/London", "en-GB"),
    ("ben", "Ben", "Carter", "Controller", "Finance", "tomas", "Europe/London", "en-GB"),
    ("katrin", "Katrin", "Vogel", "HR Director", "Human Resources", "maren", "Europe/Berlin", "de-DE"),
    ("liam", "Liam", "Hughes", "HR Business Partner", "Human Resources", "katrin", "Europe/London", "en-GB"),
    ("priya", "Priya", "Raman", "Head of Engineering", "Engineering", "maren", "Europe/London", "en-GB"),
    ("sofia", "Sofia", "Almeida", "Product Manager, Heron", "Engineering", "priya", "Europe/Lisbon", "en-US"),
    ("hiro", "Hiro", "Tanaka", "Senior Firmware Engineer", "Engineering", "priya", "Asia/Tokyo", "en-US"),
    ("jonas", "Jonas", "Weber", "Plant Manager Kassel", "Operations", "maren", "Europe/Berlin", "de-DE"),
    ("elena", "Elena", "Marchetti", "Procurement Lead", "Operations", "jonas", "Europe/Rome", "en-US"),
    ("oskar", "Oskar", "Brandt", "Quality Engineer", "Operations", "jonas", "Europe/Berlin", "de-DE"),
    ("dana", "Dana", "Whitfield", "VP Sales Americas", "Sales", "maren", "America/Chicago", "en-US"),
    ("aisha", "Aisha", "Rahman", "Customer Support Lead", "Sales", "dana", "Europe/London", "en-GB"),
    ("nils", "Nils", "Petersen", "IT Administrator", "IT", "tomas", "Europe/Berlin", "de-DE"),
)
GUEST_MAIL = "marco.bianchi@studio-arco.example"

HERON_MEMBERS = ("sofia", "priya", "hiro", "elena", "oskar", "jonas", "aisha", "dana", "marco")
OPERATIONS_MEMBERS = ("jonas", "elena", "oskar", "nils", "priya", "katrin", "ben", "aisha")


def person_id(key: str) -> str:
    """From the lower-case given name, which the company's texts use for a person."""
    return ids.guid("person", key)


def people() -> list[Person]:
    staff = [
        Person(
            id=person_id(key),
            teams_id=ids.teams_user(key),
            given_name=given,
            surname=surname,
            mail=f"{given}.{surname}@{DOMAIN}".lower(),
            job_title=title,
            department=department,
            manager_id=person_id(manager) if manager else None,
            timezone=timezone,
            locale=locale,
        )
        for key, given, surname, title, department, manager, timezone, locale in _STAFF
    ]
    guest = Person(
        id=person_id("marco"),
        teams_id=ids.teams_user("marco"),
        given_name="Marco",
        surname="Bianchi",
        mail=GUEST_MAIL,
        job_title="Industrial Designer, Studio Arco",
        department="External",
        manager_id=None,
        timezone="Europe/Rome",
        is_guest=True,
    )
    return [*staff, guest]


def group_id(name: str) -> str:
    return ids.guid("group", name)


def groups() -> list[Group]:
    """One group a department, two that stand behind the teams, and all staff."""
    departments: dict[str, list[str]] = {}
    for key, _, _, _, department, *_ in _STAFF:
        departments.setdefault(department, []).append(key)
    return [
        *(_group(name, members, members[:1]) for name, members in departments.items()),
        _group("All Staff", [row[0] for row in _STAFF], ["nils"]),
        _group("Heron", HERON_MEMBERS, ["sofia", "priya"]),
        _group("Kassel Operations", OPERATIONS_MEMBERS, ["jonas"]),
    ]


def _group(name: str, members: list[str] | tuple[str, ...], owners: list[str]) -> Group:
    return Group(
        id=group_id(name),
        name=name,
        mail=f"{name.lower().replace(' ', '-')}@{DOMAIN}",
        members=[person_id(key) for key in members],
        owners=[person_id(key) for key in owners],
    )


# key -> (name, address) of the people outside who write to the company
OUTSIDE = {
    "adler": ("Uwe Adler", "uwe.adler@gusswerk-adler.example"),
    "brenta": ("Giulia Brenta", "giulia@fonderia-brenta.example"),
    "kestrel": ("Kestrel Seals", "orders@kestrel-seals.example"),
    "rotaseal": ("Per Holm", "per.holm@rotaseal.example"),
    "voltaro": ("Rui Pinto", "rui.pinto@voltaro.example"),
    "nordhaus": ("Nordhaus Prüflabor", "emc@nordhaus.example"),
    "nordhaus_audit": ("Nordhaus Zertifizierung", "audit@nordhaus.example"),
    "seidel": ("Renate Seidel", "renate.seidel@stadtwerke-marlenbach.example"),
    "corran": ("Declan Keane", "declan.keane@corranvalley.example"),
    "lakeshore": ("Walter Gibbs", "wgibbs@lakeshore-water.example"),
    "carrick": ("Sean Doyle", "sean@carrick-dairy.example"),
    "hafenbank": ("Hafenbank Firmenkunden", "corporate@hafenbank.example"),
    "hydroexpo": ("HydroExpo Exhibitor Service", "service@hydroexpo.example"),
    "build": ("Heron Build", "build@ci.tidewell.example"),
    "pumpworld": ("Pump World Weekly", "news@pumpworld.example"),
    "wasserbrief": ("Wasserbrief", "redaktion@wasserbrief.example"),
    "parcel": ("Kurier Nord", "noreply@kurier-nord.example"),
    "mailboxes": ("Mailbox Service", "noreply@mail.tidewell.example"),
    "expenses": ("Expense Portal", "noreply@expenses.tidewell.example"),
    "rabatt": ("Rabatt24 Partnerteam", "partner@rabatt24.example"),
    "seo": ("Growth Team", "hello@ranknow.example"),
    "tips": ("Productivity Tips", "digest@tipsmail.example"),
}
ALL_STAFF = ("All Staff", f"all-staff@{DOMAIN}")
STAFF_KEYS = tuple(row[0] for row in _STAFF)
GERMAN_OUTSIDE = frozenset({"adler", "seidel", "nordhaus_audit", "wasserbrief", "parcel", "rabatt"})
_ADDRESSES = {
    **OUTSIDE,
    **{person.given_name.lower(): (person.name, person.mail) for person in people()},
    "all": ALL_STAFF,
}


def address(key: str) -> tuple[str, str]:
    """Name and mail address of somebody inside or outside, or of `all`. Raises KeyError."""
    return _ADDRESSES[key]


def locale_of(key: str) -> str:
    return next((row[-1] for row in _STAFF if row[0] == key), "de-DE" if key in GERMAN_OUTSIDE else "en-US")
