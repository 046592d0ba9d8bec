"""Every invoke gets the documented answer, also where we have no feature for it: unanswered ones are errors on somebody's screen.

Answers: "Conversation events", "Task modules", "Universal Actions" and "Message extensions" in Microsoft's Teams documentation.
"""

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler

from bot.context import Incoming, Person
from bot.teams.activities import incoming, reference
from bot.teams.schema import Activity
from bot.texts import Texts
from graph.errors import ConsentRequired, GraphError, SignInNeeded

SECONDS = 8.0
"""Teams gives up on an invoke after about 10 s."""
CARD = "application/vnd.microsoft.card.adaptive"
_MESSAGE = "application/vnd.microsoft.activity.message"
_ERROR = "application/vnd.microsoft.error"
_REMEMBERED = 4096
_MAX_TOKEN = 16 * 1024
_MAX_FEEDBACK = 4000
_FAILURES = frozenset(
    {
        "installappfailed",
        "authrequestfailed",
        "installedappnotfound",
        "invokeerror",
        "resourcematchfailed",
        "oauthcardnotvalid",
        "tokenmissing",
        "userconsentrequired",
        "interactionrequired",
    }
)

log = logging.getLogger(__name__)


class SignIn(Protocol):
    """Both raise `graph.errors.SignInNeeded`, or `ConsentRequired` when the person has to agree first."""

    async def exchange(self, person: Person, assertion: str) -> None: ...

    async def verify(self, person: Person, code: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Rating:
    """A thumb on one of our messages."""

    said: Incoming
    """Who pressed it and where; it has no words."""
    liked: bool
    text: str
    """What they wrote in Teams' form; hostile."""

    @property
    def message_id(self) -> str:
        return self.said.reply_to


Act = Callable[[Incoming], Awaitable[str | Mapping[str, Any]]]
"""A click on one of our cards (`Incoming.value` is the action's data, with `verb`): a sentence to show, or the card to show instead."""

Rate = Callable[[Rating], Awaitable[None]]


Compose = Callable[[Activity], Awaitable[Mapping[str, Any]]]
"""Answers an invoke of the message extension with its body."""


async def _composed(answer: Compose, activity: Activity) -> InvokeResponse:
    return InvokeResponse(status=200, body=dict(await answer(activity)))


async def _nothing_to_do(click: Incoming) -> str:
    return Texts.of(click.reference.locale)("invoke.nothing")


class Invokes(TeamsActivityHandler):  # type: ignore[misc]  # -- botbuilder ships no types
    def __init__(
        self,
        *,
        sign_in: SignIn,
        rate: Rate,
        act: Act = _nothing_to_do,
        compose: Mapping[str, Compose] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._seconds = seconds
        self._sign_in = sign_in
        self._rate = rate
        self._act = act
        self._exchanged: OrderedDict[tuple[str, str], bool] = OrderedDict()
        self._answers: dict[str, Callable[[Activity], Awaitable[InvokeResponse]]] = {
            "adaptiveCard/action": self._card_action,
            "signin/tokenExchange": self._token_exchange,
            "signin/verifyState": self._verify_state,
            "signin/failure": self._sign_in_failure,
            "message/submitAction": self._feedback,
            **{name: partial(_composed, answer) for name, answer in (compose or {}).items()},
        }

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        activity: Activity = turn_context.activity.additional_properties["wire"]
        name = activity.get("name") or ""
        answer = self._answers.get(name)
        if answer is None:
            polite = _POLITE.get(name)
            return InvokeResponse(status=200, body=polite and polite(_say(activity)))
        try:
            async with asyncio.timeout(self._seconds):
                return await answer(activity)
        except TimeoutError:
            log.warning("An invoke took too long: %s", name)
            if name == "adaptiveCard/action":
                return _card_error(500, "Timeout", _say(activity)("invoke.too_long"))
            return InvokeResponse(status=412 if name.startswith("signin/") else 200, body={})

    async def _card_action(self, activity: Activity) -> InvokeResponse:
        value = _value(activity)
        action = value.get("action")
        if not isinstance(action, dict) or action.get("type") != "Action.Execute":
            return _card_error(400, "BadRequest", _say(activity)("invoke.malformed"))
        data, verb = action.get("data"), action.get("verb")
        if not isinstance(data, dict | None) or not isinstance(verb, str | None):
            return _card_error(400, "BadRequest", _say(activity)("invoke.malformed"))
        click = incoming({**activity, "value": {**(data or {}), "verb": verb or ""}})
        shown = await self._act(click)
        if isinstance(shown, str):
            return InvokeResponse(status=200, body={"statusCode": 200, "type": _MESSAGE, "value": shown})
        return InvokeResponse(status=200, body={"statusCode": 200, "type": CARD, "value": dict(shown)})

    async def _token_exchange(self, activity: Activity) -> InvokeResponse:
        value, who = _value(activity), reference(activity)
        id, token, connection = value.get("id"), value.get("token"), value.get("connectionName")
        if not isinstance(id, str) or not isinstance(token, str) or not 0 < len(token) <= _MAX_TOKEN:
            return InvokeResponse(status=400, body={"failureDetail": "The token exchange is not well-formed."})
        echo = {"id": id, "connectionName": connection if isinstance(connection, str) else ""}
        key = (who.person.channel_id, id)
        # Every open client of the person sends the same exchange; only the first one is worth a call to Entra.
        if key in self._exchanged:
            return InvokeResponse(status=200, body=echo)
        self._exchanged[key] = True
        if len(self._exchanged) > _REMEMBERED:
            self._exchanged.popitem(last=False)
        done = False
        try:
            await self._sign_in.exchange(who.person, token)
            done = True
        except ConsentRequired:
            return _precondition(echo, "The person has to agree first.")
        except SignInNeeded:
            return _precondition(echo, "The person has to sign in.")
        except GraphError as error:
            log.warning("A token exchange failed: %s", type(error).__name__)
            return _precondition(echo, "The sign-in service did not answer.")
        finally:
            if not done:
                self._exchanged.pop(key, None)
        return InvokeResponse(status=200, body=echo)

    async def _verify_state(self, activity: Activity) -> InvokeResponse:
        state = _value(activity).get("state")
        if state == "CancelledByUser":
            return InvokeResponse(status=200)
        if not isinstance(state, str) or not (state.isascii() and state.isdigit() and len(state) <= 12):
            return InvokeResponse(status=404)
        try:
            await self._sign_in.verify(reference(activity).person, state)
        except ConsentRequired:
            return InvokeResponse(status=412)
        except SignInNeeded:
            return InvokeResponse(status=404)
        except GraphError as error:
            log.warning("A sign-in code could not be checked: %s", type(error).__name__)
            return InvokeResponse(status=412)
        return InvokeResponse(status=200)

    async def _sign_in_failure(self, activity: Activity) -> InvokeResponse:
        code = _value(activity).get("code")
        log.warning(
            "Teams could not sign somebody in: %s",
            code if isinstance(code, str) and code in _FAILURES else "unknown code",
        )
        return InvokeResponse(status=200)

    async def _feedback(self, activity: Activity) -> InvokeResponse:
        value = _value(activity)
        given = value.get("actionValue")
        reaction = given.get("reaction") if isinstance(given, dict) else None
        if value.get("actionName") == "feedback" and reaction in ("like", "dislike"):
            text = _feedback_text(given.get("feedback") if isinstance(given, dict) else None)
            said = incoming({**activity, "text": "", "value": None})
            await self._rate(Rating(said, reaction == "like", text))
        return InvokeResponse(status=200, body={})


def _feedback_text(written: object) -> str:
    try:
        parsed = json.loads(written) if isinstance(written, str) else None
    except (ValueError, RecursionError):
        return ""
    text = parsed.get("feedbackText") if isinstance(parsed, dict) else None
    return text[:_MAX_FEEDBACK] if isinstance(text, str) else ""


def _value(activity: Activity) -> dict[str, Any]:
    value = activity.get("value")
    return value if isinstance(value, dict) else {}


def _precondition(echo: dict[str, str], detail: str) -> InvokeResponse:
    return InvokeResponse(status=412, body={**echo, "failureDetail": detail})


def _card_error(status: int, code: str, message: str) -> InvokeResponse:
    """HTTP 200 always: Teams reads the status from the body."""
    return InvokeResponse(
        status=200, body={"statusCode": status, "type": _ERROR, "value": {"code": code, "message": message}}
    )


def _say(activity: Activity) -> Texts:
    return Texts.of(str(activity.get("locale") or ""))


def _task(say: Texts) -> Any:
    return {"task": {"type": "message", "value": say("invoke.nothing")}}


def _not_offered(say: Texts) -> Any:
    return {"composeExtension": {"type": "message", "text": say("invoke.ask_in_a_chat")}}


def _config(say: Texts) -> Any:
    return {"responseType": "config", "config": {"type": "message", "value": say("invoke.nothing")}}


def _always(body: Any) -> Callable[[Texts], Any]:
    return lambda _: body


_NO_RESULTS = _always({"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": []}})
_NO_SETTINGS = _always({"composeExtension": {"type": "config", "suggestedActions": {"actions": []}}})
_TAB = _always({"tab": {"type": "continue", "value": {"cards": []}}})
_FOUND_NOTHING = _always(
    {"statusCode": 200, "type": "application/vnd.microsoft.search.searchResponse", "value": {"results": []}}
)

_POLITE: Mapping[str, Callable[[Texts], Any]] = {
    "task/fetch": _task,
    "task/submit": _task,
    "message/fetchTask": _task,
    "composeExtension/query": _not_offered,
    "composeExtension/selectItem": _NO_RESULTS,
    "composeExtension/queryLink": _NO_RESULTS,
    "composeExtension/anonymousQueryLink": _NO_RESULTS,
    "composeExtension/fetchTask": _task,
    "composeExtension/submitAction": _task,
    "composeExtension/querySettingUrl": _NO_SETTINGS,
    "config/fetch": _config,
    "config/submit": _config,
    "tab/fetch": _TAB,
    "tab/submit": _TAB,
    "application/search": _FOUND_NOTHING,
}
"""Names missing here (fileConsent/invoke, handoff/action, suggestedActions/submit, ...) are answered 200 without a body."""
