"""A digest: asked for in plain words or by a card, shown as it was understood, and kept once its person agrees."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.choice import model_words, named_model, verdicts
from bot.context import Outgoing
from bot.digests import cards
from bot.digests.asking import LONGEST, PROMPT, Draft, answered, asks_for_one, rescheduled, understood
from bot.digests.caps import refusal
from bot.digests.due import first_due
from bot.digests.lists import one
from bot.digests.phrases import Ask
from bot.digests.placing import placed
from bot.digests.schedule import BadSchedule
from bot.router import Command
from bot.services import Turn
from bot.store.subscriptions import Subscription
from bot.texts import Texts, languages

_MOST_ANSWER = 100


async def run(turn: Turn, argument: str) -> None:
    if not turn.person.id:
        answer = Outgoing(turn.say("sign_in.without_account"))
    elif not argument.strip(" .!?"):
        answer = cards.starters(turn)
    else:
        answer = await _proposed(turn, argument.strip())
    await turn.conversation.stream().finish(answer)


def meant(turn: Turn, text: str) -> bool:
    """Plain words that name no command."""
    if not turn.person.id or turn.incoming.sent or turn.incoming.quoted:
        return False
    return asks_for_one(text, turn.services.now(), turn.say.language)


async def _proposed(turn: Turn, text: str) -> Outgoing:
    if text.casefold().strip(" .!") in {Texts(code)("digest.project_word") for code in languages()}:
        return cards.question(turn, "", Ask("project"))
    found = understood(text, turn.services.now(), cards.zone_here(turn).key, turn.say.language, _models(turn))
    if isinstance(found, Ask):
        return cards.question(turn, text[:LONGEST], found)
    if not found.what and found.kind == PROMPT:
        return cards.question(turn, text, Ask("what"))
    return await _shown(turn, found)


async def _shown(turn: Turn, draft: Draft, *, again: bool = False) -> Outgoing:
    """On the card to agree to; or why it can't be had."""
    target = await placed(turn, draft)
    if isinstance(target, str):
        return Outgoing(target)
    draft, told = target
    refused = await refusal(turn.services, turn.say, turn.person.id, draft.schedule, draft.id)
    if refused:
        return Outgoing(refused)
    return cards.confirm(turn, draft, told=told, again=again)


async def save(turn: Turn, data: Mapping[str, Any]) -> None:
    """Kept, and shown as it now is. Pressed twice it is kept once."""
    draft, say, services = Draft.from_json(data["draft"]), turn.say, turn.services
    known = await services.subscriptions.get(draft.id)
    if known is not None and known.owner != turn.person.id:
        await _instead(turn, cards.note(turn, say("digests.gone")))
        return
    if known is not None and not data["again"]:
        await _instead(turn, one(turn, known, told=say("digest.saved")))
        return
    refused = await refusal(services, say, turn.person.id, draft.schedule, draft.id)
    due = first_due(draft.schedule, services.now().timestamp())
    if refused or due is None:
        await _instead(turn, cards.note(turn, refused or say("digest.over")))
        return
    options = {**draft.options, "where": draft.where, "channel": draft.channel, "language": say.language}
    person = turn.person
    asked = Subscription(
        person.id, person.tenant, draft.target, draft.kind, draft.schedule.to_json(), draft.what, options,
        person.name, person.channel_id, next_due=due, id=draft.id,
    )  # fmt: skip
    saved = await services.subscriptions.save(asked)
    services.wake_digests()
    await _instead(turn, one(turn, saved, told=say("digest.changed" if known else "digest.saved")))


async def change(turn: Turn, data: Mapping[str, Any]) -> None:
    draft = Draft.from_json(data["draft"])
    await _instead(turn, cards.form(turn, draft, await _permitted(turn), again=bool(data["again"])))


