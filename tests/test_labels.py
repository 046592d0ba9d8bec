"""The administrator's rules for labels: read strictly, said plainly when wrong, applied without regard to case."""

from pathlib import Path

import pytest

from bot.labels import LabelRules, LabelRulesError

DOORS = ("anthropic", "openai", "offline")
RULES = """
order = ["Public", "General", "Confidential", "Secret"]
[labels.Secret]
doors = []
[labels.Confidential]
doors = ["anthropic"]
places = ["personal"]
"""


def rules(tmp_path: Path, text: str) -> LabelRules:
    path = tmp_path / "labels.toml"
    path.write_text(text, encoding="utf-8")
    return LabelRules.read(str(path), DOORS)


def test_rules_limit_doors_and_places(tmp_path: Path) -> None:
    read = rules(tmp_path, RULES)
    assert not any(read.allows("secret", door=door, place="personal") for door in DOORS)
    assert read.allows("Confidential", door="anthropic", place="personal")
    assert not read.allows("Confidential", door="openai", place="personal")
    assert not read.allows("CONFIDENTIAL", door="anthropic", place="channel")
    assert read.allows("General", door="openai", place="channel")
    assert read.allows("", door="openai", place="channel")
    assert read.allows("Never heard of", door="openai", place="channel")


def test_the_most_restricted_label_wins(tmp_path: Path) -> None:
    read = rules(tmp_path, RULES)
    assert read.highest(["General", "confidential", "", "Public"]) == "confidential"
    assert read.highest(["", ""]) == ""
    assert read.highest(["Unheard", "Public"]) == "Public"
    assert LabelRules().highest(["B", "A"]) in {"A", "B"}


def test_without_a_file_there_are_no_rules() -> None:
    assert LabelRules.read("", DOORS).allows("Secret", door="openai", place="channel")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("order = ", "not TOML"),
        ('[labels.Secret]\ndoors = ["antropic"]', "antropic"),
        ('[labels.Secret]\nplaces = ["attic"]', "labels.Secret.places.0"),
        ("[labels.Secret]\ndoor = []", "labels.Secret.door"),
        ('order = ["Public"]\n[labels.Secret]\ndoors = []', "not in its order"),
        ("rules = 1", "rules"),
    ],
)
def test_a_wrong_file_is_said_in_a_sentence(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(LabelRulesError, match=why):
        rules(tmp_path, text)


def test_a_missing_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LabelRulesError, match="can't read"):
        LabelRules.read(str(tmp_path / "none.toml"), DOORS)
