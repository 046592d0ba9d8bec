"""Prices: exact, by the model that answered, overridable; a mistake in the table is a sentence, and no price is not the price 0."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cost.prices import Price, Prices
from providers.base import Usage

OURS = Prices.read()
PLAIN = Price(Decimal(2), Decimal("0.2"), Decimal("2.5"), Decimal(10))


def write(folder: Path, text: str) -> str:
    path = folder / "prices.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("door", "name", "dollars"),
    [
        ("anthropic", "claude-sonnet-5-5", 2),
        ("anthropic", "claude-sonnet-5-5-20261015", 2),
        ("bedrock", "global.anthropic.claude-opus-5-5-20261015-v1:0", 4),
        ("vertex", "claude-opus-5-5@20261015", 4),
        ("vertex", "claude-opus-5-5@default", 4),
        ("openai", "gpt-6.2-sol-2026-11-17", 2),
        ("azure", "GPT-6.2-Sol", 2),
        ("offline", "whatever", 0),
    ],
)
def test_a_model_is_found_under_the_names_clouds_give_it(door: str, name: str, dollars: int) -> None:
    price = OURS.of(door, name)
    assert price is not None
    assert price.input == dollars


@pytest.mark.parametrize(
    "name", ["claude-sonnet-5", "claude-sonnet-5-5-fast", "gpt-6.2", "gpt-6.2-solar", "llama-local", "prod", ""]
)
def test_a_model_nobody_priced_has_no_price(name: str) -> None:
    assert OURS.of("compatible", name) is None
    assert OURS.unknown([("compatible", name), ("anthropic", "claude-opus-5-5")]) == [f"compatible:{name}"]


def test_the_one_that_answered_counts_before_the_one_that_was_asked() -> None:
    sol = OURS.of("azure", "gpt-6.2-sol-2026-11-17", "our-deployment")
    assert sol == OURS.of("openai", "gpt-6.2-sol")
    assert OURS.of("azure", "", "gpt-6.2-sol") == sol
    assert OURS.of("azure", "", "our-deployment") is None


def test_every_kind_of_token_has_its_price() -> None:
    usage = Usage(input=1_000_000, cache_read=600_000, cache_write=100_000, output=50_000, reasoning=20_000)
    # 300,000 fresh at 2, 600,000 read at 0.20, 100,000 written at 2.50, 50,000 out (reasoning among them) at 10 dollars a million
    assert PLAIN.cost(usage) == 600_000 + 120_000 + 250_000 + 500_000
    assert PLAIN.cost(usage, Decimal("0.5")) == 735_000
    assert PLAIN.cost(Usage()) == 0
    assert PLAIN.cost(Usage(input=3, cache_read=1)) == 5  # 4.2, rounded up


def test_a_long_request_costs_more_as_a_whole() -> None:
    sol = OURS.of("openai", "gpt-6.2-sol")
    assert sol is not None
    assert sol.cost(Usage(input=272_000, output=1000)) == 272_000 * 2 + 10_000
    assert sol.cost(Usage(input=272_001, output=1000)) == 272_001 * 4 + 15_000


tokens = st.integers(0, 2_000_000)


@given(tokens, tokens, st.integers(0, 100), st.integers(0, 100))
def test_no_call_costs_more_than_the_most_it_can(given: int, written: int, read: int, stored: int) -> None:
    for price in OURS.rows.values():
        read_share = given * read // 200
        usage = Usage(given, read_share, (given - read_share) * stored // 200, written)
        assert 0 <= price.cost(usage) <= price.most(given, written)


def test_a_file_takes_the_place_of_what_it_names(tmp_path: Path) -> None:
    text = 'as_of = 2027-01-01\n[models]\n"GPT-6.2-sol" = {input = 1.75, output = 9}\n"azure:gpt-6.2-sol" = {input = 2.2, output = 11}\n'
    prices = Prices.read(write(tmp_path, text))
    assert prices.as_of == date(2027, 1, 1)
    assert prices.of("openai", "gpt-6.2-sol") == Price(Decimal("1.75"), Decimal("1.75"), Decimal("1.75"), Decimal(9))
    azure = prices.of("azure", "gpt-6.2-sol-2026-11-17")
    assert azure is not None
    assert azure.output == 11
    assert prices.of("anthropic", "claude-opus-5-5") == OURS.of("anthropic", "claude-opus-5-5")
    assert prices.batch == Decimal("0.5")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("as_of =", "no TOML"),
        ("[models]", "as_of"),
        ("as_of = 2026-11-22\nmodel = 1", "no 'model'"),
        ("as_of = 2026-11-22\nmodels = 1", "tables"),
        ("as_of = 2026-11-22\n[models.x]\ninput = 1", "needs input and output"),
        ("as_of = 2026-11-22\n[models.x]\ninput = 1\noutput = 2\nreasoning = 3", "needs input and output"),
        ("as_of = 2026-11-22\n[models.x]\ninput = true\noutput = 2", "x, input must be a number"),
        ("as_of = 2026-11-22\n[models.x]\ninput = -1\noutput = 2", "from 0 on"),
        ("as_of = 2026-11-22\n[models.x]\ninput = nan\noutput = 2", "from 0 on"),
        ("as_of = 2026-11-22\n[models.x]\ninput = 1\noutput = 2\nlong = 5", "long is written"),
        ("as_of = 2026-11-22\n[models.x]\ninput = 1\noutput = 2\nlong = {above = 1.5, input = 1, output = 1}", "long is written"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ValueError, match="PRICES") as raised:
        Prices.read(write(tmp_path, text))
    assert says in str(raised.value)
    with pytest.raises(ValueError, match="PRICES must be a TOML file that I can read"):
        Prices.read(str(tmp_path / "nowhere.toml"))