async def set_all(turn: Turn, data: Mapping[str, Any]) -> None:
    """The form was filled in: what it says is shown once more, or what of it is not understood."""
    draft, typed, again = Draft.from_json(data["draft"]), data.get("inputs") or {}, bool(data["again"])
    permitted = await _permitted(turn)
    what = str(typed.get("what") or "").strip()[:LONGEST]
    when = str(typed.get("when") or "").strip()[:_MOST_ANSWER]
    changed = _chosen(replace(draft, what=what or draft.what, other=None), typed, permitted)
    if zone := str(typed.get("zone") or ""):
        try:
            changed = replace(changed, schedule=changed.schedule.moved(zone))
        except BadSchedule:
            zone = ""
    if when and when != data["written"]:
        found = rescheduled(changed, when, turn.services.now(), turn.say.language)
        if isinstance(found, Ask):
            told = turn.say(f"schedule.ask.{found.key}", **found.named)
            await _instead(turn, cards.form(turn, changed, permitted, again=again, told=told))
            return
        changed = found
    await _instead(turn, await _shown(turn, changed, again=again))


def _chosen(draft: Draft, typed: Mapping[str, Any], permitted: tuple[str, ...]) -> Draft:
    """What was picked from the form's lists; anything else is left as it was."""
    options = dict(draft.options)
    if typed.get("model") in permitted:
        options["model"] = typed["model"]
    elif typed.get("model") == cards.USUAL:
        options.pop("model", None)
    if typed.get("mode") in cards.MODES:
        options["mode"] = typed["mode"]
    if typed.get("empty") in ("silent", "line"):
        options["empty"] = typed["empty"]
    where = str(typed.get("where") or draft.where)
    if where == draft.where or where not in ("me", "here", "thread"):
        return replace(draft, options=options)
    return replace(draft, options=options, where=where, target="", channel="")


async def drop(turn: Turn, data: Mapping[str, Any]) -> None:
    known = await turn.services.subscriptions.get(str(data["draft"]["id"])) if data["again"] else None
    if known is not None and known.owner == turn.person.id:
        await _instead(turn, one(turn, known, told=turn.say("digest.unchanged")))
    else:
        await _instead(turn, cards.note(turn, turn.say("digest.dropped")))


async def answer(turn: Turn, data: Mapping[str, Any]) -> None:
    """To a question about what was asked for: pressed, or typed."""
    typed = str((data.get("inputs") or {}).get("answer") or "")
    said = " ".join((str(data.get("answer") or "") or typed).split())[:_MOST_ANSWER]
    text, ask = str(data["text"]), Ask(str(data["key"]), dict(data["named"]))
    if not said:
        await _instead(turn, cards.question(turn, text, ask))
        return
    await _instead(turn, await _proposed(turn, _whole(turn, text, ask, said)))


def _whole(turn: Turn, text: str, ask: Ask, said: str) -> str:
    if ask.key == "project":
        return turn.say("digest.project_said", name=said)
    return f"{text}: {said}" if ask.key == "what" else answered(text, ask, said)


async def other(turn: Turn, data: Mapping[str, Any]) -> None:
    """The other reading of the hour."""
    await _instead(turn, await _shown(turn, Draft.from_json(data["draft"]), again=bool(data["again"])))


async def _instead(turn: Turn, message: Outgoing) -> None:
    shown = message if message.card is not None else cards.note(turn, message.text)
    await turn.conversation.update(turn.incoming.reply_to, shown)


def _models(turn: Turn) -> Mapping[str, str]:
    models = turn.services.models
    words = (word.casefold() for word in model_words(models))
    return {word: name for word in words if (name := named_model(word, models))}


async def _permitted(turn: Turn) -> tuple[str, ...]:
    return tuple(name for name, refused in (await verdicts(turn)).items() if refused is None)


COMMAND = Command(
    help="something I do for you on a schedule",
    run=run,
    meant=meant,
    clicks={
        cards.SAVE: save, cards.CHANGE: change, cards.SET: set_all, cards.DROP: drop, cards.ANSWER: answer,
        cards.OTHER: other,
    },
)  # fmt: skip
