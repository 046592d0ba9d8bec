"""Which models there are, which of them may be asked here, and which one answers here or always for somebody."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.answer.models import named, row_named, shown
from bot.answer.settling import last_automatic
from bot.cards.kit import Element, button, card, paragraph
from bot.choice import (
    AUTOMATIC,
    DEFAULT_MODEL,
    MODEL,
    Chosen,
    chosen_model,
    conversation,
    named_model,
    person,
    verdicts,
)
from bot.context import Outgoing
from bot.policy.rules import Refused
from bot.policy.table import AUTO
from bot.router import Command
from bot.services import Turn
from bot.texts import Texts, languages
from providers.base import Provider

CHOOSE = "model.choose"
HERE, ALWAYS, BACK = "here", "always", "back"
MOST_MODELS = 8
"""On the card: two buttons each; the others can be typed."""


async def run(turn: Turn, argument: str) -> None:
    if not argument.strip(" .!?"):
        await turn.conversation.stream().finish(await _shown(turn))
        return
    words = argument.casefold().strip(" .!?").split()
    always = words[-1] in _always() and len(words) > 1
    asked = " ".join(words[:-1] if always else words)
    if asked == DEFAULT_MODEL:
        text = await _choose(turn, "", BACK)
    elif asked in AUTOMATIC:
        text = await _choose(turn, AUTO, ALWAYS if always else HERE)
    elif name := named_model(asked, turn.services.models):
        text = await _choose(turn, name, ALWAYS if always else HERE)
    else:
        text = turn.say("models.no_such", asked=_harmless(asked), names=_names(await _permitted(turn)))
    await turn.conversation.stream().finish(Outgoing(text))


def _always() -> frozenset[str]:
    return frozenset(Texts(language)("models.always_word") for language in languages())


async def choose(turn: Turn, data: Mapping[str, Any]) -> None:
    """A button: the choice is made, and the card shows what holds now."""
    name, where = data["model"], data["for"]
    if where != BACK and name not in {*turn.services.models, AUTO}:
        await turn.conversation.stream().finish(Outgoing(turn.say("models.old")))
        return
    text = await _choose(turn, name, where)
    await turn.conversation.update(turn.incoming.reply_to, await _shown(turn, text))


async def _choose(turn: Turn, name: str, where: str) -> str:
    """What is chosen for somebody does not outlive in this conversation what was chosen for the conversation before.

    What may not answer here can't be chosen for here; chosen for always, it answers wherever it may.
    """
    preferences, reference = turn.services.preferences, turn.incoming.reference
    refused = (await verdicts(turn)).get(name)
    if refused is not None and where == HERE:
        names = _names(await _permitted(turn))
        return turn.say("models.refused", name=shown(name), rule=refused.rule, names=names or turn.say("models.none"))
    await preferences.set(conversation(reference), MODEL, name if where == HERE else None)
    if where != HERE and turn.person.id:
        await preferences.set(person(turn.person.id), MODEL, name if where == ALWAYS else None)
    if refused is not None:
        return turn.say("models.set_elsewhere", name=shown(name), rule=refused.rule)
    now = await chosen_model(turn)
    key = {HERE: "models.set_here", ALWAYS: "models.set_always"}.get(where, "models.set_default")
    return turn.say(key, name=named(now.wanted, turn.say))


async def _shown(turn: Turn, said: str = "") -> Outgoing:
    say, models = turn.say, turn.services.models
    now, judged = await chosen_model(turn), await verdicts(turn)
    state = " ".join(_state(turn, now))
    if len(models) == 1:
        return Outgoing(state)
    permitted = [name for name in models if judged[name] is None]
    lines = [_line(turn, name, one, now, judged[name]) for name, one in models.items()]
    other = next((name for name in permitted if name != now.name), "")
    how = say("models.how", name=shown(other)) if other else ""
    body = [
        paragraph(say("models.title"), heading=True),
        *([paragraph(said)] if said else []),
        paragraph(state),
        *(paragraph(line) for line in [*await _table(turn, now), *lines]),
        *([paragraph(say("models.choose")), paragraph(how, subtle=True)] if other else []),
    ]
    attached = card(
        body, fallback=f"{state} {how}".strip(), language=say.language, actions=_buttons(turn, now, permitted)
    )
    return Outgoing("", card=attached)


def _state(turn: Turn, now: Chosen) -> Iterable[str]:
    """What answers, and why."""
    say = turn.say
    if not now.permitted and now.refused is not None:
        yield say("models.none_permitted", rule=now.refused.rule)
        return
    if now.wanted == AUTO:
        yield say("models.now_auto")
    else:
        maker_, model = maker(turn, now.provider), now.provider.model
        yield say("models.now", name=shown(now.name), maker=maker_, model=model)
    if now.refused is not None:
        yield say("models.instead", wanted=shown(now.wanted), name=shown(now.name), rule=now.refused.rule)
    else:
        yield say("models.only" if len(turn.services.models) == 1 else f"models.why_{now.why}")


async def _table(turn: Turn, now: Chosen) -> list[str]:
    """For `auto`: what each row names, and which one named who answered last here."""
    if now.wanted != AUTO or not now.permitted:
        return []
    say, policy = turn.say, turn.services.policy
    lines = []
    for row in policy.table:
        answers = shown(row.use) if row.use else say(f"models.cost_{row.cost}")
        lines.append(say("models.row", row=row_named(row.name, say), name=answers))
    last = await last_automatic(turn)
    return [*lines, say("models.row_otherwise"), *([last] if last else [])]


def _buttons(turn: Turn, now: Chosen, permitted: list[str]) -> list[Element]:
    say = turn.say
    found: list[Element] = []
    for name in [*permitted[:MOST_MODELS], *([AUTO] if len(permitted) > 1 else [])]:
        for where in (HERE, ALWAYS):
            if name == now.wanted and now.why in (where, "default"):
                continue
            called = named(name, say)
            title, hint = say(f"models.{where}", name=called), say(f"models.{where}_hint", name=called)
            found.append(button(title, _sealed(turn, name, where), hint=hint))
    if now.why != "default":
        found.append(button(say("models.back"), _sealed(turn, "", BACK), hint=say("models.back_hint")))
    return found


def _sealed(turn: Turn, name: str, where: str) -> Mapping[str, Any]:
    """Anybody in the conversation may choose for it; who presses *always* chooses for themselves."""
    data = {"model": name, "for": where}
    return turn.services.seal.sign(CHOOSE, data, person_id="", conversation_id=turn.incoming.reference.id)


def _line(turn: Turn, name: str, provider: Provider, now: Chosen, refused: Refused | None) -> str:
    if refused is not None:
        return f"- {turn.say('models.refused_line', name=shown(name), rule=refused.rule)}"
    key = "models.chosen_mark" if name == now.name and now.wanted != AUTO else "models.line"
    return f"- {turn.say(key, name=shown(name), model=provider.model, maker=maker(turn, provider))}"


def maker(turn: Turn, provider: Provider) -> str:
    """Who made a model, as far as its door tells."""
    key = f"models.maker_{provider.door}"
    return turn.say(key) if turn.say.has(key) else turn.say("models.maker_other", door=provider.door)


async def _permitted(turn: Turn) -> list[str]:
    return [name for name, refused in (await verdicts(turn)).items() if refused is None]


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"*{shown(name)}*" for name in names)


def _harmless(asked: str) -> str:
    return "".join(letter for letter in asked if letter.isalnum() or letter in " -_.")[:40]


COMMAND = Command(help="which model answers", run=run, clicks={CHOOSE: choose})
