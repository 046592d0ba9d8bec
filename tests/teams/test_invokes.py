"""Every invoke Teams documents is answered with its documented body; none with 5xx."""

import asyncio
import json
from typing import Any

import pytest
from botbuilder.core import BotAdapter, TurnContext
from hypothesis import given
from hypothesis import strategies as st

from bot.teams.adapter import bot_activity
from bot.teams.invokes import Invokes, Rating
from graph.errors import ConsentRequired, SignInNeeded, Unavailable
from tests.teams.wires import Bench, SignIn, message

HOSTILE: list[Any] = [
    {"code": ["x"]},
    {"actionName": "feedback", "actionValue": {"reaction": {}}},
    {"id": "1", "token": "x" * 20_000},
    {"action": {"type": "Action.Execute", "verb": []}},
    None,
    5,
    "x",
    [],
    {},
    {"action": 5},
    {"data": []},
    {"id": {}},
    {"state": ["1"]},
    {"actionValue": "x"},
]
KEYS = [
    "action",
    "type",
    "verb",
    "data",
    "id",
    "token",
    "state",
    "code",
    "actionName",
    "actionValue",
    "reaction",
    "feedback",
]
ALL = [
    "task/fetch",
    "task/submit",
    "message/fetchTask",
    "composeExtension/fetchTask",
    "composeExtension/submitAction",
    "composeExtension/query",
    "application/search",
    "composeExtension/setting",
    "composeExtension/onCardButtonClicked",
    "fileConsent/invoke",
    "handoff/action",
    "actionableMessage/executeAction",
    "suggestedActions/submit",
    "suggestedAction/submit",
    "signin/failure",
    "something/new",
    "composeExtension/selectItem",
    "composeExtension/queryLink",
    "composeExtension/anonymousQueryLink",
    "composeExtension/querySettingUrl",
    "config/fetch",
    "config/submit",
    "tab/fetch",
    "tab/submit",
    "adaptiveCard/action",
    "signin/tokenExchange",
    "signin/verifyState",
    "message/submitAction",
]


async def invoke(endpoint: Bench, name: str | None, value: Any, **changes: Any) -> tuple[int, Any]:
    named = {} if name is None else {"name": name}
    return await endpoint.post(message(endpoint.service_url, type="invoke", value=value, **named, **changes))


@pytest.mark.parametrize("name", ALL)
async def test_hostile_values_are_survived(endpoint: Bench, name: str) -> None:
    for value in HOSTILE:
        status, _ = await invoke(endpoint, name, value)
        assert status in {200, 400, 404, 412}
    assert not endpoint.sign_in.seen


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["like", "feedback", "Action.Execute"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)


@given(st.sampled_from(ALL), JSON)
def test_any_value_is_survived(name: str, value: Any) -> None:
    async def rate(_: Rating) -> None: ...

    activity = message("https://x.example/", type="invoke", name=name, value=value)
    turn = TurnContext(BotAdapter, bot_activity(activity))
    answer = asyncio.run(Invokes(sign_in=SignIn(), rate=rate).on_invoke_activity(turn))
    assert answer.status in {200, 400, 404, 412}
    json.dumps(answer.body)


async def test_card_actions_are_always_200(endpoint: Bench) -> None:
    done = await invoke(
        endpoint, "adaptiveCard/action", {"action": {"type": "Action.Execute", "verb": "go", "data": {"n": 1}}}
    )
    assert done == (200, {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Done."})
    assert endpoint.clicks[0].value == {"n": 1, "verb": "go"}
    for action in ({"type": "Action.Submit"}, {"type": "Action.Execute", "data": 5}, None):
        status, body = await invoke(endpoint, "adaptiveCard/action", {"action": action})
        assert (status, body["statusCode"], body["type"]) == (200, 400, "application/vnd.microsoft.error")


async def test_token_exchange(endpoint: Bench) -> None:
    value = {"id": "e1", "connectionName": "graph", "token": "sso"}
    assert await invoke(endpoint, "signin/tokenExchange", value) == (200, {"id": "e1", "connectionName": "graph"})
    assert (await invoke(endpoint, "signin/tokenExchange", value))[0] == 200
    assert endpoint.sign_in.seen == [("0aaa0000-0000-4000-8000-000000000001", "sso")]


@pytest.mark.parametrize("error", [ConsentRequired("x", scopes=("Mail.Read",)), SignInNeeded("x"), Unavailable("x")])
async def test_token_exchange_that_needs_the_person(endpoint: Bench, error: Exception) -> None:
    endpoint.sign_in.fail = error
    value = {"id": "e1", "connectionName": "graph", "token": "sso"}
    status, body = await invoke(endpoint, "signin/tokenExchange", value)
    assert status == 412
    assert body["failureDetail"]
    endpoint.sign_in.fail = None
    assert (await invoke(endpoint, "signin/tokenExchange", value))[0] == 200
    assert len(endpoint.sign_in.seen) == 2


async def test_sign_in_codes(endpoint: Bench) -> None:
    assert (await invoke(endpoint, "signin/verifyState", {"state": "123456"}))[0] == 200
    endpoint.sign_in.fail = SignInNeeded("x")
    assert (await invoke(endpoint, "signin/verifyState", {"state": "123456"}))[0] == 404
    endpoint.sign_in.fail = ConsentRequired("x", scopes=())
    assert (await invoke(endpoint, "signin/verifyState", {"state": "123456"}))[0] == 412
    assert len(endpoint.sign_in.seen) == 3
    assert (await invoke(endpoint, "signin/verifyState", {"state": "CancelledByUser"}))[0] == 200
    assert (await invoke(endpoint, "signin/verifyState", {"state": "12x456"}))[0] == 404
    assert len(endpoint.sign_in.seen) == 3


async def test_feedback(endpoint: Bench) -> None:
    given = {"reaction": "dislike", "feedback": json.dumps({"feedbackText": "wrong year"})}
    value = {"actionName": "feedback", "actionValue": given}
    assert await invoke(endpoint, "message/submitAction", value, replyToId="m7") == (200, {})
    (rating,) = endpoint.ratings
    assert (rating.liked, rating.text, rating.message_id) == (False, "wrong year", "m7")
    for broken in ({"reaction": "meh"}, {"reaction": ["like"]}, {}, "x"):
        status, _ = await invoke(endpoint, "message/submitAction", {"actionName": "feedback", "actionValue": broken})
        assert status == 200
    assert len(endpoint.ratings) == 1


async def test_other_kinds_are_acknowledged(endpoint: Bench) -> None:
    for kind in ("typing", "event", "trace", "endOfConversation", "somethingNew"):
        assert await endpoint.post(message(endpoint.service_url, type=kind)) == (202, None)
    assert not endpoint.admitted
    for kind in ("messageUpdate", "messageDelete", "messageReaction", "installationUpdate", "conversationUpdate"):
        assert await endpoint.post(message(endpoint.service_url, type=kind)) == (202, None)
    assert len(endpoint.admitted) == 5


async def test_an_edit_is_no_repetition_of_the_message_it_changes(endpoint: Bench) -> None:
    for kind, at in (("message", 1), ("messageUpdate", 2), ("messageUpdate", 3), ("messageDelete", 4), ("message", 1)):
        await endpoint.post(message(endpoint.service_url, type=kind, timestamp=f"2026-11-22T10:00:0{at}Z"))
    assert endpoint.admitted_as[0] == endpoint.admitted_as[4] == ("a:1conv", "1763805600123")
    assert len(set(endpoint.admitted_as)) == 4
