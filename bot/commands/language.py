"""The language the fixed texts are in: that of the person's Teams, or the one they chose."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.cards.kit import button, card, paragraph
from bot.choice import LANGUAGE, person, spoken_with
from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn
from bot.texts import language_names, languages

CHOOSE = "language.choose"
AS_IN_TEAMS = frozenset({"teams", "default", "auto", "standard"})


async def run(turn: Turn, argument: str) -> None:
    if not turn.person.id:
        await turn.conversation.stream().finish(Outgoing(turn.say("sign_in.without_account")))
        return
    asked = argument.casefold().strip(" .!?")
    if not asked:
        await turn.conversation.stream().finish(await _shown(turn))
        return
    code = language_names().get(asked, "")
    if code or asked in AS_IN_TEAMS:
        _, text = await _choose(turn, code)
    else:
        text = turn.say(
            "tongue.no_such", asked=_harmless(asked), names=", ".join(f"*{n}*" for n in languages().values())
        )
    await turn.conversation.stream().finish(Outgoing(text))


async def choose(turn: Turn, data: Mapping[str, Any]) -> None:
    """A button: from here on that language, the card itself included."""
    code = data["language"] if data["language"] in languages() else ""
    changed, text = await _choose(turn, code)
    await turn.conversation.update(turn.incoming.reply_to, await _shown(changed, text))


async def _choose(turn: Turn, code: str) -> tuple[Turn, str]:
    """The turn, speaking it already, and what to say. No code: as in Teams."""
    preferences = turn.services.preferences
    await preferences.set(person(turn.person.id), LANGUAGE, code or None)
    say = await spoken_with(preferences, turn.incoming.reference)
    key = "tongue.set" if code else "tongue.set_teams"
    return replace(turn, say=say), say(key, language=languages()[say.language])


async def _shown(turn: Turn, said: str = "") -> Outgoing:
    say = turn.say
    chosen = await turn.services.preferences.get(person(turn.person.id), LANGUAGE) in languages()
    state = said or say("tongue.now", language=languages()[say.language])
    other = next((name for code, name in languages().items() if code != say.language), languages()[say.language])
    how = say("tongue.how", other=other)
    body = [
        paragraph(say("tongue.title"), heading=True),
        paragraph(state),
        paragraph(say("tongue.chosen" if chosen else "tongue.from_teams")),
        paragraph(how, subtle=True),
    ]
    wanted = [(code, name) for code, name in languages().items() if code != say.language or not chosen]
    actions = [button(name, _sealed(turn, code)) for code, name in wanted]
    if chosen:
        actions.append(button(say("tongue.follow_teams"), _sealed(turn, "")))
    return Outgoing("", card=card(body, fallback=f"{state} {how}", language=say.language, actions=actions))


def _sealed(turn: Turn, code: str) -> Mapping[str, Any]:
    return turn.services.seal.sign(
        CHOOSE, {"language": code}, person_id=turn.person.id, conversation_id=turn.incoming.reference.id
    )


def _harmless(asked: str) -> str:
    return "".join(letter for letter in asked if letter.isalpha() or letter in " -")[:40]


COMMAND = Command(help="the language I speak with you", run=run, clicks={CHOOSE: choose})
