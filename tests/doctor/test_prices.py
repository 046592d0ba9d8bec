"""A table of prices that is broken, or lacks a model."""

import pytest

from bot.doctor.finding import State
from tests.doctor.site import Site


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('as_of = 2026-12-01\n[models."x"]\ninput = "dear"\noutput = 1\n', ("PRICES: x, input must be a number",)),
        ("as_of = 2026-12-01\nmodels = [\n", ("PRICES is no TOML",)),
        ("batch = 0.5\n", ("as_of", "docs/cost.md")),
    ],
    ids=["word", "no TOML", "no day"],
)
async def test_a_mistake(site: Site, text: str, words: tuple[str, ...]) -> None:
    file = site.folder / "prices.toml"
    file.write_text(text, encoding="utf-8")
    await site.finds("prices", *words, prices=str(file))


async def test_a_model_without_a_price(site: Site) -> None:
    models = "llama=compatible:llama-local"
    await site.finds("prices", "compatible:llama-local", "PRICES", state=State.WARNING, models=models)


async def test_budgets_cannot_count_what_has_no_price(site: Site) -> None:
    file = site.folder / "policy.toml"
    file.write_text("[budgets]\norganisation = 100\n", encoding="utf-8")
    await site.finds("prices", "budgets", "PRICES", models="llama=compatible:llama-local", policy=str(file))
