"""The policy file: read strictly, and every mistake said in a sentence with its line and its rule."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.context import Person
from bot.policy.file import PolicyError, read
from bot.policy.lines import line_of
from bot.policy.rules import Asker, Policy, Refused
from bot.policy.table import DEFAULT_TABLE, TASKS

ROOT = Path(__file__).parent.parent.parent
DOORS = ("anthropic", "azure", "bedrock", "compatible", "openai")
MODELS = {"claude": "anthropic", "gpt": "openai", "local": "compatible"}
SOFIA = Asker(Person("sofia", "Sofia", "tidewell"), frozenset(), frozenset())


def written(folder: Path, text: str) -> Policy:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return read(str(path), doors=DOORS, models=MODELS)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        written(folder, text)
    return str(caught.value).splitlines()


def test_the_example_is_a_policy_that_does_what_it_says(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "policy.example.toml").read_text(encoding="utf-8")
    policy = written(tmp_path, text)
    finance = Asker(Person("f", "F", "t"), frozenset(), frozenset({"0d1c6f5e-8a57-4d0b-9e0a-3a8d1f2b7c64"}))
    assert policy.permits(finance, "personal", "anthropic", "claude") == Refused("Finance stays on our own server")
    assert policy.permits(finance, "personal", "compatible", "local") is None
    assert policy.permits(SOFIA, "channel", "openai", "gpt") == Refused("Nothing kept of what is said in channels")
    assert policy.permits(SOFIA, "personal", "openai", "gpt") is None
    assert policy.permits(SOFIA, "personal", "openai", "gpt", {"Confidential"}) == Refused("Confidential")
    assert policy.permits(SOFIA, "personal", "anthropic", "claude", {"confidential"}) is None
    assert policy.permits(SOFIA, "digest", "anthropic", "claude", {"confidential"}) == Refused("confidential")
    assert policy.default == "auto"
    assert [row.name for row in policy.table][-1] == "Everything long"
    assert policy.budgets


def test_without_a_file_everything_is_allowed_and_the_table_is_ours() -> None:
    policy = read("", doors=DOORS, models=MODELS)
    assert policy.permits(SOFIA, "channel", "openai", "gpt", {"Secret"}) is None
    assert (policy.table, policy.default) == (DEFAULT_TABLE, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("order = ", "The policy file is not TOML: Invalid value (at end of document)."),
        ("rules = 1", "The policy file, line 1, rules: input should be a valid tuple."),
        ("\nrule = 1", "The policy file, line 2, rule: I don't know this word."),
        (
            '[[rules]]\nname = "A"\ndeny = "all"\n\n[[rules]]\nname = "B"\ndeny = { doors = ["antropic"] }',
            f"The policy file, line 7, rule “B”, deny: there is no door antropic: there is {', '.join(DOORS)}.",
        ),
        (
            '[[rules]]\nname = "A"\nplaces = ["attic"]\ndeny = "all"',
            "The policy file, line 3, rule “A”, places: it may be 'personal', 'group', 'channel' or 'digest'.",
        ),
        ('[[rules]]\ndeny = "all"', "The policy file, line 1, rule 1, name: name is missing."),
        (
            '# A comment\n[[rules]]\nname = "A"\nplaces = ["channel"]',
            "The policy file, line 2, rule “A”: it does nothing: it needs allow, deny or retention.",
        ),
        (
            '[[rules]]\nname = "A"\nallow = "all"\ndeny = "all"',
            "The policy file, line 4, rule “A”, deny: a rule either allows or denies.",
        ),
        (
            '[[rules]]\nname = "A"\nretention = "soon"',
            'The policy file, line 3, rule “A”, retention: must be "none" or a time such as "30 days".',
        ),
        (
            '[[rules]]\nname = "A"\ndeny = "all"\n[[rules]]\nname = "a"\ndeny = "all"',
            "The policy file, line 5, rule “a”, name: this name is given twice.",
        ),
        (
            '[labels.Secret]\norder = ["Secret"]',
            "The policy file, line 2, labels.Secret.order: this word stands at the top of the file, before the first line in [brackets].",
        ),
        (
            '[[rules]]\nname = "A"\ndeny = {}',
            'The policy file, line 3, rule “A”, deny: names no model; write "all" for every one.',
        ),
        (
            '[models.gemini]\nretention = "none"',
            "The policy file, line 1, models.gemini: there is no model gemini: there is claude, gpt, local.",
        ),
        ('default = "gemini"', "The policy file, line 1, default: gemini is none of the models: there is auto, claude, gpt, local."),
        (
            '[[auto]]\nname = "Long"\nuse = "claude"\ncost = "low"',
            'The policy file, line 1, row “Long”: say what answers: either use = "<a model>" or cost = "low", "medium" or "high".',
        ),
        (
            '[[auto]]\nname = "Long"\nuse = "gemini"',
            "The policy file, line 3, row “Long”, use: there is no model gemini: there is claude, gpt, local.",
        ),
        (
            '[[auto]]\nname = "Long"\ntask = ["poem"]\nuse = "gpt"',
            f"The policy file, line 3, row “Long”, task: it may be {', '.join(map(repr, TASKS[:-1]))} or 'code'.",
        ),
        (
            '[labels.Secret]\ndoors = ["antropic"]',
            f"The policy file, line 2, labels.Secret.doors: there is no door antropic: there is {', '.join(DOORS)}.",
        ),
        ("[labels.Secret]\ndoor = []", "The policy file, line 2, labels.Secret.door: I don't know this word."),
        (
            'order = ["Public"]\n[labels.Secret]\ndoors = []',
            "The policy file, line 2, labels.Secret: this label is not in the order.",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_line_and_its_rule(tmp_path: Path, text: str, said: str) -> None:
    assert mistakes(tmp_path, text) == [said]


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    text = 'default = "x"\n[[rules]]\nname = "A"\ndeny = { models = ["x"], doors = ["y"], vendors = ["z"] }'
    found = mistakes(tmp_path, text)
    assert [line.split(":")[1].strip() for line in found] == [
        "x is none of the models", "there is no model x", "there is no door y", "there is no vendor z",
    ]  # fmt: skip


def test_a_missing_file_and_a_name_that_is_taken_are_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="can't read"):
        read(str(tmp_path / "none.toml"), doors=DOORS, models=MODELS)
    with pytest.raises(PolicyError, match="MODELS: the name 'auto' is taken"):
        read("", doors=DOORS, models={"auto": "openai"})


@given(st.text(alphabet='[]rulesabo"=.\n {},#\\', max_size=60))
def test_any_text_is_a_policy_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    with suppress(PolicyError):
        written(tmp_path_factory.getbasetemp(), text)
    assert line_of(text, ("rules", 0, "name")) >= 0


def test_a_line_is_found_or_that_of_what_stands_around_it() -> None:
    text = 'a = 1\n[[rules]]\nname = "x"\n[[ rules ]]  # the second\nname = "y"\n"places" = []\n[labels."In house"]\ndoors = []'
    assert line_of(text, ("rules", 1, "places", 0)) == 6
    assert line_of(text, ("rules", 1, "deny")) == 4
    assert line_of(text, ("rules", 0, "places")) == 2
    assert line_of(text, ("labels", "In house", "doors", 0)) == 8
    assert line_of(text, ("a",)) == 1
    assert line_of(text, ("nowhere",)) == 0
