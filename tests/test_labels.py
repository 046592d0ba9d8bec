"""The administrator's rules for labels: applied without regard to case. How they are read: tests/policy/test_file.py."""

from bot.labels import LabelRules, Rule

DOORS = ("anthropic", "openai", "offline")
RULES = LabelRules.of(
    ("Public", "General", "Confidential", "Secret"),
    {"Secret": Rule(doors=()), "Confidential": Rule(doors=("anthropic",), places=("personal",))},
)


def test_rules_limit_doors_and_places() -> None:
    assert not any(RULES.allows("secret", door=door, place="personal") for door in DOORS)
    assert RULES.allows("Confidential", door="anthropic", place="personal")
    assert not RULES.allows("Confidential", door="openai", place="personal")
    assert not RULES.allows("CONFIDENTIAL", door="anthropic", place="channel")
    assert not RULES.allows("CONFIDENTIAL", door="anthropic", place="digest")
    assert RULES.allows("General", door="openai", place="channel")
    assert RULES.allows("", door="openai", place="channel")
    assert RULES.allows("Never heard of", door="openai", place="channel")


def test_the_most_restricted_label_wins() -> None:
    assert RULES.highest(["General", "confidential", "", "Public"]) == "confidential"
    assert RULES.highest(["", ""]) == ""
    assert RULES.highest(["Unheard", "Public"]) == "Public"
    assert LabelRules().highest(["B", "A"]) in {"A", "B"}


def test_without_rules_everything_is_allowed() -> None:
    assert LabelRules().allows("Secret", door="openai", place="channel")
