"""A policy file with mistakes: each is told with its line."""

import pytest

from bot.doctor.finding import State
from tests.doctor.site import Site

GOOD = '[[rules]]\nname = "Nothing abroad"\nregions = ["us"]\ndeny = { doors = ["openai"] }\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("regions", "regoins"), ("line 3", "Nothing abroad", "docs/policy.md")),
        (GOOD.replace("openai", "opanai"), ("there is no door opanai",)),
        (GOOD.replace("]]", "]"), ("docs/policy.md",)),
        ("rules = = 1\n", ("not TOML", "line 1")),
        ("[budgets]\nmonthly = 3\n", ("budgets", "docs/policy.md")),
    ],
    ids=["word", "door", "form", "no TOML", "budgets"],
)
async def test_a_mistake(site: Site, text: str, words: tuple[str, ...]) -> None:
    file = site.folder / "policy.toml"
    file.write_text(text, encoding="utf-8")
    await site.finds("policy", *words, policy=str(file))


async def test_two_mistakes_are_two_findings(site: Site) -> None:
    file = site.folder / "policy.toml"
    file.write_text(GOOD.replace("regions", "regoins") + GOOD.replace("openai", "opanai"), encoding="utf-8")
    found = await site.examined("policy", policy=str(file))
    assert len(found[0].findings) >= 1
    file.write_text(GOOD, encoding="utf-8")
    assert (await site.examined("policy", policy=str(file)))[0].state is State.OK


async def test_a_file_that_is_not_there(site: Site) -> None:
    await site.finds("policy", "POLICY names a file", policy=str(site.folder / "none.toml"))
