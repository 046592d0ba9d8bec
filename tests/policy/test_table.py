"""The table of `auto`: first row that fits, never a guess."""

from decimal import Decimal

from bot.policy.table import DEFAULT_TABLE, Cost, Features, Picked, Row, class_of, pick

NAMES = ("claude", "gpt", "local")
COSTS: dict[str, Cost] = {"claude": "high", "gpt": "medium", "local": "low"}


def picked(table: tuple[Row, ...], features: Features, *, cannot: tuple[str, ...] = ()) -> Picked | None:
    return pick(table, features, NAMES, COSTS.get, lambda name: name not in cannot)


def test_the_first_row_that_fits_decides() -> None:
    table = (
        Row("secrets", labels=frozenset({"secret"}), use="local"),
        Row("long", question_from=100, use="gpt"),
        Row("much", evidence_from=1000, images=False, use="claude"),
        Row("pictures", images=True, cost="medium"),
    )
    assert picked(table, Features(question=100, labels=frozenset({"Secret"}))) == Picked("local", "secrets")
    assert picked(table, Features(question=100)) == Picked("gpt", "long")
    assert picked(table, Features(question=99)) == Picked("claude")
    assert picked(table, Features(evidence=1000)) == Picked("claude", "much")
    assert picked(table, Features(evidence=1000, images=True)) == Picked("gpt", "pictures")
    assert [row.looks_at_evidence for row in table] == [True, False, True, False]


def test_a_row_whose_model_may_not_answer_is_passed_over() -> None:
    table = (Row("cheap", cost="low"), Row("named", use="gpt"))
    assert picked(table, Features()) == Picked("local", "cheap")
    assert picked(table, Features(), cannot=("local",)) == Picked("gpt", "named")
    assert picked(table, Features(), cannot=("local", "gpt")) == Picked("claude")
    assert picked(table, Features(), cannot=NAMES) is None


def test_the_built_in_table_needs_classes_to_name_anybody() -> None:
    greeting = Features(tasks=frozenset({"small_talk"}))
    assert picked(DEFAULT_TABLE, greeting) == Picked("local", "small_talk")
    assert picked(DEFAULT_TABLE, Features(tasks=frozenset({"code", "summary"}))) == Picked("claude", "code_and_tables")
    assert picked(DEFAULT_TABLE, Features(tasks=frozenset({"summary"}))) == Picked("gpt", "whole_documents")
    assert pick(DEFAULT_TABLE, greeting, NAMES, lambda _: None, lambda _: True) == Picked("claude")


def test_a_class_nobody_declared_is_told_by_the_price() -> None:
    prices = [None, Decimal(0), Decimal("0.5"), Decimal(2), Decimal(10), Decimal(12), Decimal(20)]
    assert [class_of(price) for price in prices] == [None, "low", "low", "low", "medium", "medium", "high"]
