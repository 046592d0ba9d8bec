"""Budgets: whose they are, which month it is where they hold, and a sentence for each mistake in the table."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cost.budgets import Budgets, OverBudget, Owner, Warned
from bot.cost.words import money, percent, stopped, warnings
from bot.texts import Texts

EN, DE = Texts("en"), Texts("de")


def test_each_and_own() -> None:
    budgets = Budgets.read(
        {
            "person": 20,
            "organisation": 500.5,
            "persons": {"ida": 50, "ben": 0},
            "conversations": {"19:ops@thread.tacv2;messageid=1": 7},
            "administrators": ["ida"],
            "raised_by": "Mara in IT",
            "timezone": "Europe/Berlin",
        }
    )
    assert budgets.any
    assert budgets.limit(Owner("person", "ana")) == 20_000_000
    assert budgets.limit(Owner("person", "ida")) == 50_000_000
    assert budgets.limit(Owner("person", "ben")) == 0
    assert budgets.limit(Owner("organisation", "tenant")) == 500_500_000
    assert budgets.limit(Owner("conversation", "19:ops@thread.tacv2")) == 7_000_000
    assert budgets.limit(Owner("conversation", "19:other@thread.tacv2")) is None
    assert not Budgets.read({}).any
    assert Budgets.read({}).limit(Owner("person", "ana")) is None


def test_a_month_is_that_of_its_zone() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert Budgets.read({}).month(late).name == "2026-11"
    berlin = Budgets.read({"timezone": "Europe/Berlin"}).month(late)
    assert berlin.name == "2026-12"
    assert berlin.begins == datetime(2026, 12, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert berlin.ends == datetime(2027, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))


@given(st.integers(1_577_836_800, 2_208_988_800), st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland"]))
def test_every_moment_lies_in_its_month(seconds: int, zone: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    budgets = Budgets.read({"timezone": zone})
    month = budgets.month(at)
    assert month.begins <= at < month.ends
    assert budgets.month(month.ends).begins == month.ends
    assert budgets.month(month.begins) == month


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"persn": 1}, "no 'persn'"),
        ({"person": "20"}, "person is an amount"),
        ({"person": True}, "person is an amount"),
        ({"person": -1}, "from 0 on"),
        ({"organisation": float("nan")}, "from 0 on"),
        ({"persons": 5}, "persons is a table"),
        ({"persons": {"ida": "x"}}, "persons, ida is an amount"),
        ({"administrators": "ida"}, "administrators is a list"),
        ({"administrators": [""]}, "administrators is a list"),
        ({"raised_by": 5}, "raised_by"),
        ({"timezone": "Berlin"}, "time zone"),
        ({"timezone": "../etc"}, "time zone"),
        ({"timezone": 1}, "time zone"),
    ],
)
def test_a_mistake_is_a_sentence(table: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=r"\[budgets\]") as raised:
        Budgets.read(table)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("micros", "shown"),
    [
        (0, "$0.00"),
        (99, "less than $0.0001"),
        (100, "$0.0001"),
        (1234, "$0.0012"),
        (56_700, "$0.057"),
        (123_456, "$0.12"),
        (12_345_678, "$12.35"),
        (5_000_000_000, "$5000.00"),
    ],
)
def test_amounts_are_readable(micros: int, shown: str) -> None:
    assert money(micros, EN) == shown
    assert money(12_345_678, DE) == "12,35 $"


def test_a_stop_says_when_it_ends_and_who_can_change_it() -> None:
    ends = datetime(2026, 12, 1, tzinfo=UTC)
    said = stopped(OverBudget("person", 20_000_000, ends, "Mara in IT"), EN)
    assert "$20.00" in said
    assert "2026-12-01" in said
    assert "Mara in IT can raise it" in said
    assert "wer mich betreibt" in stopped(OverBudget("organisation", 1, ends, ""), DE)
    assert warnings([Warned("conversation", 75, 7_000_000)], EN) == (
        "This conversation has used 75 % of its budget for this month ($7.00).",
    )
    assert (percent(199, 200), percent(5, 0)) == (99, 100)
