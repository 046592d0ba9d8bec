"""Signing in on request."""

from dataclasses import replace

import pytest

from bot.context import Person
from bot.texts import Texts
from tests.commands.desk import PERSONAL, Desk


@pytest.mark.parametrize("words", ["sign in", "Sign in.", "login", "anmelden"])
async def test_the_card_is_shown_once_asked_for(desk: Desk, words: str) -> None:
    desk.sign_in.grants.clear()
    said = await desk.says(words)
    assert not said.text
    assert [(turn.person.id, needed) for turn, needed in desk.asked_to_sign_in] == [(PERSONAL.person.id, None)]
    assert not desk.kept


async def test_who_is_signed_in_hears_so(desk: Desk) -> None:
    assert "You are signed in" in (await desk.says("sign in")).text
    assert not desk.asked_to_sign_in


async def test_a_guest_without_an_account_gets_a_sentence(desk: Desk) -> None:
    desk.reference = replace(PERSONAL, person=Person("", "Guest", "tenant-1", "29:guest"))
    assert (await desk.says("sign in")).text == Texts.of("en")("sign_in.without_account")
    assert not desk.asked_to_sign_in
