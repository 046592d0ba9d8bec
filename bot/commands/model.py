"""Which models there are, and which of them answers here or always for somebody."""

from collections.abc import Mapping
from typing import Any

from bot.answer.models import shown
from bot.cards.kit import Element, button, card, paragraph
from bot.choice import DEFAULT_MODEL, MODEL, Chosen, chosen_model, conversation, named_model, person
from bot.context import Outgoing
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
    elif name := named_model(asked, turn.services.models):
        text = await _choose(turn, name, ALWAYS if always else HERE)
    else:
        names = ", ".join(f"*{shown(name)}*" for name in turn.services.models)
        text = turn.say("models.no_such", asked=_harmless(asked), names=names)
    await turn.conversation.stream().finish(Outgoing(text))


def _always() -> frozenset[str]:
    return frozenset(Texts(language)("models.always_word") for language in languages())


async def choose(turn: Turn, data: Mapping[str, Any]) -> None:
    """A button: the choice is made, and the card shows what holds now."""
    name, where = data["model"], data["for"]
    if where != BACK and name not in turn.services.models:
        await turn.conversation.stream().finish(Outgoing(turn.say("models.old")))
        return
    text = await _choose(turn, name, where)
    await turn.conversation.update(turn.incoming.reply_to, await _shown(turn, text))


async def _choose(turn: Turn, name: str, where: str) -> str:
    """What is chosen for somebody does not outlive in this conversation what was chosen for the conversation before."""
    preferences, reference = turn.services.preferences, turn.incoming.reference
    await preferences.set(conversation(reference), MODEL, name if where == HERE else None)
    if where != HERE and turn.person.id:
        await preferences.set(person(turn.person.id), MODEL, name if where == ALWAYS else None)
    now = (await chosen_model(turn)).name
    key = {HERE: "models.set_here", ALWAYS: "models.set_always"}.get(where, "models.set_default")
    return turn.say(key, name=shown(now))


async def _shown(turn: Turn, said: str = "") -> Outgoing:
    say, models = turn.say, turn.services.models
    now = await chosen_model(turn)
    provider = now.provider
    state = say("models.now", name=shown(now.name), maker=maker(turn, provider), model=provider.model)
    why = say("models.only" if len(models) == 1 else f"models.why_{now.why}")
    lines = [_line(turn, name, one, now) for name, one in models.items()]
    if len(models) == 1:
        return Outgoing(f"{state} {why}")
    other = next(name for name in models if name != now.name)
    how = say("models.how", name=shown(other))
    body = [
        paragraph(say("models.title"), heading=True),
        *([paragraph(said)] if said else []),
        paragraph(f"{state} {why}"),
        *(paragraph(line) for line in lines),
        paragraph(say("models.choose")),
        paragraph(how, subtle=True),
    ]
    attached = card(body, fallback=f"{state} {why} {how}", language=say.language, actions=_buttons(turn, now))
    return Outgoing("", card=attached)


def _buttons(turn: Turn, now: Chosen) -> list[Element]:
    say = turn.say
    found: list[Element] = []
    for name in list(turn.services.models)[:MOST_MODELS]:
        for where in (HERE, ALWAYS):
            if name == now.name and now.why in (where, "default"):
                continue
            title, hint = say(f"models.{where}", name=shown(name)), say(f"models.{where}_hint", name=shown(name))
            found.append(button(title, _sealed(turn, name, where), hint=hint))
    if now.why != "default":
        found.append(button(say("models.back"), _sealed(turn, "", BACK), hint=say("models.back_hint")))
    return found


def _sealed(turn: Turn, name: str, where: str) -> Mapping[str, Any]:
    """Anybody in the conversation may choose for it; who presses *always* chooses for themselves."""
    data = {"model": name, "for": where}
    return turn.services.seal.sign(CHOOSE, data, person_id="", conversation_id=turn.incoming.reference.id)


def _line(turn: Turn, name: str, provider: Provider, now: Chosen) -> str:
    key = "models.chosen_mark" if name == now.name else "models.line"
    return f"- {turn.say(key, name=shown(name), model=provider.model, maker=maker(turn, provider))}"


def maker(turn: Turn, provider: Provider) -> str:
    """Who made a model, as far as its door tells."""
    key = f"models.maker_{provider.door}"
    return turn.say(key) if turn.say.has(key) else turn.say("models.maker_other", door=provider.door)


def _harmless(asked: str) -> str:
    return "".join(letter for letter in asked if letter.isalnum() or letter in " -_.")[:40]


COMMAND = Command(help="which model answers", run=run, clicks={CHOOSE: choose})
