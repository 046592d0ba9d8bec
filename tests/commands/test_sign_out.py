"""Signing out ends access at once, for the real sign-in as for the fake one."""

import pytest

from graph.errors import SignInNeeded
from tests.commands.desk import SOFIA, Desk
from tests.signin.conftest import SCOPES, Stack, stack

__all__ = ["stack"]  # a fixture: pytest finds it by this import


async def test_the_next_question_asks_to_sign_in(desk: Desk) -> None:
    assert "deleted your tokens" in (await desk.says("sign out")).text
    await desk.says("What is the budget of Heron?")
    assert [turn.person for turn, _ in desk.asked_to_sign_in] == [SOFIA]
    assert not desk.provider.requests
    assert not desk.shelf.asked


async def test_signing_out_twice_is_no_fault(desk: Desk) -> None:
    await desk.says("sign out")
    assert "deleted your tokens" in (await desk.says("Log out!")).text


async def test_the_grant_is_gone(stack: Stack) -> None:
    sofia = stack.person("Sofia")
    await stack.sign_in.exchange(sofia, stack.assertion(sofia))
    assert await stack.sign_in.graph_token(sofia, SCOPES)
    await stack.sign_in.sign_out(sofia)
    assert not await stack.sign_in.signed_in(sofia)
    with pytest.raises(SignInNeeded):
        await stack.sign_in.graph_token(sofia, SCOPES)
