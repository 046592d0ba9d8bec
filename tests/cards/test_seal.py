"""A button's value opens for its person, its conversation and its time, and in no other form."""

import json
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.seal import FIELD, CardSeal, NotOurs

KEY, OTHER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
CLOCK = [1_000_000.0]
SEAL = CardSeal([KEY], now=lambda: CLOCK[0])
HERE = {"person_id": "ana", "conversation_id": "a:1"}


def signed(person: str = "ana", seal: CardSeal = SEAL) -> dict[str, Any]:
    return seal.sign("model.choose", {"model": "gpt"}, person_id=person, conversation_id="a:1", minutes=10)


def test_it_opens_where_it_was_made_for_and_brings_the_cards_inputs() -> None:
    click = SEAL.open({**signed(), "verb": "something else", "choice": "typed"}, **HERE)
    assert (click.verb, click.data) == ("model.choose", {"model": "gpt", "inputs": {"choice": "typed"}})


@pytest.mark.parametrize("other", [{"person_id": "ben"}, {"conversation_id": "a:2"}], ids=["person", "conversation"])
def test_not_for_others(other: dict[str, str]) -> None:
    with pytest.raises(NotOurs):
        SEAL.open(signed(), **{**HERE, **other})


def test_anybody_in_the_conversation_when_it_says_so() -> None:
    assert SEAL.open(signed(""), person_id="ben", conversation_id="a:1").verb == "model.choose"


def test_not_when_it_is_too_old() -> None:
    later = CardSeal([KEY], now=lambda: CLOCK[0] + 601)
    with pytest.raises(NotOurs):
        later.open(signed(), **HERE)


def test_keys_rotate() -> None:
    assert CardSeal([OTHER, KEY], now=lambda: CLOCK[0]).open(signed(), **HERE).verb == "model.choose"
    with pytest.raises(NotOurs):
        CardSeal([OTHER], now=lambda: CLOCK[0]).open(signed(), **HERE)


@given(st.data())
def test_nothing_changed_opens(data: st.DataObject) -> None:
    value = signed()[FIELD]
    place = data.draw(st.integers(0, len(value) - 1))
    changed = value[:place] + data.draw(st.characters(codec="utf-8")) + value[place + 1 :]
    if changed != value:
        with pytest.raises(NotOurs):
            SEAL.open({FIELD: changed}, **HERE)


@given(st.one_of(st.none(), st.text(), st.dictionaries(st.text(), st.text()), st.lists(st.integers())))
def test_no_other_value_opens(value: object) -> None:
    json.dumps(value)
    with pytest.raises(NotOurs):
        SEAL.open({FIELD: value}, **HERE)
