"""What we may hear without being mentioned, and when we answer all the same: rules over words and times, never a model.

Teams delivers unmentioned messages only where a team or chat granted resource-specific consent, and then all of them. So:

- A place must have asked us to `follow` it; else such a message is dropped before it is stored.
- Where it did, a message is kept as context for later questions (`bot.store.heard`), unless it asks us on. It does when all of
  this holds: a person with an account said it; it is short and ends with a question mark; it mentions nobody and is addressed to
  nobody by name; it quotes nobody but us; we answered in this very thread within a day (a chat: ten minutes); and nobody but the
  person we answered has spoken since, or it says our name.
- Never is it an order: nothing unmentioned reaches the commands, but for the words on a button under our newest answer there.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.context import Incoming, Place
from bot.services import Services
from bot.store.heard import Remark
from bot.teams.activities import addressed, incoming, thread_root

FOLLOW = "follow"
"""Name of the preference."""
LONGEST_QUESTION = 500
LONGEST_BUTTON = 80
THREAD_SECONDS = 86400.0
CHAT_SECONDS = 600.0
_MARKS = "?？؟"
_CLOSING = " \t\n\"'»”’)]*_~"
_NAMED = re.compile(r"\W*([^\W\d_][\w.'-]{0,40})(?:\s+[^\W\d_][\w.'-]{0,40})?\s*[,:]\s")
_OPENERS = frozenset(
    {
        "also",
        "and",
        "so",
        "but",
        "ok",
        "okay",
        "thanks",
        "thank",
        "great",
        "well",
        "right",
        "wait",
        "sorry",
        "now",
        "then",
        "yes",
        "no",
        "hm",
        "hmm",
        "cool",
        "nice",
        "perfect",
        "good",
        "und",
        "aber",
        "danke",
        "gut",
        "super",
        "ja",
        "nein",
        "moment",
        "dann",
        "nun",
        "schön",
        "prima",
        "klar",
        "genau",
        "entschuldigung",
    }
)
"""Words before a comma that are nobody's name."""


def owner(conversation_id: str) -> str:
    """Whose preference `follow` is: the channel's with all its threads, or the chat's."""
    return f"conversation:{thread_root(conversation_id)[0]}"


async def follows(services: Services, conversation_id: str) -> bool:
    return await services.preferences.get(owner(conversation_id), FOLLOW) is True


async def pressed(services: Services, conversation_id: str, text: str) -> bool:
    """Whether this is, word for word, what a button under our newest answer there says: Teams sends that as the person's own message."""
    said = " ".join(text.split())
    if not 0 < len(said) <= LONGEST_BUTTON:
        return False
    answer = await services.answers.latest(conversation_id, "")
    return answer is not None and said in answer.kept.suggestions


async def worth_storing(services: Services, activity: Mapping[str, Any]) -> bool:
    """Whether an activity may be stored at all. Deletions may: they carry no words, and something may have to be forgotten."""
    if activity["type"] not in {"message", "messageUpdate"} or addressed(dict(activity)):
        return True
    conversation_id = activity["conversation"]["id"]
    if await follows(services, conversation_id) or await pressed(
        services, conversation_id, str(activity.get("text") or "")
    ):
        return True
    if activity["type"] != "messageUpdate":
        return False
    # Somebody may have edited the mention out of a question that we answered, and of a private one Teams may not say that it is.
    said = incoming(dict(activity))
    places = {conversation_id, replace(said, targeted=True).kept_under}
    return bool(await services.answers.of_turns(places, {said.id}))


async def asks_on(services: Services, said: Incoming, our_name: str) -> bool:
    """Whether something unmentioned is a question to us, by the rules above."""
    person, text = said.reference.person, said.text.rstrip(_CLOSING)
    if not person.id or said.people or len(text) > LONGEST_QUESTION or not text.endswith(tuple(_MARKS)):
        return False
    names_us = bool(our_name) and re.search(rf"\b{re.escape(our_name)}\b", said.text, re.IGNORECASE) is not None
    if not names_us and _to_somebody(said.text):
        return False
    answers, here = services.answers, said.reference.id
    for quoted in said.quoted:
        if await answers.get(here, quoted.id) is None:
            return False
    last = await answers.latest(here, person.id)
    if last is None or last.kept.asked.targeted:
        return False
    patience = THREAD_SECONDS if said.reference.place is Place.CHANNEL else CHAT_SECONDS
    if services.now().timestamp() - last.kept.created > patience:
        return False
    since = [remark for remark in await services.heard.of(here) if remark.created >= last.kept.created]
    between_us = all(remark.person_id == last.kept.person_id for remark in since)
    return (names_us or between_us) and await _signed_in(services, said)


async def _signed_in(services: Services, said: Incoming) -> bool:
    """Who was not addressed is not asked to sign in."""
    return not services.sources or await services.sign_in.signed_in(said.reference.person)


def _to_somebody(text: str) -> bool:
    """ "Marco, can you …?": a name before a comma or colon."""
    found = _NAMED.match(text)
    return found is not None and found[1][0].isupper() and found[1].casefold() not in _OPENERS


def remark(said: Incoming) -> Remark:
    person = said.reference.person
    return Remark(said.id, person.id or person.channel_id, person.name, said.text)
