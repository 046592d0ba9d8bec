"""Every invoke Microsoft documents, with a value as its page shows it, gets the documented status and body; in the person's language."""

import asyncio
import json
from typing import Any

import pytest
from botbuilder.core import BotAdapter, TurnContext

from bot.context import Incoming
from bot.teams.adapter import bot_activity
from bot.teams.invokes import Act, Invokes, Rating
from graph.errors import ConsentRequired, SignInNeeded
from tests.teams.wires import Bench, SignIn, message

TASK = {"task": {"type": "message", "value": "There is nothing to do here any more."}}
NONE_FOUND = {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": []}}
IN_A_CHAT = {"composeExtension": {"type": "message", "text": "Please ask me in a chat."}}
CONFIG = {"responseType": "config", "config": TASK["task"]}
FEEDBACK = {"reaction": "like", "feedback": json.dumps({"feedbackText": "Good"})}
CONTEXT = {"context": {"theme": "default"}}
QUERY = {
    "commandId": "search",
    "parameters": [{"name": "q", "value": "plan"}],
    "queryOptions": {"skip": 0, "count": 25},
}
ACTION = {"commandId": "ask", "commandContext": "message", "context": {"theme": "default"}}
ROWS: list[tuple[str | None, Any, int, Any]] = [
    ("adaptiveCard/action", {"action": {"type": "Action.Execute", "id": "1", "verb": "v", "data": {}}, "trigger": "manual"},
     200, {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Done."}),
    ("adaptiveCard/action", {"action": {"type": "Action.Submit"}}, 200,
     {"statusCode": 400, "type": "application/vnd.microsoft.error",
      "value": {"code": "BadRequest", "message": "I can't read this button. Please ask me anew."}}),
    ("task/fetch", {"data": {"x": 1}, **CONTEXT}, 200, TASK),
    ("task/submit", {"data": {"x": 1}, **CONTEXT}, 200, TASK),
    ("message/submitAction", {"actionName": "feedback", "actionValue": FEEDBACK}, 200, {}),
    ("message/fetchTask", {"data": {"actionName": "feedback", "actionValue": {"reaction": "like"}}}, 200, TASK),
    ("message/fetchTask", {"actionName": "feedback", "actionValue": {"reaction": "like"}}, 200, TASK),
    ("signin/tokenExchange", {"id": "e1", "connectionName": "graph", "token": "sso"}, 200, {"id": "e1", "connectionName": "graph"}),
    ("signin/tokenExchange", {"id": "e1"}, 400, {"failureDetail": "The token exchange is not well-formed."}),
    ("signin/verifyState", {"state": "123456"}, 200, None),
    ("signin/verifyState", {"state": "CancelledByUser"}, 200, None),
    ("signin/verifyState", {"state": "no code"}, 404, None),
    ("signin/failure", {"code": "resourcematchfailed", "message": "Resource match failed"}, 200, None),
    ("fileConsent/invoke", {"type": "fileUpload", "action": "decline", "context": {}}, 200, None),
    ("composeExtension/query", QUERY, 200, IN_A_CHAT),
    ("composeExtension/selectItem", {"id": "1"}, 200, NONE_FOUND),
    ("composeExtension/queryLink", {"url": "https://x.example/1"}, 200, NONE_FOUND),
    ("composeExtension/anonymousQueryLink", {"url": "https://x.example/1"}, 200, NONE_FOUND),
    ("composeExtension/fetchTask", ACTION, 200, TASK),
    ("composeExtension/submitAction", {**ACTION, "data": {}}, 200, TASK),
    ("composeExtension/querySettingUrl", {"commandId": "search"}, 200,
     {"composeExtension": {"type": "config", "suggestedActions": {"actions": []}}}),
    ("composeExtension/setting", {"state": "x"}, 200, None),
    ("composeExtension/onCardButtonClicked", {"x": 1}, 200, None),
    ("config/fetch", {}, 200, CONFIG),
    ("config/submit", {"data": {}}, 200, CONFIG),
    ("application/search", {"kind": "search", "queryText": "an", "queryOptions": {"skip": 0, "top": 15}, "dataset": "people"}, 200,
     {"statusCode": 200, "type": "application/vnd.microsoft.search.searchResponse", "value": {"results": []}}),
    ("suggestedActions/submit", {"x": 1}, 200, None),
    ("suggestedAction/submit", {"x": 1}, 200, None),
    ("handoff/action", {"continuation": "c"}, 200, None),
    ("actionableMessage/executeAction", {"body": "x"}, 200, None),
    ("tab/fetch", {"tabContext": {"tabEntityId": "x"}}, 200, {"tab": {"type": "continue", "value": {"cards": []}}}),
    ("tab/submit", {"data": {}}, 200, {"tab": {"type": "continue", "value": {"cards": []}}}),
    ("something/new", {"x": 1}, 200, None),
    (None, {"x": 1}, 200, None),
]  # fmt: skip
"""(name, value, status, body). Where the message extension is wired in (bot/app.py), tests/compose has its answers."""


async def invoke(endpoint: Bench, name: str | None, value: Any, **changes: Any) -> tuple[int, Any]:
    named = {} if name is None else {"name": name}
    return await endpoint.post(message(endpoint.service_url, type="invoke", value=value, **named, **changes))


@pytest.mark.parametrize(("name", "value", "status", "body"), ROWS, ids=[f"{n}-{row[0]}" for n, row in enumerate(ROWS)])
async def test_each_invoke_gets_its_status_and_body(
    endpoint: Bench, name: str | None, value: Any, status: int, body: Any
) -> None:
    assert await invoke(endpoint, name, value) == (status, body)


@pytest.mark.parametrize(
    "error", [ConsentRequired("x", scopes=("Mail.Read",)), SignInNeeded("x")], ids=["consent", "none"]
)
async def test_a_token_that_does_not_help_brings_up_the_button(endpoint: Bench, error: Exception) -> None:
    endpoint.sign_in.fail = error
    status, body = await invoke(
        endpoint, "signin/tokenExchange", {"id": "e1", "connectionName": "graph", "token": "sso"}
    )
    assert (status, body["id"], body["connectionName"]) == (412, "e1", "graph")
    assert body["failureDetail"]


async def test_they_speak_the_persons_language(endpoint: Bench) -> None:
    for locale in ("de-DE", "de", "DE-at"):
        _, body = await invoke(endpoint, "task/fetch", {"data": {}}, locale=locale)
        assert body["task"]["value"] == "Hier gibt es nichts mehr zu tun."
    for locale in ("xx-YY", "../de", ""):
        assert (await invoke(endpoint, "task/fetch", {"data": {}}, locale=locale))[1] == TASK


async def test_nothing_is_uploaded_anywhere(endpoint: Bench) -> None:
    """We never ask for such a consent: an address that comes with one is a stranger's."""
    for action in ("accept", "decline"):
        info = {"name": "x", "uploadUrl": f"{endpoint.service_url}upload", "contentUrl": f"{endpoint.service_url}x"}
        value = {"type": "fileUpload", "action": action, "context": {"job": "42"}, "uploadInfo": info}
        assert await invoke(endpoint, "fileConsent/invoke", value) == (200, None)
    assert endpoint.connector_wire.record == []
    assert endpoint.reached == 0


EXECUTE = {"action": {"type": "Action.Execute", "verb": "v", "data": {}}, "trigger": "manual"}
CARD = {"type": "AdaptiveCard", "version": "1.5", "fallbackText": "x", "body": []}


async def shown(click: Incoming) -> dict[str, Any]:
    del click
    return CARD


async def endless(click: Incoming) -> str:
    del click
    await asyncio.sleep(60)
    return "never"


@pytest.mark.parametrize(
    ("act", "status", "kind", "value"),
    [
        (shown, 200, "application/vnd.microsoft.card.adaptive", CARD),
        (endless, 500, "application/vnd.microsoft.error",
         {"code": "Timeout", "message": "That took too long. Please try again."}),
    ],
    ids=["card", "too long"],
)  # fmt: skip
async def test_what_a_button_gets_is_always_http_200(act: Act, status: int, kind: str, value: Any) -> None:
    async def rate(_: Rating) -> None: ...

    invokes = Invokes(sign_in=SignIn(), rate=rate, act=act, seconds=0.05)
    pressed = message("https://x.example/", type="invoke", name="adaptiveCard/action", value=EXECUTE, locale="en-US")
    answer = await invokes.on_invoke_activity(TurnContext(BotAdapter, bot_activity(pressed)))
    assert (answer.status, answer.body) == (200, {"statusCode": status, "type": kind, "value": value})
