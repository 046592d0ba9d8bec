"""What the search box sends is read without trusting it, and one thread of mails is one result."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compose.search import Typed, once_each, typed
from tests.commands.desk import Shelf

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["parameters", "name", "value", "queryOptions", "skip", "count"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(JSON)
@settings(max_examples=60)
def test_any_value_is_survived(value: Any) -> None:
    found = typed(value)
    assert 0 <= found.skip <= 25
    assert 0 <= found.count <= 25


def test_what_is_typed() -> None:
    value = {"parameters": [{"name": "words", "value": "  plan   2027 "}], "queryOptions": {"skip": 25, "count": 999}}
    assert typed(value) == Typed("plan 2027", 25, 25)
    assert typed({"parameters": [{"name": "initialRun", "value": "true"}]}) == Typed("", 0, 25)


def test_a_thread_is_one_result() -> None:
    shelf = Shelf()
    mails = [replace(shelf.put("Re: Quote", "x"), thread=thread) for thread in ("t1", "t1", "t2", "", "")]
    assert once_each(mails) == [mails[0], mails[2], mails[3], mails[4]]
