"""Questions about the company with known answers, and secrets with those who may know them."""

from infra.local.company.bundle import Section, sections
from infra.local.company.model import ExampleQuestion
from infra.local.company.people import person_id
from infra.local.company.teams import channel_id, chat_id

_KEYS = frozenset({"person", "channel", "group", "expect", "sources", "demo"})


def _question(section: Section) -> ExampleQuestion:
    fields = section.fields
    asked = ExampleQuestion(
        person_id(fields["person"]), section.title, _list(fields.get("expect", "")), _list(fields.get("sources", ""))
    )
    if "channel" in fields:
        team, _, channel = fields["channel"].partition("/")
        asked.place, asked.place_id = "channel", channel_id(team, channel)
    elif "group" in fields:
        asked.place, asked.place_id = "group", chat_id(fields["group"])
    return asked


def _list(text: str) -> list[str]:
    return text.split(" | ") if text else []


_SECTIONS = tuple(sections("questions.txt", _KEYS))
QUESTIONS = tuple(_question(section) for section in _SECTIONS)
DEMO_QUESTIONS = tuple(q for q, section in zip(QUESTIONS, _SECTIONS, strict=True) if "demo" in section.fields)
"""One person's four: a mail, a Word file, a cell of a spreadsheet, and something that is nowhere."""

_HR = frozenset({"katrin", "liam", "maren"})
CANARIES: dict[str, frozenset[str]] = {
    "Moorland": frozenset({"maren", "tomas"}),
    "Linden": frozenset({"maren", "tomas", "katrin"}),
    "91300": _HR,
    "91,300": _HR,
    "86900": _HR,
    "97,800": _HR,
    "52,300 GBP": _HR,
    "Hafenbank": frozenset({"maren", "tomas", "ben"}),
    "2,240 USD": frozenset({"sofia", "priya", "dana"}),
    "Morava Drives": frozenset({"priya", "sofia"}),
    "Investitionen 2027": frozenset({"jonas", "oskar"}),
}
"""Words that stand only where these people (by lower-case given name) can read them."""
