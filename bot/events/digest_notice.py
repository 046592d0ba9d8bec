"""What a person is told when there is no digest, or none before they do something."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.answering import AGAIN_SUFFIX, Answering, Event
from bot.choice import spoken_with
from bot.context import Incoming, Outgoing, Receipt
from bot.digests.notices import NOTICE, SIGN_IN
from bot.store.subscriptions import Subscription
from bot.texts import Texts
from graph.errors import ConsentRequired, SignInNeeded


async def run(answering: Answering, activity: Mapping[str, Any], receipt: Receipt) -> None:
    """Nobody is told of what they deleted meanwhile."""
    subscription = await answering.services.subscriptions.get(activity["subscription"])
    here = await answering.references.near(activity["conversation"])
    if subscription is None or here is None:
        return
    id = f"notice:{subscription.id}:{activity['slot']}:{activity['why']}{AGAIN_SUFFIX if activity.get('again') else ''}"
    here = replace(here, person=subscription.person)
    if activity["kind"] == SIGN_IN:
        await _ask_to_sign_in(answering, Incoming(id, "", here), activity, receipt)
        return
    conversation = answering.conversation(Incoming(id, "", here), receipt)
    say = await spoken_with(answering.services.preferences, here)
    try:
        await conversation.stream().finish(Outgoing(told(say, subscription, activity)), placed=True)
    finally:
        await conversation.aclose()


def told(say: Texts, subscription: Subscription, activity: Mapping[str, Any]) -> str:
    key = f"digest_notice.why_{activity['why']}"
    why = say(key) if say.has(key) else say("digest_notice.why_failed")
    what = subscription.prompt or say("digest_notice.unnamed")
    return say(f"digest_notice.{activity['kind']}", what=what, why=why, name=subscription.name)


async def _ask_to_sign_in(answering: Answering, said: Incoming, activity: Mapping[str, Any], receipt: Receipt) -> None:
    """A second time with a link: single sign-on alone was not enough."""
    scopes = tuple(activity["scopes"])
    needed = ConsentRequired("", scopes=scopes) if scopes else SignInNeeded("", code=activity["code"])
    needed.claims = activity["claims"]
    async with answering.turn(said, receipt) as turn:
        await answering.ask_to_sign_in(turn, needed, why=turn.say("digest_notice.sign_in"))


EVENT = Event((NOTICE,), run)
